"""Test controls under one reserved prefix: planted faults, the clock, the request log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bricklane_local.app.asgi import json_response
from bricklane_local.app.call import Call
from bricklane_local.app.errors import STATUS, ApiError, invalid
from bricklane_local.app.routing import Route

PREFIX = "/_bricklane"
MOMENTS = ("before", "after")


@dataclass(slots=True)
class Fault:
    """A failure that a test has planted.

    Args:
        method: HTTP method that it hits.
        path: regular expression that the whole path must match.
        when: ``before`` the effect, or ``after`` it (the answer is lost, the effect stays).
        code: error code that is answered.
        status: HTTP status that is answered.
        remaining: how many more requests it hits.
    """

    method: str
    path: re.Pattern[str]
    when: str
    code: str
    status: int
    remaining: int

    def hits(self, scope: Scope, when: str) -> bool:
        """Say whether this fault takes the request, and use up one of its turns if so."""
        if self.remaining <= 0 or when != self.when or scope["method"] != self.method:
            return False
        if not self.path.fullmatch(scope["path"]):
            return False
        self.remaining -= 1
        return True


class Faults:
    """The faults planted in one cloud."""

    def __init__(self) -> None:
        self.planted: list[Fault] = []

    def layer(self, app: ASGIApp) -> ASGIApp:
        """Return ``app`` with the planted faults put around it."""

        async def faulty(scope: Scope, receive: Receive, send: Send) -> None:
            fault = self._hit(scope, "before")
            if fault is None:
                fault = self._hit(scope, "after")
                if fault is None:
                    await app(scope, receive, send)
                    return
                await app(scope, receive, _drop)
            error = ApiError(fault.code, f"planted fault {fault.when} the effect")
            await json_response(error.body(), fault.status)(scope, receive, send)

        return faulty

    def _hit(self, scope: Scope, when: str) -> Fault | None:
        return next((fault for fault in self.planted if fault.hits(scope, when)), None)


async def _drop(message: Message) -> None:
    del message


def plant(call: Call) -> None:
    """Plant a fault: ``{method, path, when, error_code, times, status}``."""
    when, code = call.body.get("when", "before"), call.body.get("error_code", "INTERNAL_ERROR")
    if when not in MOMENTS:
        raise invalid(f"when must be one of {', '.join(MOMENTS)}; got {when!r}")
    if code not in STATUS:
        raise invalid(f"error_code {code!r} is not one of {', '.join(STATUS)}")
    try:
        path = re.compile(call.text("path"))
    except re.error as error:
        raise invalid(f"path is not a regular expression: {error}") from None
    status, times = call.integer("status", STATUS[code]), call.integer("times", 1, low=1)
    fault = Fault(call.text("method").upper(), path, when, code, status, times)
    call.cloud.faults.planted.append(fault)


def clear(call: Call) -> None:
    """Remove all planted faults."""
    call.cloud.faults.planted.clear()


def move_clock(call: Call) -> dict[str, Any]:
    """Shift the cloud's time by ``milliseconds`` from now on."""
    call.cloud.clock.move(call.integer("milliseconds"))
    return {"now": call.cloud.clock.now()}


def recent_requests(call: Call) -> dict[str, Any]:
    """Return the latest entries of the request log, oldest first."""
    return {"requests": list(call.cloud.request_log.recent)}


ROUTES = [
    Route("POST", f"{PREFIX}/faults", plant),
    Route("DELETE", f"{PREFIX}/faults", clear),
    Route("POST", f"{PREFIX}/clock", move_clock),
    Route("GET", f"{PREFIX}/requests", recent_requests),
]
