"""Routes of the sessions in which a client may run its statements one after another.

Source: what databricks-sql-connector sends with ``use_sea``; statements name such a session by
``session_id``.
"""

from __future__ import annotations

import uuid
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Route
from bricklane_local.sql.connections import Connection
from bricklane_local.sql.sessions import SessionError

SESSIONS = "/api/2.0/sql/sessions"
CONNECTOR = "databricks-sql-connector"


async def create_session(call: Call) -> dict[str, Any]:
    """Open a session."""
    settings = call.body.get("session_confs") or {}
    if not isinstance(settings, dict):
        raise invalid(f"session_confs must be an object, got {settings!r}")
    try:
        found = await call.workspace.connections.open(
            call.caller,
            call.text("warehouse_id"),
            (str(call.body.get("catalog") or ""), str(call.body.get("schema") or "")),
            {str(name): str(value) for name, value in settings.items()},
            call.request.headers.get("user-agent", ""),
        )
    except SessionError as failure:
        raise ApiError("BAD_REQUEST", str(failure)) from None
    return {"session_id": str(found.id)}


def session_of(call: Call, identifier: str) -> Connection:
    """Return the caller's session of an id.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it is no id, RESOURCE_DOES_NOT_EXIST.
    """
    try:
        parsed = uuid.UUID(identifier)
    except ValueError:
        raise invalid(f"session_id {identifier!r} is no id of a session") from None
    return call.workspace.connections.get(parsed, call.caller, None)


def delete_session(call: Call) -> None:
    """Close a session."""
    call.workspace.connections.close(session_of(call, call.path["id"]))


ROUTES = [
    Route("POST", SESSIONS, create_session, proved_by=CONNECTOR),
    Route("DELETE", f"{SESSIONS}/{{id}}", delete_session, proved_by=CONNECTOR),
]
