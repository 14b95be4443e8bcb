"""The way back from a Spark on another machine: what its plugin asks the workspaces.

It asks over the network, so of all that a workspace answers only this is served there, and only to
who brings a token; everything else stays on loopback.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.responses import JSONResponse

from bricklane_local.errors import LocalError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

# What `RestClient` of the plugin calls.
_PATHS = ("/api/2.0/preview/scim/v2/Me", "/api/2.1/clusters/get")
_FAMILY = "/api/2.1/unity-catalog/"
_BEARER = b"bearer "


def as_spark_sees(url: str, callback_host: str) -> str:
    """Return the URL of a workspace as Spark reaches it.

    Args:
        url: on loopback.
        callback_host: name or address of this machine, "" for loopback.
    """
    if not callback_host or not url:
        return url
    return f"http://{callback_host}:{urlsplit(url).port}"


def address_of(callback_host: str) -> str:
    """Return the address to listen at, "" when loopback is enough.

    Raises:
        LocalError: when the name is of no machine.
    """
    if not callback_host:
        return ""
    try:
        found = socket.getaddrinfo(callback_host, None, socket.AF_INET, socket.SOCK_STREAM)
    except OSError as error:
        raise LocalError(
            f"--spark-callback-host: {callback_host!r} has no IPv4 address: {error.strerror}",
            hint="name an address of this machine that the remote Spark can reach",
        ) from None
    address = str(found[0][4][0])
    return "" if address.startswith("127.") else address


class Callbacks:
    """Serves of a workspace what Spark's plugin asks, to who brings a token.

    Args:
        app: the workspace's application, which checks the token.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; an ASGI application's only method."""
        path: str = scope["path"]
        headers = dict(scope["headers"])
        if not headers.get(b"authorization", b"").lower().startswith(_BEARER):
            answer = _refusal(401, "UNAUTHENTICATED", "A token is needed here")
        elif path in _PATHS or path.startswith(_FAMILY):
            await self._app(scope, receive, send)
            return
        else:
            text = f"{path} is not served to other machines; this address is for Spark's plugin"
            answer = _refusal(403, "PERMISSION_DENIED", text)
        await answer(scope, receive, send)


def _refusal(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error_code": code, "message": message}, status)
