"""Routes of SQL warehouses."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route


def list_warehouses(call: Call) -> dict[str, Any]:
    """List the warehouses."""
    return {"warehouses": call.workspace.warehouses.all()}


def get_warehouse(call: Call) -> dict[str, Any]:
    """Return a warehouse."""
    return call.workspace.warehouses.get(call.path["id"])


def start_warehouse(call: Call) -> None:
    """Start a warehouse."""
    call.workspace.warehouses.start(call.path["id"])


def stop_warehouse(call: Call) -> None:
    """Stop a warehouse."""
    call.workspace.warehouses.stop(call.path["id"], call.caller)


PATH = "/api/2.0/sql/warehouses"
NOTE = "one warehouse in each workspace, on the cloud's Spark; it runs SQL file tasks"
PROOF = "databricks warehouses"
ROUTES = [
    Route("GET", PATH, list_warehouses, proved_by=f"{PROOF} list", note=NOTE),
    Route("GET", f"{PATH}/{{id}}", get_warehouse, proved_by=f"{PROOF} get"),
    Route("POST", f"{PATH}/{{id}}/start", start_warehouse, proved_by=f"{PROOF} start"),
    Route("POST", f"{PATH}/{{id}}/stop", stop_warehouse, proved_by=f"{PROOF} stop"),
]
