"""Rows of the views on the metastore, catalogs and schemas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bricklane_local.catalog.information.scope import SCHEMA_NAME, SYSTEM_CATALOG, Scope, stamps
from bricklane_local.catalog.kinds import CATALOG, METASTORE, SCHEMA
from bricklane_local.catalog.securables import SYSTEM


def catalog_name(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield the name of the catalog."""
    yield {"catalog_name": scope.catalog or SYSTEM_CATALOG}


def metastores(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield the metastore."""
    body = scope.metastore.space.get(METASTORE.name, "") or {}
    yield {
        **stamps(body),
        "metastore_id": body.get("metastore_id"),
        "metastore_name": body.get("name"),
        "metastore_owner": body.get("owner"),
    }


def catalogs(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield catalogs."""
    for document in scope.documents(CATALOG):
        body = document.body
        yield {
            **stamps(body),
            "catalog_name": document.key,
            "catalog_owner": body["owner"],
        }


def schemata(scope: Scope) -> Iterator[dict[str, Any]]:
    """Yield schemas; each catalog has its ``information_schema``."""
    for document in scope.documents(SCHEMA):
        catalog, name = document.key.split(".")
        yield {
            **stamps(document.body),
            "catalog_name": catalog,
            "schema_name": name,
            "schema_owner": document.body["owner"],
        }
    for catalog in scope.catalogs():
        yield {"catalog_name": catalog, "schema_name": SCHEMA_NAME, "schema_owner": SYSTEM}
