"""The forge's ASGI application: routes matched, callers checked, one error shape."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Awaitable, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from bricklane_local.forge import access
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, bad_request, malformed
from bricklane_local.forge.git.failures import GitFailure
from bricklane_local.forge.routing import Answer, Base, ForgeRoute, Listing, Reply
from bricklane_local.forge.users.model import Caller

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

LOGGER = logging.getLogger(__name__)
JSON_LIMIT = 25 * 1024 * 1024
PAGE_SIZE, LARGEST_PAGE = 30, 100
# Below these, refusals are JSON; people read the others.
FOR_PROGRAMS = ("/api/", f"{Base.SERVICES}/")
PARAMETER = re.compile(r"\{(\w+)(?::(path|int))?\}")
CONVERTERS = {"path": ".+", "int": "[0-9]+"}
# https://docs.github.com/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation
EXPIRATION = "GitHub-Authentication-Token-Expiration"
SCOPES = "admin:org, delete_repo, repo, workflow"


class ForgeApp:
    """Answers for one forge: its API, its uploads, git and pages.

    Args:
        forge: whose state the handlers act on.
        routes: the routes of all families; of those that match, the first wins.
    """

    def __init__(self, forge: Forge, routes: Iterable[ForgeRoute]) -> None:
        self._forge = forge
        self._routes: dict[str, list[tuple[re.Pattern[str], ForgeRoute]]] = {}
        for route in routes:
            pattern = compiled(route.base + route.path)
            self._routes.setdefault(route.method, []).append((pattern, route))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request; an ASGI application's only method."""
        if self._forge.git_http.serves(scope["path"]):
            await self._forge.git_http(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            response = await self._answer(request)
        except ForgeApiError as error:
            response = _refusal(request, error)
        except GitFailure as failure:
            response = _refusal(request, ForgeApiError(422, failure.message))
        except Exception:
            LOGGER.exception("%s %s failed", request.method, request.url.path)
            message = f"{request.method} {request.url.path} failed; see `bricklane local logs`"
            response = _refusal(request, ForgeApiError(500, message))
        response.headers["X-GitHub-Media-Type"] = "github.v3; format=json"
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        route, path = self._match(request)
        caller = self._forge.users.nobody if route.public else self._authenticate(request)
        repository = self._check(request, route, caller, path)
        json = {} if route.raw else await _json(request)
        query = dict(request.query_params)
        call = ForgeCall(request, self._forge, caller, path, query, json, repository)
        outcome = route.handler(call)
        answer: Answer = await outcome if isinstance(outcome, Awaitable) else outcome
        response = answer if isinstance(answer, Response) else _rendered(call, answer)
        if caller.permissions is None and route.base is Base.API:
            response.headers["X-OAuth-Scopes"] = SCOPES
        if caller.expires_at >= 0:
            ends = datetime.fromtimestamp(caller.expires_at / 1000, UTC)
            response.headers[EXPIRATION] = f"{ends:%Y-%m-%d %H:%M:%S} UTC"
        return response

    def _match(self, request: Request) -> tuple[ForgeRoute, dict[str, str]]:
        method = "GET" if request.method == "HEAD" else request.method
        path = request.scope["path"].rstrip("/") or "/"
        for pattern, route in self._routes.get(method, ()):
            found = pattern.fullmatch(path)
            if found is not None:
                return route, found.groupdict()
        self._authenticate(request)
        if not path.startswith("/api/"):
            raise ForgeApiError(404, "Not Found")
        raise ForgeApiError(
            501,
            f"The local forge does not implement {request.method} {path}. "
            "docs/ledger.md lists what it does.",
        )

    def _authenticate(self, request: Request) -> Caller:
        header = request.headers.get("authorization", "")
        cross_site = request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        if cross_site and request.method not in access.SAFE_METHODS:
            # A browser adds Basic credentials to a form that another site's page submits.
            raise ForgeApiError(403, "Requests from other sites may only read")
        return self._forge.users.authenticate(access.token_of(header))

    def _check(
        self, request: Request, route: ForgeRoute, caller: Caller, path: dict[str, str]
    ) -> Repository | None:
        if route.public:
            return None
        if "owner" in path and "repo" in path:
            return access.repository_for(
                self._forge, route, caller, path["owner"], path["repo"], request.method
            )
        access.check_token(route, caller)
        return None


def compiled(path: str) -> re.Pattern[str]:
    """Return the regular expression of a route's path."""
    parts, end = [], 0
    for found in PARAMETER.finditer(path):
        parts.append(re.escape(path[end : found.start()]))
        parts.append(f"(?P<{found[1]}>{CONVERTERS.get(found[2], '[^/]+')})")
        end = found.end()
    return re.compile("".join([*parts, re.escape(path[end:])]))


async def _json(request: Request) -> Any:
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > JSON_LIMIT:
            raise ForgeApiError(413, f"The request body exceeds {JSON_LIMIT} bytes")
        pieces.append(piece)
    content = b"".join(pieces)
    if not content.strip():
        return {}
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise bad_request("Problems parsing JSON") from None


def _rendered(call: ForgeCall, answer: Answer) -> Response:
    if answer is None:
        return Response(status_code=204)
    if isinstance(answer, Listing):
        answer = _page(call, answer)
    reply = answer if isinstance(answer, Reply) else Reply(200, answer)
    if reply.body is None:
        return Response(status_code=reply.status, headers=reply.headers)
    content = orjson.dumps(reply.body)
    headers = dict(reply.headers)
    if reply.status == 200 and call.request.method in access.SAFE_METHODS:
        etag = f'W/"{hashlib.sha256(content).hexdigest()}"'
        headers |= {"ETag": etag, "Cache-Control": "private, max-age=0"}
        if call.request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
    return Response(content, reply.status, headers, media_type="application/json; charset=utf-8")


def _page(call: ForgeCall, listing: Listing) -> Reply:
    size = min(_natural(call, "per_page", PAGE_SIZE), LARGEST_PAGE)
    number = _natural(call, "page", 1)
    shown = listing.items[(number - 1) * size : number * size]
    body: Any = [listing.wire(item) for item in shown]
    if listing.wrap:
        body = {"total_count": len(listing.items), listing.wrap: body}
    last = max(1, -(-len(listing.items) // size))
    targets: dict[str, int] = {}
    if number > 1:
        targets |= {"prev": min(number - 1, last), "first": 1}
    if number < last:
        targets |= {"next": number + 1, "last": last}
    url = f"{call.forge.url}{call.request.scope['path']}"
    links = [
        f'<{url}?{urlencode(call.query | {"page": page})}>; rel="{relation}"'
        for relation, page in targets.items()
    ]
    return Reply(200, body, {"Link": ", ".join(links)} if links else {})


def _natural(call: ForgeCall, name: str, default: int) -> int:
    value = call.query.get(name, "")
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 9:
        raise malformed(name, value, "is not a positive integer")
    return int(value) or default


def _refusal(request: Request, error: ForgeApiError) -> Response:
    headers = dict(error.headers)
    if request.scope["path"].startswith(FOR_PROGRAMS):
        return Response(
            orjson.dumps(error.body()),
            error.status,
            headers,
            media_type="application/json; charset=utf-8",
        )
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="bricklane forge", charset="UTF-8"'
    from html import escape

    message = escape(f"{error.status} {error.message}")
    headers["Content-Security-Policy"] = "default-src 'none'"
    return HTMLResponse(
        f"<!doctype html><title>{message}</title><p>{message}", error.status, headers
    )
