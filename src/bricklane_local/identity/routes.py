"""Routes of identity: the caller, and the discovery document that clients ask for first.

Source: https://docs.databricks.com/api/workspace/currentuser and SCIM 2.0 (RFC 7643, section 4.1).
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Fidelity, Route


def me(call: Call) -> dict[str, Any]:
    """Describe the calling user."""
    caller = call.caller
    return {
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:workspace:2.0:User",
        ],
        "id": caller.id,
        "userName": caller.user_name,
        "displayName": caller.display_name,
        "active": True,
        "emails": [{"type": "work", "value": caller.user_name, "primary": True}],
        "groups": [{"display": name, "type": "direct", "value": name} for name in caller.groups],
        "entitlements": [{"value": "workspace-access"}, {"value": "allow-cluster-create"}],
    }


def discovery(call: Call) -> dict[str, Any]:
    """Tell an unauthenticated client which workspace this is."""
    return {
        "workspace_id": str(call.workspace.id),
        "account_id": call.cloud.account_id,
        # Clients know only the three clouds; this one decides nothing but which tag characters
        # the CLI allows.
        "cloud": "AWS",
        "oidc_endpoint": f"{call.workspace.host}/oidc",
    }


def telemetry(call: Call) -> dict[str, Any]:
    """Accept and drop the usage events that the CLI sends; nothing is kept or forwarded."""
    return {"numProtoSuccess": len(call.body.get("protoLogs") or []), "errors": []}


ROUTES = [
    Route("GET", "/api/2.0/preview/scim/v2/Me", me, proved_by="databricks current-user me"),
    Route("GET", "/.well-known/databricks-config", discovery, public=True, proved_by="databricks"),
    Route(
        "POST",
        "/telemetry-ext",
        telemetry,
        fidelity=Fidelity.STATE_ONLY,
        proved_by="databricks bundle deploy",
        note="accepted and dropped",
    ),
]
