"""Routes of user-defined functions.

Source: https://docs.databricks.com/api/workspace/functions.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Route
from bricklane_local.catalog import credentials, crud
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.functions import functions
from bricklane_local.catalog.kinds import FUNCTION, SCHEMA, TABLE
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.privileges import EXECUTE


def create(call: Call) -> dict[str, Any]:
    """Make a function."""
    fields = call.body.get("function_info")
    if not isinstance(fields, dict):
        raise invalid("function_info is required")
    return functions.create(call.cloud.metastore, fields, caller_of(call))


GET_FUNCTION = crud.getter(FUNCTION, functions)


def get_function(call: Call) -> dict[str, Any]:
    """Return one function; to Spark, which is about to call it, only with the privilege for it.

    In a view it is called as the view's owner (``in_view``).
    """
    metastore, caller, name = call.cloud.metastore, caller_of(call), call.path["name"]
    view = call.query.get("in_view")
    if not view and not call.flag("in_use"):
        return GET_FUNCTION(call)
    if view:
        caller = credentials.reader_of(metastore, full_name_of(view, TABLE), call.workspace)
    standing = metastore.standing(caller, FUNCTION, name)
    standing.require(EXECUTE)
    full_name = standing.securable.full_name
    return functions.info(metastore, full_name, metastore.body(FUNCTION, full_name))


def list_functions(call: Call) -> dict[str, Any]:
    """List the functions of a schema that the caller may see."""
    schema = full_name_of(f"{call.text('catalog_name')}.{call.text('schema_name')}", SCHEMA)
    return crud.page(call, FUNCTION, schema, functions.info)


def delete(call: Call) -> None:
    """Delete a function."""
    functions.delete(call.cloud.metastore, call.path["name"], caller_of(call))


ALL, API, CLI = f"{UNITY}/functions", "catalog.FunctionsAPI", "databricks functions"
ROUTES = [
    Route("POST", ALL, create, sdk=f"{API}.create", proved_by="databricks-sdk, Spark"),
    Route("GET", ALL, list_functions, proved_by=f"{CLI} list"),
    Route("GET", f"{ALL}/{{name}}", get_function, proved_by=f"{CLI} get, Spark"),
    *(
        route
        for route in crud.routes(FUNCTION, functions, "FunctionsAPI", ())
        if route.method == "PATCH"
    ),
    Route("DELETE", f"{ALL}/{{name}}", delete, proved_by=f"{CLI} delete"),
]
