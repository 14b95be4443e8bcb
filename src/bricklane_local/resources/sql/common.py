"""What dashboards, Genie spaces, queries and alerts have in common."""

from __future__ import annotations

import orjson

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.resources.kind import Act, Body
from bricklane_local.workspace.paths import normal

PARENT = "parent_path"
WAREHOUSE_ID = "warehouse_id"


def parent_folder(act: Act, body: Body) -> str:
    """Return the folder that a client names, which must exist, or the caller's home.

    Raises:
        ApiError: RESOURCE_DOES_NOT_EXIST, or INVALID_PARAMETER_VALUE when it is no folder.
    """
    path = normal(str(body.get(PARENT) or act.caller.home))
    act.workspace.objects.ensure_home(act.caller)
    if not act.workspace.objects.get(path).is_folder:
        raise invalid(f"{PARENT} {path} is no folder")
    return path


def in_workspace(path: str) -> str:
    """Return a path as these APIs show it, below ``/Workspace``."""
    return f"/Workspace{normal(path)}"


def check_json(body: Body, field: str) -> None:
    """Check that a field, where there is one, holds a JSON object as text.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE.
    """
    text = body.get(field)
    if text is None:
        return
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise invalid(f"{field} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise invalid(f"{field} must hold a JSON object, got {type(value).__name__}")


def check_etag(body: Body, old: Body | None) -> None:
    """Refuse a change by a client that has not seen the change before.

    Args:
        body: the new resource, with the etag that the client sent, if it did.
        old: the one that is stored.

    Raises:
        ApiError: RESOURCE_CONFLICT.
    """
    if old is not None and body.get("etag") not in (None, "", old["etag"]):
        raise ApiError(
            "RESOURCE_CONFLICT",
            f"The etag {body['etag']} is not the current one, {old['etag']}: somebody has changed "
            "it meanwhile; read it again",
        )
