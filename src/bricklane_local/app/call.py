"""What a handler is given: one request, already authenticated, parsed and checked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from bricklane_local.app.errors import invalid, missing

if TYPE_CHECKING:
    from starlette.requests import Request

    from bricklane_local.account.account import Account
    from bricklane_local.cloud import Cloud, Workspace
    from bricklane_local.identity.principals import Principal
    from bricklane_local.identity.scope import Scope

TRUE_WORDS = {"true": True, "1": True, "false": False, "0": False}


@dataclass(slots=True)
class Call:
    """One API request.

    Args:
        request: the HTTP request, for handlers that stream its body or read headers.
        scope: the workspace whose listener received it, or the account.
        caller: the authenticated identity.
        path: the values of the route's path parameters, percent-decoded.
        query: the query parameters; of a repeated one, the last.
        body: the JSON object that was sent, or an empty one.
    """

    request: Request
    scope: Scope
    caller: Principal
    path: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]

    @property
    def workspace(self) -> Workspace:
        """The workspace that is called, for routes that only workspaces have."""
        return cast("Workspace", self.scope)

    @property
    def account(self) -> Account:
        """The account that is called, for routes that only the account has."""
        return cast("Account", self.scope)

    @property
    def cloud(self) -> Cloud:
        """The cloud that is called."""
        return self.scope.cloud

    def required(self, name: str) -> Any:
        """Return the parameter ``name`` of body or query.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE when it is absent, null or an empty string.
        """
        value = self.body.get(name, self.query.get(name))
        if value is None or value == "":
            raise missing(name)
        return value

    def text(self, name: str) -> str:
        """Return the required parameter ``name``, which must be a string."""
        value = self.required(name)
        if not isinstance(value, str):
            raise invalid(f"{name} must be a string, got {value!r}")
        return value

    def integer(
        self,
        name: str,
        default: int | None = None,
        *,
        low: int | None = None,
        high: int | None = None,
    ) -> int:
        """Return ``name`` as a whole number between ``low`` and ``high``, both included.

        Args:
            name: parameter of body or query.
            default: the value when it is absent; None makes it required.
            low: least value accepted, if any.
            high: greatest value accepted, if any.
        """
        value = self.body.get(name, self.query.get(name))
        if value is None or value == "":
            if default is None:
                raise missing(name)
            return default
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise invalid(f"{name} must be a whole number, got {value!r}") from None
        if (low is not None and number < low) or (high is not None and number > high):
            bounds = f"{'' if low is None else low}..{'' if high is None else high}"
            raise invalid(f"{name} must be in {bounds}, got {number}")
        return number

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return ``name`` of body or query as a truth value, or ``default`` when it is absent."""
        value = self.body.get(name, self.query.get(name))
        if value is None or value == "":
            return default
        if isinstance(value, bool):
            return value
        if str(value).lower() not in TRUE_WORDS:
            raise invalid(f"{name} must be true or false, got {value!r}")
        return TRUE_WORDS[str(value).lower()]

    def stream(self) -> AsyncIterator[bytes]:
        """Iterate over the raw request body in pieces as they arrive."""
        return self.request.stream()
