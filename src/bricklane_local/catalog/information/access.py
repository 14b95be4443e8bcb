"""Rows of the views on privileges and tags."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from bricklane_local.catalog.information.contents import named
from bricklane_local.catalog.information.scope import Scope
from bricklane_local.catalog.kinds import CATALOG, FUNCTION, SCHEMA, TABLE, VOLUME, Kind
from bricklane_local.catalog.privileges import shown as spelled
from bricklane_local.catalog.securables import COLUMN_TAGS, TAGS

Row = dict[str, Any]


def _privileges(scope: Scope, kind: Kind, columns: Callable[[str], Row]) -> Iterator[Row]:
    """Yield grants: all to who manages the securable, to others those that reach them."""
    for document in scope.documents(kind):
        standing = scope.standing(kind, document)
        chain = tuple(holding.securable for holding in standing.holdings)
        everybody = standing.manages()
        for principal, granted in scope.metastore.grants.effective(chain).items():
            if not everybody and principal not in standing.caller.names:
                continue
            for grant in granted:
                yield {
                    **columns(document.key),
                    "grantor": None,
                    "grantee": principal,
                    "privilege_type": spelled(grant["privilege"]),
                    "is_grantable": "NO",
                    "inherited_from": grant.get("inherited_from_type", "NONE"),
                }


def _of_catalog(name: str) -> Row:
    return {"catalog_name": name}


def _of_schema(name: str) -> Row:
    catalog, schema = name.split(".")
    return {"catalog_name": catalog, "schema_name": schema}


def catalog_privileges(scope: Scope) -> Iterator[Row]:
    """Yield privileges on catalogs."""
    return _privileges(scope, CATALOG, _of_catalog)


def schema_privileges(scope: Scope) -> Iterator[Row]:
    """Yield privileges on schemas."""
    return _privileges(scope, SCHEMA, _of_schema)


def table_privileges(scope: Scope) -> Iterator[Row]:
    """Yield privileges on tables and views."""
    return _privileges(scope, TABLE, lambda name: dict(named("table", name)))


def volume_privileges(scope: Scope) -> Iterator[Row]:
    """Yield privileges on volumes."""
    return _privileges(scope, VOLUME, lambda name: dict(named("volume", name)))


def routine_privileges(scope: Scope) -> Iterator[Row]:
    """Yield privileges on functions."""
    return _privileges(
        scope, FUNCTION, lambda name: {**named("specific", name), **named("routine", name)}
    )


def _tags(scope: Scope, kind: Kind, columns: Callable[[str], Row]) -> Iterator[Row]:
    for document in scope.documents(kind):
        for key, tag in sorted((document.body.get(TAGS) or {}).items()):
            yield {**columns(document.key), "tag_name": key, "tag_value": tag["tag_value"]}


def _in_schema(field: str) -> Callable[[str], Row]:
    def columns(name: str) -> Row:
        catalog, schema, last = name.split(".")
        return {"catalog_name": catalog, "schema_name": schema, field: last}

    return columns


def catalog_tags(scope: Scope) -> Iterator[Row]:
    """Yield tags of catalogs."""
    return _tags(scope, CATALOG, _of_catalog)


def schema_tags(scope: Scope) -> Iterator[Row]:
    """Yield tags of schemas."""
    return _tags(scope, SCHEMA, _of_schema)


def table_tags(scope: Scope) -> Iterator[Row]:
    """Yield tags of tables and views."""
    return _tags(scope, TABLE, _in_schema("table_name"))


def volume_tags(scope: Scope) -> Iterator[Row]:
    """Yield tags of volumes."""
    return _tags(scope, VOLUME, _in_schema("volume_name"))


def column_tags(scope: Scope) -> Iterator[Row]:
    """Yield tags of columns."""
    for document in scope.documents(TABLE):
        names = _in_schema("table_name")(document.key)
        for column, tags in sorted((document.body.get(COLUMN_TAGS) or {}).items()):
            for key, tag in sorted(tags.items()):
                yield {
                    **names,
                    "column_name": column,
                    "tag_name": key,
                    "tag_value": tag["tag_value"],
                }
