"""All routes of identity."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.identity.oauth_routes import ROUTES as OAUTH
from bricklane_local.identity.scim_routes import ROUTES as SCIM


def telemetry(call: Call) -> dict[str, Any]:
    """Accept and drop the usage events that the CLI sends; nothing is kept or forwarded."""
    return {"numProtoSuccess": len(call.body.get("protoLogs") or []), "errors": []}


ROUTES = [
    *SCIM,
    *OAUTH,
    Route(
        "POST",
        "/telemetry-ext",
        telemetry,
        fidelity=Fidelity.STATE_ONLY,
        proved_by="databricks bundle deploy",
        note="accepted and dropped",
    ),
]
