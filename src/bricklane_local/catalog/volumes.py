"""What can be done with volumes.

Source: https://docs.databricks.com/api/workspace/volumes.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import SCHEMA, VOLUME
from bricklane_local.catalog.metastore import Metastore, shown
from bricklane_local.catalog.names import full_name_of, normal
from bricklane_local.catalog.privileges import CREATE_EXTERNAL_VOLUME, CREATE_VOLUME
from bricklane_local.catalog.storage.coverage import require_location

EXTERNAL = "EXTERNAL"


def info(metastore: Metastore, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``VolumeInfo`` of a stored volume."""
    catalog, schema, name = full_name.split(".")
    managed = metastore.locations.volume_folder(full_name).as_uri()
    return {
        "storage_location": managed,
        **shown(body),
        "name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": full_name,
        "securable_type": "VOLUME",
        "metastore_id": metastore.id,
        "browse_only": False,
    }


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Make a volume and its folder; of an external one the folder may exist already.

    Raises:
        ApiError: VOLUME_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED or
            INVALID_PARAMETER_VALUE.
    """
    schema = full_name_of(f"{fields['catalog_name']}.{fields['schema_name']}", SCHEMA)
    full_name = f"{schema}.{normal(fields['name'], VOLUME.noun)}"
    metastore.standing(caller, SCHEMA, schema).require(CREATE_VOLUME)
    volume_type, location = fields["volume_type"], fields.get("storage_location")
    if (volume_type == EXTERNAL) != bool(location):
        raise invalid(
            "storage_location is required for an EXTERNAL volume"
            if volume_type == EXTERNAL
            else "storage_location is not allowed for a MANAGED volume"
        )
    require_location(metastore, caller, location, CREATE_EXTERNAL_VOLUME)
    stored = {
        "volume_type": volume_type,
        "comment": fields.get("comment"),
        "storage_location": location,
    }
    folder = metastore.locations.volume_folder(full_name)
    with metastore.database.transaction():
        metastore.insert(VOLUME, full_name, stored, caller.user_name)
        folder.parent.mkdir(parents=True, exist_ok=True)
        if location:
            target = metastore.locations.folder(location)
            target.mkdir(parents=True, exist_ok=True)
            folder.symlink_to(target, target_is_directory=True)
        else:
            folder.mkdir(exist_ok=True)
    return info(metastore, full_name, metastore.body(VOLUME, full_name))


def update(
    metastore: Metastore, full_name: str, fields: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    """Change a volume, its name included: its folder moves with it."""
    full_name = full_name_of(full_name, VOLUME)
    folder = metastore.locations.volume_folder(full_name)
    changes = {key: fields.get(key) for key in ("comment", "owner")}
    with metastore.database.transaction():
        metastore.update(VOLUME, full_name, changes, caller)
        if fields.get("new_name"):
            full_name = metastore.rename(VOLUME, full_name, fields["new_name"])
            target = metastore.locations.volume_folder(full_name)
            if target != folder:
                folder.rename(target)
    return info(metastore, full_name, metastore.body(VOLUME, full_name))


def delete(metastore: Metastore, full_name: str, caller: Caller) -> None:
    """Drop a volume, and the files of a managed one."""
    full_name = full_name_of(full_name, VOLUME)
    metastore.standing(caller, VOLUME, full_name).require_management()
    with metastore.database.transaction():
        drop(metastore, full_name)
    metastore.trash.empty()


def drop(metastore: Metastore, full_name: str) -> None:
    """Remove a volume, inside the caller's transaction."""
    metastore.remove(VOLUME, full_name)
    metastore.trash.take(metastore.locations.volume_folder(full_name))
