"""Links that need no credentials: good for some minutes, and signed.

The key is made by this process, so a link from before a restart must be asked for again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError

if TYPE_CHECKING:
    from bricklane_local.app.call import Call
    from bricklane_local.cloud import Workspace

_KEY = secrets.token_bytes(32)


def signed(workspace: Workspace, path: str, seconds: int) -> tuple[str, str]:
    """Return a link to a path of a workspace, and when it ends (ISO 8601).

    Args:
        workspace: whose.
        path: of a public route, without a query.
        seconds: how long it is good.
    """
    expires = workspace.cloud.clock.now() // 1000 + seconds
    signature = _signature(workspace.name, path, expires)
    ends = dt.datetime.fromtimestamp(expires, dt.UTC).isoformat().replace("+00:00", "Z")
    return f"{workspace.host}{path}?expires={expires}&signature={signature}", ends


def check_signed(call: Call) -> None:
    """Refuse a request that is not by a link that is still good.

    Raises:
        ApiError: PERMISSION_DENIED.
    """
    expires = call.integer("expires", low=0)
    wanted = _signature(call.workspace.name, call.request.url.path, expires)
    if not hmac.compare_digest(wanted.encode(), call.query.get("signature", "").encode()):
        raise ApiError("PERMISSION_DENIED", "The signature of this link does not match")
    if expires * 1000 <= call.cloud.clock.now():
        raise ApiError("PERMISSION_DENIED", "This link has expired: ask for a new one")


def _signature(workspace: str, path: str, expires: int) -> str:
    return hmac.new(_KEY, f"{workspace} {path} {expires}".encode(), hashlib.sha256).hexdigest()
