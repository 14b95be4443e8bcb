"""What can be done with registered models.

Source: https://docs.databricks.com/api/workspace/registeredmodels. A model is its name, its
versions and its aliases; nothing here can serve or run one.
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import FUNCTION, MODEL, SCHEMA
from bricklane_local.catalog.metastore import Metastore, shown
from bricklane_local.catalog.models import versions
from bricklane_local.catalog.names import full_name_of, normal
from bricklane_local.catalog.privileges import CREATE_MODEL
from bricklane_local.catalog.storage.coverage import require_location

# The field of a document that holds alias → version; answers show it on request.
ALIASES = "aliases"
ALIAS = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,254}")


def info(metastore: Metastore, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``RegisteredModelInfo`` of a stored model, without its aliases."""
    catalog, schema, name = full_name.split(".")
    folder = metastore.locations.model_folder(body["id"]).as_uri()
    stored = {key: value for key, value in shown(body).items() if key not in (ALIASES, "id")}
    return {
        "storage_location": folder,
        **stored,
        "name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": full_name,
        "securable_type": "FUNCTION",
        "metastore_id": metastore.id,
        "browse_only": False,
    }


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Make a model without versions.

    Raises:
        ApiError: FUNCTION_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED or
            INVALID_PARAMETER_VALUE.
    """
    schema = full_name_of(f"{fields['catalog_name']}.{fields['schema_name']}", SCHEMA)
    full_name = f"{schema}.{normal(fields['name'], 'Model')}"
    metastore.standing(caller, SCHEMA, schema).require(CREATE_MODEL)
    if metastore.space.get(FUNCTION.name, full_name) is not None:
        raise MODEL.duplicate(full_name)
    location = fields.get("storage_location")
    require_location(metastore, caller, location, "CREATE_MANAGED_STORAGE")
    stored = {"comment": fields.get("comment"), "storage_location": location}
    metastore.insert(MODEL, full_name, stored, caller.user_name)
    return info(metastore, full_name, metastore.body(MODEL, full_name))


def update(
    metastore: Metastore, full_name: str, fields: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    """Change a model, its name included."""
    full_name = full_name_of(full_name, MODEL)
    changes = {key: fields.get(key) for key in ("comment", "owner")}
    with metastore.database.transaction():
        metastore.update(MODEL, full_name, changes, caller)
        if fields.get("new_name"):
            full_name = metastore.rename(MODEL, full_name, fields["new_name"])
    return info(metastore, full_name, metastore.body(MODEL, full_name))


def delete(metastore: Metastore, full_name: str, caller: Caller) -> None:
    """Delete a model with all its versions."""
    full_name = full_name_of(full_name, MODEL)
    metastore.standing(caller, MODEL, full_name).require_management()
    with metastore.database.transaction():
        drop(metastore, full_name)


def drop(metastore: Metastore, full_name: str) -> None:
    """Remove a model and its versions, inside the caller's transaction."""
    versions.remove_all(metastore, metastore.body(MODEL, full_name)["id"])
    metastore.remove(MODEL, full_name)


def aliases(full_name: str, body: dict[str, Any], version: int | None = None) -> list[Any]:
    """Return the ``RegisteredModelAlias`` of each alias, or of those of one version.

    Args:
        full_name: of the model.
        body: what is stored of it.
        version: the only version whose aliases are wanted; None for all.
    """
    catalog, schema, name = full_name.split(".")
    return [
        {
            "alias_name": alias,
            "version_num": number,
            "catalog_name": catalog,
            "schema_name": schema,
            "model_name": name,
        }
        for alias, number in sorted((body.get(ALIASES) or {}).items())
        if version in (None, number)
    ]


def set_alias(
    metastore: Metastore, full_name: str, alias: str, version: int, caller: Caller
) -> dict[str, Any]:
    """Let an alias name a version.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a name that no alias may have, or
            MODEL_VERSION_DOES_NOT_EXIST.
    """
    full_name = full_name_of(full_name, MODEL)
    metastore.standing(caller, MODEL, full_name).require_management()
    if not ALIAS.fullmatch(alias) or re.fullmatch(r"v\d+|latest", alias.lower()):
        raise invalid(
            f"Alias {alias!r} is not valid: it must begin with a letter, hold letters, digits, "
            "'_' and '-' only, and be neither 'latest' nor like 'v1'"
        )
    body = metastore.body(MODEL, full_name)
    versions.body(metastore, full_name, body["id"], version)
    changed = {ALIASES: (body.get(ALIASES) or {}) | {alias: version}}
    metastore.update(MODEL, full_name, changed, caller)
    (made,) = [a for a in aliases(full_name, body | changed) if a["alias_name"] == alias]
    answer: dict[str, Any] = made
    return answer


def delete_alias(metastore: Metastore, full_name: str, alias: str, caller: Caller) -> None:
    """Forget an alias; one that does not exist is no error, as in the API."""
    full_name = full_name_of(full_name, MODEL)
    metastore.standing(caller, MODEL, full_name).require_management()
    kept = dict(metastore.body(MODEL, full_name).get(ALIASES) or {})
    kept.pop(alias, None)
    metastore.update(MODEL, full_name, {ALIASES: kept}, caller)
