"""Versions of registered models.

Source: https://docs.databricks.com/api/workspace/modelversions, and for making them MLflow's own
requests (https://github.com/mlflow/mlflow, ``databricks_uc_registry_messages.proto``).
"""

from __future__ import annotations

import uuid
from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import MODEL
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.privileges import CREATE_MODEL_VERSION

VERSION = "model_version"
PENDING, READY = "PENDING_REGISTRATION", "READY"


def info(metastore: Metastore, full_name: str, stored: dict[str, Any]) -> dict[str, Any]:
    """Return the ``ModelVersionInfo`` of a stored version."""
    catalog, schema, name = full_name.split(".")
    folder = metastore.locations.model_folder(stored["model_id"]) / str(stored["version"])
    return {
        **{key: value for key, value in stored.items() if key != "model_id"},
        "model_name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "metastore_id": metastore.id,
        "storage_location": folder.as_uri(),
    }


def body(metastore: Metastore, full_name: str, model_id: str, version: int) -> dict[str, Any]:
    """Return what is stored of a version.

    Raises:
        ApiError: MODEL_VERSION_DOES_NOT_EXIST.
    """
    found = metastore.space.get(VERSION, _key(model_id, version))
    if found is None:
        raise ApiError(
            "MODEL_VERSION_DOES_NOT_EXIST",
            f"Model version {version} of '{full_name}' does not exist.",
        )
    return found


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Make the next version of a model; numbers are never given twice.

    Args:
        metastore: that the model belongs to.
        fields: name of the model, and source, run_id, run_workspace_id, comment of the version.
        caller: who makes it.

    Raises:
        ApiError: FUNCTION_DOES_NOT_EXIST, PERMISSION_DENIED.
    """
    full_name = full_name_of(fields["name"], MODEL)
    metastore.standing(caller, MODEL, full_name).require(CREATE_MODEL_VERSION)
    model_id = metastore.body(MODEL, full_name)["id"]
    now = metastore.clock.now()
    accepted = ("source", "run_id", "run_workspace_id", "comment")
    with metastore.database.transaction():
        number = metastore.database.next_number(f"model_version/{model_id}")
        stored = {key: fields[key] for key in accepted if fields.get(key) is not None}
        stored |= {
            "model_id": model_id,
            "id": str(uuid.uuid4()),
            "version": number,
            "status": PENDING,
            "created_at": now,
            "created_by": caller.user_name,
            "updated_at": now,
            "updated_by": caller.user_name,
        }
        key = _key(model_id, number)
        metastore.space.insert(VERSION, key, stored, parent=model_id, position=number)
    return info(metastore, full_name, stored)


def update(
    metastore: Metastore, full_name: str, version: int, fields: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    """Change the comment of a version."""
    full_name = full_name_of(full_name, MODEL)
    metastore.standing(caller, MODEL, full_name).require_management()
    return _changed(metastore, full_name, version, {"comment": fields.get("comment")}, caller)


def finalize(metastore: Metastore, full_name: str, version: int, caller: Caller) -> dict[str, Any]:
    """Say that the files of a version are complete, so that it is ready.

    Raises:
        ApiError: MODEL_VERSION_DOES_NOT_EXIST, PERMISSION_DENIED.
    """
    full_name = full_name_of(full_name, MODEL)
    metastore.standing(caller, MODEL, full_name).require(CREATE_MODEL_VERSION)
    return _changed(metastore, full_name, version, {"status": READY}, caller)


def _changed(
    metastore: Metastore, full_name: str, version: int, changes: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    model_id = metastore.body(MODEL, full_name)["id"]
    stored = body(metastore, full_name, model_id, version)
    stored |= {key: value for key, value in changes.items() if value is not None}
    stored |= {"updated_at": metastore.clock.now(), "updated_by": caller.user_name}
    metastore.space.update(VERSION, _key(model_id, version), stored)
    return info(metastore, full_name, stored)


def delete(metastore: Metastore, full_name: str, version: int, caller: Caller) -> None:
    """Delete a version and the aliases that name it."""
    full_name = full_name_of(full_name, MODEL)
    metastore.standing(caller, MODEL, full_name).require_management()
    model = metastore.body(MODEL, full_name)
    body(metastore, full_name, model["id"], version)
    kept = {a: number for a, number in (model.get("aliases") or {}).items() if number != version}
    with metastore.database.transaction():
        metastore.space.delete(VERSION, _key(model["id"], version))
        metastore.update(MODEL, full_name, {"aliases": kept}, caller)


def remove_all(metastore: Metastore, model_id: str) -> None:
    """Remove all versions of a model, inside the caller's transaction."""
    metastore.space.delete_children(VERSION, model_id)


def _key(model_id: str, version: int) -> str:
    return f"{model_id}/{version}"
