"""Keeps secrets.

Source: https://docs.databricks.com/api/workspace/secrets. Values are stored in the state folder,
which only its owner may read; they never appear in logs, and notebooks redact them.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.store.database import DuplicateKeyError

if TYPE_CHECKING:
    from bricklane_local.identity.principals import Principal
    from bricklane_local.store.clock import Clock
    from bricklane_local.store.database import Space

SCOPE, SECRET, ACL = "secret_scope", "secret", "secret_acl"
NAME = re.compile(r"[A-Za-z0-9_\-.@ /]{1,128}")
MAXIMUM_SCOPES = 1000
MAXIMUM_SECRETS = 1000
MAXIMUM_VALUE_BYTES = 128 * 1024
LEVELS = ("READ", "WRITE", "MANAGE")


class Secrets:
    """The secret scopes of one workspace.

    Args:
        space: where they are stored.
        clock: for times of change.
    """

    def __init__(self, space: Space, clock: Clock) -> None:
        self._space = space
        self._clock = clock

    def create_scope(self, name: str, caller: Principal, manager: str | None) -> None:
        """Make a scope.

        Args:
            name: of the scope.
            caller: gets MANAGE on it, unless ``manager`` is given.
            manager: principal that gets MANAGE; the API takes only ``users``.

        Raises:
            ApiError: when the name is taken or not allowed, or there are too many scopes.
        """
        _check_name("scope", name)
        if manager not in (None, "", "users"):
            raise invalid(f"initial_manage_principal can only be 'users', got {manager!r}")
        if self._space.count(SCOPE) >= MAXIMUM_SCOPES:
            raise ApiError("RESOURCE_LIMIT_EXCEEDED", f"At most {MAXIMUM_SCOPES} scopes can exist")
        with self._space.database.transaction():
            try:
                self._space.insert(SCOPE, name, {"name": name, "backend_type": "DATABRICKS"})
            except DuplicateKeyError:
                message = f"Scope {name} already exists!"
                raise ApiError("RESOURCE_ALREADY_EXISTS", message) from None
            self.put_acl(name, manager or caller.user_name, "MANAGE")

    def _require_scope(self, name: str) -> None:
        if self._space.get(SCOPE, name) is None:
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"Scope {name} does not exist!")

    def require(self, scope: str, caller: Principal, level: str) -> None:
        """Refuse who does not hold a level on a scope, for itself or by a group.

        Args:
            scope: which.
            caller: who asks; administrators hold every level.
            level: one of :data:`LEVELS`; a later one includes those before it.

        Raises:
            ApiError: PERMISSION_DENIED; RESOURCE_DOES_NOT_EXIST when there is no such scope.
        """
        self._require_scope(scope)
        if caller.is_admin:
            return
        names = {caller.user_name, *caller.groups}
        held = [entry["permission"] for entry in self.acls(scope) if entry["principal"] in names]
        if not any(LEVELS.index(found) >= LEVELS.index(level) for found in held):
            raise ApiError(
                "PERMISSION_DENIED",
                f"{caller.user_name} does not have {level} permission on scope {scope}",
            )

    def scopes(self) -> list[dict[str, Any]]:
        """Return all scopes by name."""
        return [document.body for document in self._space.select(SCOPE)]

    def delete_scope(self, name: str) -> None:
        """Delete a scope with its secrets and access control list."""
        self._require_scope(name)
        with self._space.database.transaction():
            self._space.delete_children(SECRET, name)
            self._space.delete_children(ACL, name)
            self._space.delete(SCOPE, name)

    def put(self, scope: str, key: str, text: str | None, encoded: str | None) -> None:
        """Store a secret, replacing the one with the same key.

        Args:
            scope: of the secret.
            key: of the secret.
            text: its value as text; exactly one of this and ``encoded`` is given.
            encoded: its value as Base64.

        Raises:
            ApiError: when the scope is missing, or key or value are not allowed.
        """
        self._require_scope(scope)
        _check_name("key", key)
        if (text is None) == (encoded is None):
            raise invalid("Exactly one of string_value and bytes_value must be given")
        value = encoded if encoded is not None else base64.b64encode((text or "").encode()).decode()
        try:
            size = len(base64.b64decode(value, validate=True))
        except binascii.Error:
            raise invalid("bytes_value is not Base64") from None
        if size > MAXIMUM_VALUE_BYTES:
            raise invalid(f"The secret is {size} bytes; at most {MAXIMUM_VALUE_BYTES} are allowed")
        full = _key(scope, key)
        taken = self._space.count(SECRET, parent=scope) >= MAXIMUM_SECRETS
        if taken and self._space.get(SECRET, full) is None:
            raise ApiError(
                "RESOURCE_LIMIT_EXCEEDED", f"Scope {scope} has {MAXIMUM_SECRETS} secrets, the most"
            )
        body = {"key": key, "value": value, "last_updated_timestamp": self._clock.now()}
        self._space.put(SECRET, full, body, parent=scope)

    def get(self, scope: str, key: str) -> dict[str, Any]:
        """Return key and Base64 value of a secret."""
        self._require_scope(scope)
        body = self._space.get(SECRET, _key(scope, key))
        if body is None:
            message = f"Secret does not exist with scope: {scope} and key: {key}"
            raise ApiError("RESOURCE_DOES_NOT_EXIST", message)
        return {"key": key, "value": body["value"]}

    def keys(self, scope: str) -> list[dict[str, Any]]:
        """Return the keys of a scope's secrets with their times of change, not their values."""
        self._require_scope(scope)
        return [
            {name: value for name, value in document.body.items() if name != "value"}
            for document in self._space.select(SECRET, parent=scope)
        ]

    def delete(self, scope: str, key: str) -> None:
        """Delete a secret."""
        self.get(scope, key)
        self._space.delete(SECRET, _key(scope, key))

    def put_acl(self, scope: str, principal: str, level: str) -> None:
        """Set what a principal may do with a scope."""
        self._require_scope(scope)
        if level not in LEVELS:
            raise invalid(f"permission must be one of {', '.join(LEVELS)}; got {level!r}")
        body = {"principal": principal, "permission": level}
        self._space.put(ACL, _key(scope, principal), body, parent=scope)

    def get_acl(self, scope: str, principal: str) -> dict[str, Any]:
        """Return what a principal may do with a scope."""
        self._require_scope(scope)
        body = self._space.get(ACL, _key(scope, principal))
        if body is None:
            message = f"Principal {principal} has no permission on scope {scope}"
            raise ApiError("RESOURCE_DOES_NOT_EXIST", message)
        return body

    def acls(self, scope: str) -> list[dict[str, Any]]:
        """Return the whole access control list of a scope."""
        self._require_scope(scope)
        return [document.body for document in self._space.select(ACL, parent=scope)]

    def delete_acl(self, scope: str, principal: str) -> None:
        """Take all permissions on a scope from a principal."""
        self.get_acl(scope, principal)
        self._space.delete(ACL, _key(scope, principal))


def _key(scope: str, name: str) -> str:
    return f"{scope}\0{name}"


def _check_name(what: str, name: str) -> None:
    if not NAME.fullmatch(name):
        raise invalid(
            f"The {what} name {name!r} must be 1 to 128 letters, digits, dashes, underscores, "
            "periods, '@', '/' or spaces"
        )
