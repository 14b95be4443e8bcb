"""What can be done with tags of securables and columns.

Source: https://docs.databricks.com/api/workspace/entitytagassignments and
https://docs.databricks.com/database-objects/tags.html. A tag is kept with the securable, and so
follows it when it is renamed and ends with it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog import tables
from bricklane_local.catalog.access import Standing
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import CATALOG, SCHEMA, TABLE, VOLUME, Kind
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.securables import COLUMN_TAGS, TAGS

ENTITIES = {"catalogs": CATALOG, "schemas": SCHEMA, "tables": TABLE, "volumes": VOLUME}
COLUMNS = "columns"
APPLY_TAG = "APPLY_TAG"
MAXIMUM = 50


class Entity:
    """What has tags: a securable, or a column of a table.

    Args:
        metastore: that it belongs to.
        entity_type: as the API names the kind, in the plural.
        name: its full name.
        caller: who asks.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for another kind, or when it does not exist.
    """

    def __init__(self, metastore: Metastore, entity_type: str, name: str, caller: Caller) -> None:
        if entity_type != COLUMNS and entity_type not in ENTITIES:
            known = ", ".join([*ENTITIES, COLUMNS])
            raise invalid(f"entity_type must be one of {known}; got {entity_type!r}")
        self.type, self.name = entity_type, name
        self._metastore, self._caller = metastore, caller
        self._kind: Kind = ENTITIES.get(entity_type, TABLE)
        owner, _, column = name.rpartition(".") if entity_type == COLUMNS else (name, "", "")
        self.standing: Standing = metastore.standing(caller, self._kind, owner)
        self._owner = self.standing.securable.full_name
        self._column = self._known(column) if column else ""

    def _known(self, column: str) -> str:
        body = self._metastore.body(TABLE, self._owner)
        info = tables.info(self._metastore, self._owner, body)
        for known in info.get("columns") or []:
            if known["name"].lower() == column.lower():
                return str(known["name"])
        raise ApiError("COLUMN_DOES_NOT_EXIST", f"Table '{self._owner}' has no column '{column}'")

    def tags(self) -> dict[str, dict[str, Any]]:
        """Return the tags by their keys."""
        body = self._metastore.body(self._kind, self._owner)
        if self._column:
            return dict((body.get(COLUMN_TAGS) or {}).get(self._column) or {})
        return dict(body.get(TAGS) or {})

    def keep(self, tags: dict[str, dict[str, Any]]) -> None:
        """Store the tags."""
        body = self._metastore.body(self._kind, self._owner)
        if self._column:
            changed = {COLUMN_TAGS: (body.get(COLUMN_TAGS) or {}) | {self._column: tags}}
        else:
            changed = {TAGS: tags}
        self._metastore.space.update(self._kind.name, self._owner, body | changed)

    def require_change(self) -> None:
        """Refuse who may not tag it."""
        if not self.standing.manages():
            self.standing.require(APPLY_TAG)
        self.standing.require_reach(writing=True)

    def info(self, key: str, tag: dict[str, Any]) -> dict[str, Any]:
        """Return the ``EntityTagAssignment`` of a tag."""
        return {"entity_type": self.type, "entity_name": self.name, "tag_key": key, **tag}

    def changed(self, value: str) -> dict[str, Any]:
        """Return what is stored of a tag that the caller sets now."""
        return {
            "tag_value": value,
            "update_time": rfc3339(self._metastore.clock.now()),
            "updated_by": self._caller.user_name,
        }


def rfc3339(milliseconds: int) -> str:
    """Return a time since the epoch as this API writes times, unlike its older siblings."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def missing(key: str, name: str) -> ApiError:
    """Return the error for a tag that is not there."""
    return ApiError("RESOURCE_DOES_NOT_EXIST", f"'{name}' has no tag '{key}'")


def assign(entity: Entity, key: str, value: str, *, new: bool) -> dict[str, Any]:
    """Set a tag.

    Args:
        entity: what gets it.
        key: of the tag.
        value: "" for a tag without one.
        new: whether the tag must not be there yet; otherwise it must.

    Raises:
        ApiError: RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST, RESOURCE_LIMIT_EXCEEDED,
            INVALID_PARAMETER_VALUE or PERMISSION_DENIED.
    """
    entity.require_change()
    tags = entity.tags()
    if new and key in tags:
        raise ApiError("RESOURCE_ALREADY_EXISTS", f"'{entity.name}' already has the tag '{key}'")
    if not new and key not in tags:
        raise missing(key, entity.name)
    if not key or len(key) > 255 or any(c in key for c in ".,-=/:"):
        raise invalid(f"tag_key {key!r} is not valid: it must have 1 to 255 characters, no .,-=/:")
    if len(tags) >= MAXIMUM and key not in tags:
        raise ApiError("RESOURCE_LIMIT_EXCEEDED", f"'{entity.name}' has {MAXIMUM} tags already")
    tags[key] = entity.changed(value)
    entity.keep(tags)
    return entity.info(key, tags[key])


def remove(entity: Entity, key: str) -> None:
    """Take a tag away.

    Raises:
        ApiError: RESOURCE_DOES_NOT_EXIST or PERMISSION_DENIED.
    """
    entity.require_change()
    tags = entity.tags()
    if tags.pop(key, None) is None:
        raise missing(key, entity.name)
    entity.keep(tags)
