"""Git over HTTP: git's own ``http-backend`` as a CGI program behind ASGI, streaming both ways.

Source: https://git-scm.com/docs/git-http-backend and https://git-scm.com/docs/http-protocol
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from starlette.responses import PlainTextResponse

from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.git.backend import Backend, Request
from bricklane_local.forge.git.failures import MissingObject
from bricklane_local.forge.git.model import Actor

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

LOGGER = logging.getLogger(__name__)
PATH = re.compile(
    r"/(?P<owner>[A-Za-z0-9][A-Za-z0-9-]*(?:\[bot\])?)/(?P<name>[A-Za-z0-9._-]+?)(?:\.git)?/"
    r"(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)
PROTOCOL = re.compile(r"[A-Za-z0-9=:._-]{1,100}")
SERVICES = ("git-upload-pack", "git-receive-pack")


@dataclass(frozen=True, slots=True)
class Opened:
    """A repository that somebody may use.

    Args:
        repository: its number.
        actor: who; None for a stranger who reads a public repository.
    """

    repository: int
    actor: Actor | None


class Access(Protocol):
    """Decides who may fetch and push."""

    def open(self, owner: str, name: str, authorization: str | None, *, write: bool) -> Opened:
        """Return the repository.

        Args:
            owner: login in the URL.
            name: of the repository, without ``.git``.
            authorization: the header, if one was sent.
            write: whether it is for a push.

        Raises:
            ForgeApiError: 401 when credentials are missing or wrong, 403 when the right is missing,
                404 when there is no such repository for this caller.
        """


class GitHttp:
    """The ASGI application of ``/OWNER/REPO(.git)/info/refs`` and its two services.

    Args:
        backend: runs git.
        access: decides.
    """

    def __init__(self, backend: Backend, access: Access) -> None:
        self._backend = backend
        self._access = access

    @staticmethod
    def serves(path: str) -> bool:
        """Say whether ``path`` is one of git's."""
        return PATH.fullmatch(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request."""
        try:
            await self._serve(scope, receive, send)
        except ForgeApiError as error:
            headers = dict(error.headers)
            if error.status == 401:
                headers["WWW-Authenticate"] = 'Basic realm="bricklane"'
            await PlainTextResponse(f"{error.message}\n", error.status, headers)(
                scope, receive, send
            )

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = PATH.fullmatch(scope["path"])
        if found is None:
            raise ForgeApiError(404, "Not Found")
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        service = _service(scope, found["service"])
        write = service == "git-receive-pack"
        opened = self._access.open(
            found["owner"], found["name"], headers.get("authorization"), write=write
        )
        request = Request(
            repository=opened.repository,
            service=service,
            advertise=found["service"] == "info/refs",
            variables=_variables(headers),
            address=(scope.get("client") or ("",))[0],
        )
        try:
            if write and not request.advertise:
                if opened.actor is None:
                    raise ForgeApiError(401, "Pushing needs credentials")
                await self._backend.push(request, opened.actor, receive, send)
            else:
                await self._backend.fetch(request, receive, send)
        except MissingObject as error:
            raise ForgeApiError(404, error.message) from None


def _service(scope: Scope, last: str) -> str:
    if last == "info/refs":
        query = scope["query_string"].decode("latin-1")
        name = query.removeprefix("service=")
        if scope["method"] != "GET" or name not in SERVICES or name == query:
            raise ForgeApiError(403, "Only git's smart protocol is served: use git 1.6.6 or newer")
        return str(name)
    if scope["method"] != "POST":
        raise ForgeApiError(405, "Method Not Allowed", headers={"Allow": "POST"})
    return last


def _variables(headers: dict[str, str]) -> dict[str, str]:
    """Return what git learns of the request's headers, checked: it becomes its environment."""
    protocol = headers.get("git-protocol", "")
    encoding = headers.get("content-encoding", "")
    length = headers.get("content-length", "")
    found = {}
    if PROTOCOL.fullmatch(protocol):
        found["GIT_PROTOCOL"] = protocol
    if encoding in ("gzip", "x-gzip"):
        found["HTTP_CONTENT_ENCODING"] = encoding
    elif encoding not in ("", "identity"):
        raise ForgeApiError(415, f"Content-Encoding {encoding} is not known here: use gzip")
    if length.isascii() and length.isdigit() and len(length) < 19:
        found["CONTENT_LENGTH"] = length
    content = headers.get("content-type", "")
    if re.fullmatch(r"[a-z0-9/.+-]{1,100}", content):
        found["CONTENT_TYPE"] = content
    return found
