"""Routes as data: what each API family lists, and what the ledger of the docs is made from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.responses import Response

from bricklane_local.app.call import Call

Answer = dict[str, Any] | Response | None
Handler = Callable[[Call], Answer | Awaitable[Answer]]


class Fidelity(StrEnum):
    """How much of the cloud's behaviour stands behind a route."""

    REAL = "real"
    STATE_ONLY = "state only"


@dataclass(frozen=True, slots=True)
class Route:
    """One method and path of the API.

    Args:
        method: HTTP method.
        path: path with ``{name}`` and ``{name:path}`` parameters.
        handler: function that answers it; a dict becomes a JSON body, None an empty object.
        sdk: ``module.Class.method`` of ``databricks.sdk.service`` whose parameters a JSON body
            must fit, or ``module.Class`` of a data class that it must be; None where the SDK has
            neither.
        fidelity: how real the answer is.
        raw: the body is not JSON and the handler reads it from the stream.
        public: answered without credentials.
        proved_by: the client whose use of this route the tests exercise.
        note: for the ledger, what a user should know about this route's limits.
    """

    method: str
    path: str
    handler: Handler
    sdk: str | None = None
    fidelity: Fidelity = Fidelity.REAL
    raw: bool = False
    public: bool = False
    proved_by: str = ""
    note: str = ""


def versions(path: str, *numbers: str) -> list[str]:
    """Return ``path`` once for each API version number, put where it says ``{version}``."""
    return [path.replace("{version}", number) for number in numbers]
