"""Routes of the keys of tables.

Source: https://docs.databricks.com/api/workspace/tableconstraints.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.constraints import service


def create(call: Call) -> dict[str, Any]:
    """Add a key to a table."""
    call.text("full_name_arg")
    if not isinstance(call.body.get("constraint"), dict):
        raise invalid("constraint is required")
    return service.create(call.cloud.metastore, call.body, caller_of(call))


def delete(call: Call) -> None:
    """Take a key away from a table."""
    name, cascade = call.text("constraint_name"), call.flag("cascade")
    caller = caller_of(call)
    service.delete(call.cloud.metastore, call.path["name"], name, caller, cascade=cascade)


NOTE = "informational, as on the platform"
ROUTES = [
    Route(
        "POST",
        f"{UNITY}/constraints",
        create,
        sdk="catalog.TableConstraintsAPI.create",
        fidelity=Fidelity.REAL,
        proved_by="databricks-sdk, Spark",
        note=NOTE,
    ),
    Route(
        "DELETE",
        f"{UNITY}/constraints/{{name}}",
        delete,
        proved_by="databricks-sdk, Spark",
        note=NOTE,
    ),
]
