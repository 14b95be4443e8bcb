"""What can be done with schemas.

Source: https://docs.databricks.com/api/workspace/schemas.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.catalog import tables, volumes
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.functions import functions
from bricklane_local.catalog.kinds import CATALOG, FUNCTION, LEAVES, MODEL, SCHEMA, TABLE, VOLUME
from bricklane_local.catalog.metastore import Metastore, shown, text_map
from bricklane_local.catalog.models import models
from bricklane_local.catalog.names import full_name_of, normal
from bricklane_local.catalog.privileges import CREATE_MANAGED_STORAGE, CREATE_SCHEMA
from bricklane_local.catalog.storage.coverage import require_location

RESERVED = "information_schema"


def info(metastore: Metastore, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``SchemaInfo`` of a stored schema."""
    catalog, name = full_name.split(".")
    answer = {
        "catalog_type": "MANAGED_CATALOG",
        "enable_predictive_optimization": "INHERIT",
        **shown(body),
        "name": name,
        "catalog_name": catalog,
        "full_name": full_name,
        "securable_type": "SCHEMA",
        "metastore_id": metastore.id,
        "browse_only": False,
    }
    if body.get("storage_root"):
        root = body["storage_root"].rstrip("/")
        answer["storage_location"] = f"{root}/schemas/{body['schema_id']}"
    return answer


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Make a schema.

    Raises:
        ApiError: SCHEMA_ALREADY_EXISTS, CATALOG_DOES_NOT_EXIST, PERMISSION_DENIED or
            INVALID_PARAMETER_VALUE.
    """
    catalog = normal(fields["catalog_name"], CATALOG.noun)
    name = normal(fields["name"], SCHEMA.noun)
    if name == RESERVED:
        raise invalid(f"Schema name '{RESERVED}' is reserved")
    metastore.standing(caller, CATALOG, catalog).require(CREATE_SCHEMA)
    require_location(metastore, caller, fields.get("storage_root"), CREATE_MANAGED_STORAGE)
    stored = {
        "comment": fields.get("comment"),
        "properties": text_map(fields.get("properties"), "properties") or None,
        "storage_root": fields.get("storage_root"),
        "custom_max_retention_hours": fields.get("custom_max_retention_hours"),
    }
    full_name = f"{catalog}.{name}"
    metastore.insert(SCHEMA, full_name, stored, caller.user_name)
    return info(metastore, full_name, metastore.body(SCHEMA, full_name))


def update(
    metastore: Metastore, full_name: str, fields: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    """Change a schema, its name included."""
    full_name = full_name_of(full_name, SCHEMA)
    changes = {
        key: fields.get(key)
        for key in (
            "comment",
            "owner",
            "properties",
            "enable_predictive_optimization",
            "custom_max_retention_hours",
        )
    }
    full_name = metastore.update_container(
        SCHEMA, full_name, changes, fields.get("new_name"), caller
    )
    return info(metastore, full_name, metastore.body(SCHEMA, full_name))


def require_empty(metastore: Metastore, full_name: str) -> None:
    """Refuse to drop a schema that holds something."""
    metastore.require_empty(SCHEMA, full_name, LEAVES)


def delete(metastore: Metastore, full_name: str, caller: Caller, *, force: bool) -> None:
    """Drop a schema; with ``force``, everything in it too.

    Raises:
        ApiError: INVALID_STATE when it holds something.
    """
    full_name = full_name_of(full_name, SCHEMA)
    metastore.standing(caller, SCHEMA, full_name).require_management()
    if not force:
        require_empty(metastore, full_name)
    with metastore.database.transaction():
        drop(metastore, full_name)
    metastore.trash.empty()


def drop(metastore: Metastore, full_name: str) -> None:
    """Remove a schema and all it holds, inside the caller's transaction."""
    removers = (
        (TABLE, tables.drop),
        (VOLUME, volumes.drop),
        (MODEL, models.drop),
        (FUNCTION, functions.drop),
    )
    for kind, remove in removers:
        for document in metastore.children(kind, full_name):
            remove(metastore, document.key)
    metastore.remove(SCHEMA, full_name)
    metastore.trash.take(metastore.locations.container_folder(full_name))
