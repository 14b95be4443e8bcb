"""What can be done with catalogs.

Source: https://docs.databricks.com/api/workspace/catalogs.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import schemas
from bricklane_local.catalog.bindings import bound_to_maker
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import CATALOG, SCHEMA
from bricklane_local.catalog.metastore import DEFAULT_SCHEMA, Metastore, shown, text_map
from bricklane_local.catalog.names import normal
from bricklane_local.catalog.privileges import CREATE_CATALOG, CREATE_MANAGED_STORAGE
from bricklane_local.catalog.storage.coverage import require_location

# Catalogs of other systems or shares cannot be had here.
FOREIGN = ("connection_name", "provider_name", "share_name")


def info(metastore: Metastore, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``CatalogInfo`` of a stored catalog."""
    answer = {
        "catalog_type": "MANAGED_CATALOG",
        "isolation_mode": "OPEN",
        "enable_predictive_optimization": "INHERIT",
        **shown(body),
        "name": name,
        "full_name": name,
        "securable_type": "CATALOG",
        "metastore_id": metastore.id,
        "browse_only": False,
    }
    if body.get("storage_root"):
        answer["storage_location"] = f"{body['storage_root'].rstrip('/')}/{body['id']}"
    return answer


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Make a catalog with its schema ``default``.

    Raises:
        ApiError: CATALOG_ALREADY_EXISTS, PERMISSION_DENIED, INVALID_PARAMETER_VALUE, or
            NOT_IMPLEMENTED for catalogs of other systems.
    """
    foreign = [field for field in FOREIGN if fields.get(field)]
    if foreign:
        raise ApiError(
            "NOT_IMPLEMENTED",
            f"The local metastore has no catalogs of other systems ({', '.join(foreign)})",
        )
    name = normal(fields["name"], CATALOG.noun)
    metastore.access.on_metastore(caller).require(CREATE_CATALOG)
    require_location(metastore, caller, fields.get("storage_root"), CREATE_MANAGED_STORAGE)
    stored = {
        "comment": fields.get("comment"),
        "properties": text_map(fields.get("properties"), "properties") or None,
        "options": text_map(fields.get("options"), "options") or None,
        "storage_root": fields.get("storage_root"),
        "managed_encryption_settings": fields.get("managed_encryption_settings"),
        "custom_max_retention_hours": fields.get("custom_max_retention_hours"),
        **bound_to_maker(fields.get("isolation_mode"), caller),
    }
    with metastore.database.transaction():
        metastore.insert(CATALOG, name, stored, caller.user_name)
        metastore.insert(SCHEMA, f"{name}.{DEFAULT_SCHEMA}", {}, caller.user_name)
    return info(metastore, name, metastore.body(CATALOG, name))


def update(
    metastore: Metastore, name: str, fields: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    """Change a catalog, its name included."""
    name = name.lower()
    changes = {
        key: fields.get(key)
        for key in (
            "comment",
            "owner",
            "properties",
            "options",
            "isolation_mode",
            "enable_predictive_optimization",
            "managed_encryption_settings",
            "custom_max_retention_hours",
        )
    }
    name = metastore.update_container(CATALOG, name, changes, fields.get("new_name"), caller)
    return info(metastore, name, metastore.body(CATALOG, name))


def delete(metastore: Metastore, name: str, caller: Caller, *, force: bool) -> None:
    """Drop a catalog; with ``force``, everything in it too.

    Raises:
        ApiError: INVALID_STATE when it holds more than an empty schema ``default``.
    """
    name = name.lower()
    metastore.standing(caller, CATALOG, name).require_management()
    if not force:
        _require_empty(metastore, name)
    with metastore.database.transaction():
        drop(metastore, name)
    metastore.trash.empty()


def _require_empty(metastore: Metastore, name: str) -> None:
    inner = [document.key for document in metastore.children(SCHEMA, name)]
    if any(key != f"{name}.{DEFAULT_SCHEMA}" for key in inner):
        metastore.require_empty(CATALOG, name, (SCHEMA,))
    for key in inner:
        schemas.require_empty(metastore, key)


def drop(metastore: Metastore, name: str) -> None:
    """Remove a catalog and all it holds, inside the caller's transaction."""
    for document in metastore.children(SCHEMA, name):
        schemas.drop(metastore, document.key)
    metastore.remove(CATALOG, name)
    metastore.trash.take(metastore.locations.container_folder(name))
