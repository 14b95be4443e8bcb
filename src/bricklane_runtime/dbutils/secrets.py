"""``dbutils.secrets``; what it returns is redacted from then on in every output of the run.

Source: https://docs.databricks.com/en/dev-tools/databricks-utils.html#secrets-utility-dbutilssecrets
"""

from __future__ import annotations

import base64
from collections import namedtuple
from typing import TYPE_CHECKING, Protocol

from bricklane_runtime.dbutils.utility import Utility
from bricklane_runtime.rest import RestError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bricklane_runtime.rest import Rest

SecretMetadata = namedtuple("SecretMetadata", ["key"])


class SecretScope(namedtuple("SecretScope", ["name"])):
    """A secret scope."""

    __slots__ = ()

    def getName(self) -> str:  # noqa: N802 - Databricks' name
        """Return its name."""
        return str(self.name)


class SecretStore(Protocol):
    """Where secrets are."""

    def value(self, scope: str, key: str) -> bytes:
        """Return a secret.

        Raises:
            ValueError: there is none; says what is missing.
        """
        ...

    def keys(self, scope: str) -> list[str]:
        """Return the keys of a scope."""
        ...

    def scopes(self) -> list[str]:
        """Return the names of the scopes."""
        ...


class WorkspaceSecrets:
    """The secrets of a workspace.

    Args:
        rest: the workspace.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def value(self, scope: str, key: str) -> bytes:
        """Return a secret."""
        try:
            answer = self._rest.call("GET", "/api/2.0/secrets/get", scope=scope, key=key)
        except RestError as error:
            if error.status != 404:
                raise
            raise ValueError(
                f"Secret does not exist with scope: {scope} and key: {key} ({error.message})"
            ) from None
        return base64.b64decode(answer["value"])

    def keys(self, scope: str) -> list[str]:
        """Return the keys of a scope."""
        answer = self._rest.call("GET", "/api/2.0/secrets/list", scope=scope)
        return [item["key"] for item in answer.get("secrets", [])]

    def scopes(self) -> list[str]:
        """Return the names of the scopes."""
        answer = self._rest.call("GET", "/api/2.0/secrets/scopes/list")
        return [item["name"] for item in answer.get("scopes", [])]


class Secrets(Utility):
    """Utilities for secrets.

    Args:
        store: where they are.
        hide: keeps a value out of everything that is shown from then on.
    """

    def __init__(self, store: SecretStore, hide: Callable[[str], None]) -> None:
        self._store = store
        self._hide = hide

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802 - Databricks' name
        """Return a secret as bytes."""
        value = self._store.value(scope, key)
        self._hide(value.decode("utf-8", "replace"))
        return value

    def get(self, scope: str, key: str) -> str:
        """Return a secret as text."""
        return self.getBytes(scope, key).decode()

    def list(self, scope: str) -> list[SecretMetadata]:
        """Return the keys of a scope."""
        return [SecretMetadata(key) for key in self._store.keys(scope)]

    def listScopes(self) -> list[SecretScope]:  # type: ignore[valid-type] # noqa: N802
        """Return the scopes of the workspace."""
        return [SecretScope(name) for name in self._store.scopes()]
