"""What connectors ask beside their statements: switches of their own, of which none is set here.

Source: what databricks-sql-connector sends.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Fidelity, Route

SECONDS = 900


def feature_flags(_call: Call) -> dict[str, Any]:
    """Return the switches that are set, none, and for how many seconds that holds."""
    return {"flags": [], "ttl_seconds": SECONDS}


ROUTES = [
    Route(
        "GET",
        "/api/2.0/connector-service/feature-flags/{client}/{version}",
        feature_flags,
        fidelity=Fidelity.STATE_ONLY,
        proved_by="databricks-sql-connector",
        note="no switch is set, so connectors send no telemetry",
    )
]
