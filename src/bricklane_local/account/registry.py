"""Which workspaces the account has: a document each, and the states they go through.

Source: https://docs.databricks.com/api/account/workspaces.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database

KIND, SEEDED, PORT = "workspace", "workspaces_seeded", "port"
# Names by which the cloud calls something else: spaces of its database and profiles of its config.
RESERVED = frozenset(
    {"account", "default", "forge", "forge-git", "identity", "metastore", "workspace"}
)
NAME_LIMIT = 64
# Parts of a workspace that only the customer's own cloud account can provide.
CUSTOMER_CLOUD = (
    "credentials_id",
    "storage_configuration_id",
    "network_id",
    "private_access_settings_id",
    "customer_managed_key_id",
    "managed_services_customer_managed_key_id",
    "storage_customer_managed_key_id",
    "cloud_resource_container",
    "gcp_managed_network_config",
    "gke_config",
)
# What of a request is kept and shown as it was given.
KEPT = ("aws_region", "location", "custom_tags", "pricing_tier", "network_connectivity_config_id")


class Status(StrEnum):
    """States of a workspace, as the API names them."""

    PROVISIONING = "PROVISIONING"
    RUNNING = "RUNNING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """A workspace of the account.

    Args:
        name: its key in this cloud: profile, folder, and name of its catalog.
        id: the numeric workspace id.
        port: the port that its listener takes unless told otherwise; 0 for any.
        kept: whether the port that it once took stays whatever ``bricklane local up --port`` says,
            because clients were told the URL when the workspace was made.
    """

    name: str
    id: int
    port: int
    kept: bool = False


# What every cloud has unless it was started with `--empty`.
DEFAULTS = (
    WorkspaceRow("dev", 6_500_000_000_000_001, 8701),
    WorkspaceRow("staging", 6_500_000_000_000_002, 8702),
    WorkspaceRow("prod", 6_500_000_000_000_003, 8703),
)


class Registry:
    """The workspaces of one cloud's account.

    Args:
        database: where they are kept.
        clock: for times of creation.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._space = database.space("account")
        self._database = database
        self._clock = clock

    def seed(self, *, empty: bool) -> None:
        """Give a new cloud its first workspaces, or with ``empty`` none.

        A cloud that was started before keeps what it has.
        """
        if self._space.get(SEEDED, "") is not None:
            return
        with self._database.transaction():
            self._space.insert(SEEDED, "", {})
            for row in () if empty else DEFAULTS:
                body = {"workspace_name": row.name, "compute_mode": "SERVERLESS"}
                self._insert(row, body | {"workspace_status": Status.RUNNING})

    def _insert(self, row: WorkspaceRow, fields: dict[str, Any]) -> None:
        body = {
            "workspace_id": row.id,
            "deployment_name": row.name,
            "creation_time": self._clock.now(),
            "port": row.port,
            "kept": row.kept,
        }
        self._space.insert(KIND, row.name, body | fields, position=row.id)

    def add(self, request: dict[str, Any], creator: str) -> WorkspaceRow:
        """Add a workspace that is about to be provisioned.

        Args:
            request: ``CreateWorkspaceRequest``.
            creator: name of who makes it, who will administer it.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE for what is no serverless workspace, and for a name
                that is missing or reserved; RESOURCE_ALREADY_EXISTS for one that is taken.
        """
        _require_serverless(request)
        title = str(request.get("workspace_name") or "").strip()
        name = key_of(title)
        if self._space.get(KIND, name) is not None:
            raise ApiError(
                "RESOURCE_ALREADY_EXISTS", f"The account has a workspace named {title!r} already"
            )
        first = DEFAULTS[-1].id + 1
        row = WorkspaceRow(name, self._database.next_number("workspace", first=first), 0, kept=True)
        fields = {key: request[key] for key in KEPT if request.get(key)}
        fields |= {
            "workspace_name": title,
            "compute_mode": "SERVERLESS",
            "creator": creator,
            "workspace_status": Status.PROVISIONING,
        }
        self._insert(row, fields)
        return row

    def rows(self) -> list[WorkspaceRow]:
        """Return all workspaces, oldest first."""
        return [_row(document.key, document.body) for document in self._space.select(KIND)]

    def body(self, name: str) -> dict[str, Any]:
        """Return what is stored of a workspace."""
        return self._space.get(KIND, name) or {}

    def named(self, workspace_id: str) -> str:
        """Return the key of the workspace with a numeric id.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST when the account has none.
        """
        number = int(workspace_id) if workspace_id.isdigit() else 0
        found = self._space.at_position(KIND, number)
        if found is None:
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"There is no workspace {workspace_id}")
        return found.key

    def id_of(self, name: str) -> int:
        """Return the numeric id of a workspace."""
        return int(self.body(name)["workspace_id"])

    def change(self, name: str, **fields: Any) -> None:
        """Store changed fields of a workspace."""
        self._space.update(KIND, name, self.body(name) | fields)

    def remove(self, name: str) -> None:
        """Forget a workspace and its port."""
        self._space.delete(KIND, name)
        self._space.delete(PORT, name)

    def port_of(self, listener: str) -> int:
        """Return the port that a listener had when it was last open; 0 for none."""
        return int((self._space.get(PORT, listener) or {"port": 0})["port"])

    def keep_port(self, listener: str, port: int) -> None:
        """Remember the port of a listener."""
        self._space.put(PORT, listener, {"port": port})


def key_of(title: str) -> str:
    """Return the key of a workspace with the name ``title``.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it has no letter or digit, is too long or reserved.
    """
    name = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if not name or len(title) > NAME_LIMIT:
        raise invalid(
            f"workspace_name must have 1 to {NAME_LIMIT} characters and a letter or digit among "
            f"them, got {title!r}"
        )
    if name in RESERVED:
        raise invalid(f"workspace_name {title!r} is reserved in the local cloud; choose another")
    return name


def _require_serverless(request: dict[str, Any]) -> None:
    given = [field for field in CUSTOMER_CLOUD if request.get(field)]
    if given or request.get("compute_mode") != "SERVERLESS":
        what = ", ".join(given) or f"compute_mode {request.get('compute_mode')!r}"
        raise invalid(
            f"The local cloud makes serverless workspaces only (compute_mode SERVERLESS); it has "
            f"no networks, credentials, storage or keys of a customer: {what}"
        )


def _row(name: str, body: dict[str, Any]) -> WorkspaceRow:
    return WorkspaceRow(name, body["workspace_id"], body["port"], body["kept"])
