"""Routes of quality monitors: kept and answered.

Source: https://docs.databricks.com/api/workspace/qualitymonitors.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.monitors.service import Monitors


def get(call: Call) -> dict[str, Any]:
    """Return the monitor of a table."""
    return Monitors(call.cloud.metastore).get(call.path["name"], caller_of(call))


def create(call: Call) -> dict[str, Any]:
    """Give a table a monitor."""
    for field in ("assets_dir", "output_schema_name"):
        call.text(field)
    monitors = Monitors(call.cloud.metastore)
    return monitors.create(call.path["name"], call.body, caller_of(call))


def update(call: Call) -> dict[str, Any]:
    """Replace what the monitor of a table does."""
    call.text("output_schema_name")
    monitors = Monitors(call.cloud.metastore)
    return monitors.update(call.path["name"], call.body, caller_of(call))


def delete(call: Call) -> None:
    """Delete the monitor of a table."""
    Monitors(call.cloud.metastore).delete(call.path["name"], caller_of(call))


PATH, API = f"{UNITY}/tables/{{name}}/monitor", "catalog.QualityMonitorsAPI"
NOTE = "computes nothing: no metric tables, no dashboard"
ROUTES = [
    Route(
        method,
        PATH,
        handler,
        sdk=sdk,
        fidelity=Fidelity.STATE_ONLY,
        proved_by=f"databricks quality-monitors {handler.__name__}",
        note=NOTE,
    )
    for method, handler, sdk in (
        ("GET", get, None),
        ("POST", create, f"{API}.create"),
        ("PUT", update, f"{API}.update"),
        ("DELETE", delete, None),
    )
]
