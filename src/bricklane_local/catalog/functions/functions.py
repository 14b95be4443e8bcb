"""What can be done with user-defined functions.

Source: https://docs.databricks.com/api/workspace/functions. Spark runs them; here they are kept.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import FUNCTION, MODEL, SCHEMA
from bricklane_local.catalog.metastore import Metastore, shown
from bricklane_local.catalog.names import full_name_of, normal
from bricklane_local.catalog.privileges import CREATE_FUNCTION

FIELDS = (
    "input_params",
    "data_type",
    "full_data_type",
    "return_params",
    "routine_body",
    "routine_definition",
    "routine_dependencies",
    "parameter_style",
    "is_deterministic",
    "sql_data_access",
    "is_null_call",
    "security_type",
    "specific_name",
    "external_language",
    "external_name",
    "sql_path",
    "comment",
    "properties",
)
BODIES = ("SQL", "EXTERNAL")


def info(metastore: Metastore, full_name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the ``FunctionInfo`` of a stored function."""
    catalog, schema, name = full_name.split(".")
    return {
        **shown(body),
        "name": name,
        "specific_name": name,
        "catalog_name": catalog,
        "schema_name": schema,
        "full_name": full_name,
        "metastore_id": metastore.id,
        "browse_only": False,
    }


def create(metastore: Metastore, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
    """Make a function.

    Raises:
        ApiError: FUNCTION_ALREADY_EXISTS, SCHEMA_DOES_NOT_EXIST, PERMISSION_DENIED or
            INVALID_PARAMETER_VALUE.
    """
    for field in ("name", "catalog_name", "schema_name", "routine_definition"):
        if not fields.get(field):
            raise invalid(f"function_info.{field} is required")
    if fields.get("routine_body") not in BODIES:
        raise invalid(f"function_info.routine_body must be one of {', '.join(BODIES)}")
    language = (fields.get("external_language") or "").upper()
    if fields["routine_body"] == "EXTERNAL" and language != "PYTHON":
        raise invalid(f"external_language must be PYTHON; got {language!r}")
    schema = full_name_of(f"{fields['catalog_name']}.{fields['schema_name']}", SCHEMA)
    full_name = f"{schema}.{normal(fields['name'], 'Function')}"
    metastore.standing(caller, SCHEMA, schema).require(CREATE_FUNCTION)
    if metastore.space.get(MODEL.name, full_name) is not None:
        raise FUNCTION.duplicate(full_name)
    stored = {field: fields.get(field) for field in FIELDS}
    metastore.insert(FUNCTION, full_name, stored, caller.user_name)
    return info(metastore, full_name, metastore.body(FUNCTION, full_name))


def update(
    metastore: Metastore, full_name: str, fields: dict[str, Any], caller: Caller
) -> dict[str, Any]:
    """Give a function another owner, the only thing that the API changes of it."""
    full_name = full_name_of(full_name, FUNCTION)
    metastore.update(FUNCTION, full_name, {"owner": fields.get("owner")}, caller)
    return info(metastore, full_name, metastore.body(FUNCTION, full_name))


def delete(metastore: Metastore, full_name: str, caller: Caller) -> None:
    """Delete a function."""
    full_name = full_name_of(full_name, FUNCTION)
    metastore.standing(caller, FUNCTION, full_name).require_management()
    with metastore.database.transaction():
        drop(metastore, full_name)


def drop(metastore: Metastore, full_name: str) -> None:
    """Remove a function, inside the caller's transaction."""
    metastore.remove(FUNCTION, full_name)
