"""One listener's ASGI application, made from the route tables."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Awaitable, Iterable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.routing import Route as StarletteRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Answer, Route
from bricklane_local.app.types import check_body
from bricklane_local.identity.principals import Principal

if TYPE_CHECKING:
    from bricklane_local.identity.scope import Scope as CalledScope

LOGGER = logging.getLogger(__name__)
# Far above any JSON request of the API (notebook imports end at 10 MB, as documented).
JSON_LIMIT = 64 * 1024 * 1024
# Beginnings of paths of APIs that the platform has given up, and what to do instead.
RETIRED = {
    "/api/2.0/preview/sql/dashboards": ": it is for legacy dashboards, which Databricks has "
    "retired, and which the lookup `dashboard` of a bundle's variables asks for; name AI/BI "
    "dashboards by their id, or as ${resources.dashboards.KEY.id}",
}


def json_response(body: Any, status: int = 200) -> Response:
    """Return ``body`` as a JSON response."""
    return Response(orjson.dumps(body), status, media_type="application/json")


class ApiApp:
    """Answers the API of one workspace, or of the account.

    Args:
        called: whose state the handlers act on.
        routes: the routes of all families, matched in order.
    """

    def __init__(self, called: CalledScope, routes: Iterable[Route]) -> None:
        self._called = called
        self._exact: dict[tuple[str, str], Route] = {}
        self._patterns: list[tuple[StarletteRoute, Route]] = []
        for route in routes:
            if "{" in route.path:
                pattern = StarletteRoute(route.path, _never, methods=[route.method])
                self._patterns.append((pattern, route))
            else:
                self._exact[route.method, route.path] = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; an ASGI application's only method."""
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ApiError as error:
            response = json_response(error.body(), error.status)
            if error.status == 401:
                response.headers["WWW-Authenticate"] = 'Basic realm="bricklane"'
                # Where clients of protocols without JSON look for the reason.
                response.headers["X-Databricks-Reason-Phrase"] = error.message
        except Exception:
            LOGGER.exception("%s %s failed", request.method, request.url.path)
            failure = ApiError(
                "INTERNAL_ERROR",
                f"{request.method} {request.url.path} failed; "
                "`bricklane local logs` has the details",
            )
            response = json_response(failure.body(), failure.status)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        route, path = self._match(request)
        caller = self._called.cloud.administrator if route.public else self._authenticate(request)
        self._check_account(path)
        body = {} if route.raw else await json_body(request)
        if route.sdk is not None:
            check_body(route.sdk, body)
        query = dict(request.query_params)
        call = Call(request, self._called, caller, path, query, body)
        outcome = route.handler(call)
        answer: Answer = await outcome if isinstance(outcome, Awaitable) else outcome
        if isinstance(answer, Response):
            return answer
        return json_response({} if answer is None else answer)

    def _match(self, request: Request) -> tuple[Route, dict[str, str]]:
        method = "GET" if request.method == "HEAD" else request.method
        path = request.scope["path"]
        for wanted in (request.method, method):
            route = self._exact.get((wanted, path))
            if route is not None:
                return route, {}
        for pattern, route in self._patterns:
            matched, child = pattern.matches(request.scope)
            if matched is Match.FULL and request.method in (route.method, "HEAD"):
                return route, child["path_params"]
        self._authenticate(request)
        reason = next((why for start, why in RETIRED.items() if path.startswith(start)), "")
        raise ApiError(
            "NOT_IMPLEMENTED",
            f"The local {self._called.kind} does not implement {request.method} {path}"
            f"{reason}. docs/ledger.md lists what it does.",
        )

    def _check_account(self, path: dict[str, str]) -> None:
        wanted = path.get("account")
        if wanted is not None and wanted != self._called.cloud.account_id:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST",
                f"There is no account {wanted}; this cloud's is {self._called.cloud.account_id}",
            )

    def _authenticate(self, request: Request) -> Principal:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        token = value.strip()
        if scheme.lower() == "basic" and request.method == "GET":
            # A browser has no bearer token: it sends the token as the password of any user. Only
            # to read: a browser would send it along with a form of another site too.
            try:
                token = base64.b64decode(value, validate=True).decode().partition(":")[2]
            except (binascii.Error, UnicodeDecodeError):
                token = ""
        elif scheme.lower() != "bearer":
            token = ""
        if not token:
            raise ApiError("UNAUTHENTICATED", "Credential was not sent, or is not a bearer token")
        return self._called.cloud.tokens.authenticate(token, self._called.name)


async def json_body(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request carries, empty when it has no body.

    Raises:
        ApiError: MALFORMED_REQUEST when it is no JSON object or too large.
    """
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > JSON_LIMIT:
            raise ApiError(
                "MALFORMED_REQUEST", f"The request body exceeds {JSON_LIMIT} bytes", status=413
            )
        pieces.append(piece)
    content = b"".join(pieces)
    if not content.strip():
        return {}
    try:
        body = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ApiError("MALFORMED_REQUEST", f"The request body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise ApiError(
            "MALFORMED_REQUEST",
            f"The request body must be a JSON object, got {type(body).__name__}",
        )
    return body


def _never(request: Request) -> Response:
    raise AssertionError(f"{request.url.path} is dispatched by ApiApp")


def with_middleware(app: ASGIApp, layers: Iterable[Any]) -> ASGIApp:
    """Wrap ``app`` in ``layers``, the first one outermost."""
    for layer in reversed(list(layers)):
        app = layer(app)
    return app
