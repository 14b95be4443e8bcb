"""Connections to other systems; what they lead to cannot be had here.

Source: https://docs.databricks.com/api/workspace/connections.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.kinds import CONNECTION
from bricklane_local.catalog.metastore import Metastore, text_map
from bricklane_local.catalog.privileges import CREATE_CONNECTION
from bricklane_local.catalog.toplevel import Change, TopLevel

# Options that are secret: the API never answers them, so they are not kept either.
SECRETS = frozenset(
    (
        "access_token",
        "bearer_token",
        "client_secret",
        "googleserviceaccountkeyjson",
        "oauthpvtkey",
        "password",
        "pem_private_key",
        "personalaccesstoken",
        "user",
    )
)


class Connections(TopLevel):
    """The connections."""

    def __init__(self) -> None:
        fields = ("connection_type", "options", "comment", "properties", "read_only")
        super().__init__(CONNECTION, CREATE_CONNECTION, fields, fixed=("connection_type",))

    def info(self, metastore: Metastore, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the ``ConnectionInfo`` of a stored connection."""
        return {
            "read_only": False,
            "provisioning_info": {"state": "ACTIVE"},
            **super().info(metastore, name, body),
        }

    def prepare(self, change: Change) -> dict[str, Any]:
        """Return the fields without secret options.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE without a connection type or options.
        """
        for field in ("connection_type", "options"):
            if not change.before and not change.fields.get(field):
                raise invalid(f"Missing required field: {field}")
        stored = dict(change.fields)
        for field in ("options", "properties"):
            if field in stored:
                texts = text_map(stored[field], field)
                stored[field] = {k: v for k, v in texts.items() if k.lower() not in SECRETS}
        return stored


CONNECTIONS = Connections()
