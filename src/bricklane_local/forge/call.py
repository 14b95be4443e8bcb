"""What a handler is given: one request, authenticated, authorised and parsed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.errors import bad_request, malformed, missing, not_found

if TYPE_CHECKING:
    from starlette.requests import Request

    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository
    from bricklane_local.forge.users.model import Caller


@dataclass(slots=True)
class ForgeCall:
    """One request to the forge.

    Args:
        request: the HTTP request, for handlers that stream its body or read headers.
        forge: the state and its services.
        caller: who calls, with which limits.
        path: values of the route's path parameters, percent-decoded.
        query: query parameters; of a repeated one, the last.
        json: the parsed body; an empty object when none was sent.
        found: the repository that the path names, if it does.
    """

    request: Request
    forge: Forge
    caller: Caller
    path: dict[str, str]
    query: dict[str, str]
    json: Any
    found: Repository | None

    @property
    def repository(self) -> Repository:
        """The repository of a path with ``{owner}/{repo}``."""
        if self.found is None:
            raise not_found()
        return self.found

    @property
    def body(self) -> dict[str, Any]:
        """The body, which must be a JSON object."""
        if not isinstance(self.json, dict):
            raise bad_request("Body should be a JSON object")
        return self.json

    def number(self, name: str) -> int:
        """Return the path parameter ``name`` as a number; what is none does not exist."""
        value = self.path[name]
        if not value.isascii() or not value.isdigit() or len(value) > 18:
            raise not_found()
        return int(value)

    def text(self, name: str) -> str:
        """Return the body's string ``name``, which must be there."""
        value = self.optional_text(name)
        if value is None:
            raise missing(name)
        return value

    def optional_text(self, name: str) -> str | None:
        """Return the body's string ``name``, or None when it is absent or null."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, str):
            raise malformed(name, value, "is not a string")
        return value

    def flag(self, name: str) -> bool | None:
        """Return the body's truth value ``name``, or None when it is absent or null."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, bool):
            raise malformed(name, value, "is not a boolean")
        return value

    def integer(self, name: str) -> int | None:
        """Return the body's whole number ``name``, or None when it is absent or null."""
        value = self.body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise malformed(name, value, "is not an integer")
        return value

    def choice(self, name: str, allowed: Sequence[str]) -> str | None:
        """Return the body's string ``name``, one of ``allowed``, or None when it is absent."""
        value = self.optional_text(name)
        if value is not None and value not in allowed:
            raise malformed(name, value, f"is not a member of [{', '.join(allowed)}]")
        return value

    def texts(self, name: str) -> list[str] | None:
        """Return the body's list of strings ``name``, or None when it is absent or null."""
        value = self._list(name)
        if value is not None and not all(isinstance(item, str) for item in value):
            raise malformed(name, value, "is not a list of strings")
        return value

    def objects(self, name: str) -> list[dict[str, Any]] | None:
        """Return the body's list of objects ``name``, or None when it is absent or null."""
        value = self._list(name)
        if value is not None and not all(isinstance(item, dict) for item in value):
            raise malformed(name, value, "is not a list of objects")
        return value

    def mapping(self, name: str) -> dict[str, Any] | None:
        """Return the body's object ``name``, or None when it is absent or null."""
        value = self.body.get(name)
        if value is not None and not isinstance(value, dict):
            raise malformed(name, value, "is not an object")
        return value

    def _list(self, name: str) -> list[Any] | None:
        value = self.body.get(name)
        if value is not None and not isinstance(value, list):
            raise malformed(name, value, "is not an array")
        return value

    def stream(self) -> AsyncIterator[bytes]:
        """Iterate over the raw request body in pieces as they arrive."""
        return self.request.stream()
