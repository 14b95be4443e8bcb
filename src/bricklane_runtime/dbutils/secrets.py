"""``dbutils.secrets``; what it returns is redacted from then on in every output of the run.

Source: https://docs.databricks.com/en/dev-tools/databricks-utils.html#secrets-utility-dbutilssecrets
"""

from __future__ import annotations

import base64
from collections import namedtuple
from typing import TYPE_CHECKING

from bricklane_runtime.dbutils.utility import Utility
from bricklane_runtime.rest import RestError

if TYPE_CHECKING:
    from bricklane_runtime.rest import Rest
    from bricklane_runtime.task import Vault

SecretMetadata = namedtuple("SecretMetadata", ["key"])


class SecretScope(namedtuple("SecretScope", ["name"])):
    """A secret scope."""

    __slots__ = ()

    def getName(self) -> str:  # noqa: N802 - Databricks' name
        """Return its name."""
        return str(self.name)


class Secrets(Utility):
    """Utilities for secrets.

    Args:
        rest: the workspace.
        vault: where values are registered to be hidden.
    """

    def __init__(self, rest: Rest, vault: Vault) -> None:
        self._rest = rest
        self._vault = vault

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802 - Databricks' name
        """Return a secret as bytes."""
        try:
            answer = self._rest.call("GET", "/api/2.0/secrets/get", scope=scope, key=key)
        except RestError as error:
            if error.status != 404:
                raise
            raise ValueError(
                f"Secret does not exist with scope: {scope} and key: {key} ({error.message})"
            ) from None
        value = base64.b64decode(answer["value"])
        self._vault.hide(value.decode("utf-8", "replace"))
        return value

    def get(self, scope: str, key: str) -> str:
        """Return a secret as text."""
        return self.getBytes(scope, key).decode()

    def list(self, scope: str) -> list[SecretMetadata]:
        """Return the keys of a scope."""
        answer = self._rest.call("GET", "/api/2.0/secrets/list", scope=scope)
        return [SecretMetadata(item["key"]) for item in answer.get("secrets", [])]

    def listScopes(self) -> list[SecretScope]:  # type: ignore[valid-type] # noqa: N802
        """Return the scopes of the workspace."""
        answer = self._rest.call("GET", "/api/2.0/secrets/scopes/list")
        return [SecretScope(item["name"]) for item in answer.get("scopes", [])]
