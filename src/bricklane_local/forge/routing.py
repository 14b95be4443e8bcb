"""The forge's routes as data: what each family lists, and what the ledger is made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from starlette.responses import Response

from bricklane_local.app.routing import Fidelity
from bricklane_local.forge.call import ForgeCall

__all__ = ["Answer", "Base", "Fidelity", "ForgeRoute", "Listing", "Reply", "created"]


class Base(StrEnum):
    """Where a route's path begins."""

    API = "/api/v3"
    UPLOADS = "/api/uploads"
    GRAPHQL = "/api/graphql"
    SERVICES = "/_services"
    WEB = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """A JSON answer with a status of its own.

    Args:
        status: HTTP status.
        body: JSON value; None for an empty body.
        headers: more headers.
    """

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


def created(body: Any) -> Reply:
    """Return the answer for something that was made."""
    return Reply(201, body)


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of which the answer shows one page, with a Link header to the others.

    Args:
        items: all of them, in order.
        wire: makes JSON of one.
        wrap: key of the list in an object with ``total_count``; empty for a bare list.
    """

    items: Sequence[Any]
    wire: Callable[[Any], Any] = lambda item: item
    wrap: str = ""


Answer = dict[str, Any] | list[Any] | Listing | Reply | Response | None
Handler = Callable[[ForgeCall], Answer | Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class ForgeRoute:
    """One method and path of the forge.

    A path with ``{owner}`` and ``{repo}`` gets ``call.repository``; who may not see it is answered
    404 before the handler runs.

    Args:
        method: HTTP method; GET answers HEAD too.
        path: with ``{name}`` (one segment), ``{name:int}`` (digits) and ``{name:path}`` (any)
            parameters, below ``base``.
        handler: answers it: a dict or list is 200, None 204.
        needs: permissions of which a limited token must hold one, such as ``contents:write``.
        role: what the user must be in the repository (see ``ROLES``); by default what the first
            of ``needs`` asks of a person.
        base: the prefix of the path.
        fidelity: how real the answer is.
        raw: the body is no JSON, and the handler reads it from the stream.
        public: answered without credentials, or with such as only its handler knows.
        proved_by: the client whose use of this route the tests exercise.
        note: for the ledger, what a user should know about this route's limits.
    """

    method: str
    path: str
    handler: Handler
    needs: tuple[str, ...] = ()
    role: str = ""
    base: Base = Base.API
    fidelity: Fidelity = Fidelity.REAL
    raw: bool = False
    public: bool = False
    proved_by: str = "PyGithub"
    note: str = ""
