"""Principals and personal access tokens.

Source: https://docs.databricks.com/api/workspace/tokens and the SCIM 2.0 schemas (RFC 7643).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace

from bricklane_local.app.errors import ApiError
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database

TOKEN_PREFIX = "dapi"  # noqa: S105  (a marker by which secret scanners know these tokens)
ADMINISTRATOR = "developer@bricklane.local"


@dataclass(frozen=True, slots=True)
class Principal:
    """An identity that may call the API.

    Args:
        id: numeric SCIM id, as text.
        user_name: e-mail address of a user.
        display_name: name for people.
        groups: names of the groups it belongs to.
        task_run_id: the task run that calls on its behalf, 0 for none.
    """

    id: str
    user_name: str
    display_name: str
    groups: tuple[str, ...] = ("admins", "users")
    task_run_id: int = 0
    home: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "home", f"/Users/{self.user_name}")


def digest(token: str) -> str:
    """Return what is stored of a token: its SHA-256, of no use to whoever reads the state."""
    return hashlib.sha256(token.encode()).hexdigest()


class Identities:
    """The principals of one cloud and their tokens.

    Args:
        database: where both are kept; tokens only as digests.
        clock: decides whether a token has expired.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._space = database.space("identity")
        self._clock = clock
        # Tokens of runs live only as long as this process, as their runs do.
        self._run_tokens: dict[str, Principal] = {}
        self._known: dict[str, Principal] = {}

    def ensure_user(self, user_name: str, display_name: str) -> Principal:
        """Return the user called ``user_name``, made on first use."""
        body = self._space.get("user", user_name)
        if body is None:
            number = self._space.database.next_number("principal", first=1_000_000_001)
            body = {"id": str(number), "user_name": user_name, "display_name": display_name}
            self._space.insert("user", user_name, body)
        return Principal(body["id"], body["user_name"], body["display_name"])

    def find_user(self, user_name: str) -> Principal | None:
        """Return the user called ``user_name``, or None."""
        body = self._space.get("user", user_name)
        if body is None:
            return None
        return Principal(body["id"], body["user_name"], body["display_name"])

    def issue_token(self, principal: Principal, comment: str, expiry_time: int = -1) -> str:
        """Make a personal access token; its value can never be read again.

        Args:
            principal: whom it stands for.
            comment: what it is for.
            expiry_time: milliseconds since the epoch, or -1 for never.
        """
        token = TOKEN_PREFIX + secrets.token_hex(16)
        body = {
            "user_name": principal.user_name,
            "comment": comment,
            "creation_time": self._clock.now(),
            "expiry_time": expiry_time,
        }
        self._space.insert("token", digest(token), body, parent=principal.user_name)
        return token

    def issue_run_token(self, user_name: str, task_run_id: int) -> str:
        """Make a token for one task run, valid until revoked or until the server ends.

        Args:
            user_name: of the user that the run acts as; one who left is remembered by name.
            task_run_id: of the task run.
        """
        token = TOKEN_PREFIX + secrets.token_hex(16)
        user = self.find_user(user_name) or Principal("", user_name, user_name, groups=())
        self._run_tokens[digest(token)] = replace(user, task_run_id=task_run_id)
        return token

    def revoke_run_token(self, token: str) -> None:
        """Make a run's token useless."""
        self._run_tokens.pop(digest(token), None)

    def is_valid(self, token: str) -> bool:
        """Say whether ``token`` would be accepted now."""
        try:
            self.authenticate(token)
        except ApiError:
            return False
        return True

    def authenticate(self, token: str) -> Principal:
        """Return whom ``token`` stands for.

        Raises:
            ApiError: UNAUTHENTICATED when it is unknown or has expired; 401 as clients expect.
        """
        key = digest(token)
        if key in self._run_tokens:
            return self._run_tokens[key]
        body = self._space.get("token", key)
        if body is None:
            raise ApiError("UNAUTHENTICATED", "Invalid access token: it is not known here")
        if 0 <= body["expiry_time"] <= self._clock.now():
            raise ApiError("UNAUTHENTICATED", "The access token has expired")
        user_name = body["user_name"]
        if user_name not in self._known:
            user = self.find_user(user_name)
            if user is None:
                raise ApiError("UNAUTHENTICATED", f"The user {user_name} of this token is gone")
            self._known[user_name] = user
        return self._known[user_name]
