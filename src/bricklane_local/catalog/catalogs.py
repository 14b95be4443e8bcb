"""What can be done with catalogs.

Source: https://docs.databricks.com/api/workspace/catalogs.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import schemas
from bricklane_local.catalog.kinds import CATALOG, METASTORE, SCHEMA
from bricklane_local.catalog.metastore import DEFAULT_SCHEMA, Metastore, text_map
from bricklane_local.catalog.names import normal
from bricklane_local.catalog.privileges import CREATE_CATALOG
from bricklane_local.identity.principals import Principal

# Catalogs of other systems or shares cannot be had here.
FOREIGN = ("connection_name", "provider_name", "share_name")


def info(metastore: Metastore, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``CatalogInfo`` of a stored catalog."""
    return {
        "catalog_type": "MANAGED_CATALOG",
        **body,
        "name": name,
        "full_name": name,
        "securable_type": "CATALOG",
        "metastore_id": metastore.info["metastore_id"],
        "browse_only": False,
    }


def get(metastore: Metastore, name: str, caller: Principal) -> dict[str, Any]:
    """Return one catalog.

    Raises:
        ApiError: CATALOG_DOES_NOT_EXIST, or PERMISSION_DENIED to whom it is not shown.
    """
    name = name.lower()
    body = metastore.body(CATALOG, name)
    securable = metastore.grants.find(CATALOG, name)
    if not metastore.grants.sees(caller, securable):
        metastore.grants.require(caller, securable)
    return info(metastore, name, body)


def create(metastore: Metastore, fields: dict[str, Any], caller: Principal) -> dict[str, Any]:
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
    holder = metastore.grants.find(METASTORE, "")
    metastore.grants.require(caller, holder, CREATE_CATALOG)
    stored = {
        "comment": fields.get("comment"),
        "properties": text_map(fields.get("properties"), "properties") or None,
        "options": text_map(fields.get("options"), "options") or None,
        "storage_root": fields.get("storage_root"),
        "custom_max_retention_hours": fields.get("custom_max_retention_hours"),
        "isolation_mode": "OPEN",
    }
    with metastore.database.transaction():
        metastore.insert(CATALOG, name, stored, caller)
        metastore.insert(SCHEMA, f"{name}.{DEFAULT_SCHEMA}", {}, caller)
    return info(metastore, name, metastore.body(CATALOG, name))


def update(
    metastore: Metastore, name: str, fields: dict[str, Any], caller: Principal
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
            "custom_max_retention_hours",
        )
    }
    name = metastore.update_container(CATALOG, name, changes, fields.get("new_name"), caller)
    return info(metastore, name, metastore.body(CATALOG, name))


def delete(metastore: Metastore, name: str, caller: Principal, *, force: bool) -> None:
    """Drop a catalog; with ``force``, everything in it too.

    Raises:
        ApiError: INVALID_STATE when it holds more than an empty schema ``default``.
    """
    name = name.lower()
    metastore.body(CATALOG, name)
    metastore.grants.require_management(caller, metastore.grants.find(CATALOG, name))
    inner = [document.key for document in metastore.children(SCHEMA, name)]
    if not force:
        others = [key for key in inner if key != f"{name}.{DEFAULT_SCHEMA}"]
        if others:
            metastore.require_empty(CATALOG, name, (SCHEMA,))
        for key in inner:
            schemas.require_empty(metastore, key)
    with metastore.database.transaction():
        for key in inner:
            schemas.drop(metastore, key)
        metastore.remove(CATALOG, name)
        metastore.trash.take(metastore.locations.container_folder(name))
    metastore.trash.empty()
