"""Makes workspaces of the account come up and go away while the cloud runs."""

from __future__ import annotations

import asyncio
import logging
import shutil
from typing import TYPE_CHECKING, Any, Protocol

from bricklane_local.account.registry import Status, WorkspaceRow
from bricklane_local.catalog.metastores.assignments import Assignments
from bricklane_local.errors import LocalError
from bricklane_local.identity.principals import Principal

if TYPE_CHECKING:
    from bricklane_local.cloud import Cloud

LOGGER = logging.getLogger(__name__)


class Doors(Protocol):
    """What opens and closes the listeners of workspaces."""

    async def open_workspace(self, row: WorkspaceRow) -> None:
        """Listen for a workspace; its ``host`` is known afterwards."""

    async def close_workspace(self, name: str) -> None:
        """Stop listening for a workspace, once requests under way are answered."""


class Provisioning:
    """Carries out what the registry says shall be.

    Args:
        cloud: the cloud.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.doors: Doors | None = None  # the server's, once there is one

    def start(self) -> None:
        """Go on with workspaces whose provisioning an earlier process did not finish."""
        for row in self._cloud.registry.rows():
            if self._status(row.name) == Status.PROVISIONING:
                self._begin(row)

    def _status(self, name: str) -> str:
        return str(self._cloud.registry.body(name)["workspace_status"])

    def create(self, request: dict[str, Any], creator: Principal) -> dict[str, Any]:
        """Begin to make a workspace and return how the API shows it now."""
        row = self._cloud.registry.add(request, creator.user_name)
        self._begin(row)
        return self.show(row.name)

    def _begin(self, row: WorkspaceRow) -> None:
        self._tasks[row.name] = asyncio.create_task(self._provision(row))

    async def _provision(self, row: WorkspaceRow) -> None:
        registry = self._cloud.registry
        try:
            workspace = self._cloud.open_workspace(row)
            workspace.found(str(registry.body(row.name).get("creator") or ""))
            workspace.start()
            if self.doors is not None:
                await self.doors.open_workspace(row)
        except (LocalError, OSError) as error:
            LOGGER.exception("workspace %s cannot be provisioned", row.name)
            registry.change(
                row.name,
                workspace_status=Status.FAILED,
                workspace_status_message=f"The workspace cannot be provisioned: {error}",
            )
        else:
            registry.change(
                row.name,
                workspace_status=Status.RUNNING,
                workspace_status_message="Workspace is running.",
            )

    def show(self, name: str) -> dict[str, Any]:
        """Return how the API shows a workspace."""
        body = dict(self._cloud.registry.body(name))
        for hidden in ("port", "kept", "creator"):
            body.pop(hidden, None)
        workspace = self._cloud.workspaces.get(name)
        return body | {
            "account_id": self._cloud.account_id,
            "cloud": "aws",
            "is_no_public_ip_enabled": True,
            # The API names a workspace's URL by its deployment name alone; here it has a port.
            **({"workspace_url": workspace.host} if workspace and workspace.host else {}),
        }

    async def delete(self, name: str) -> None:
        """Take a workspace down with all it holds; its catalog stays in the metastore."""
        task = self._tasks.pop(name, None)
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        if self.doors is not None:
            await self.doors.close_workspace(name)
        workspace = self._cloud.workspaces.pop(name, None)
        if workspace is not None:
            await workspace.stop()
        with self._cloud.database.transaction():
            self._cloud.database.space(name).clear()
            self._cloud.tokens.forget_workspace(name)
            self._cloud.directory.remove_workspace(name)
            Assignments(self._cloud.metastore).forget(self._cloud.registry.id_of(name))
            self._cloud.registry.remove(name)
        paths = self._cloud.paths
        for folder in (paths.workspace(name), paths.files_of_workspaces / name):
            shutil.rmtree(folder, ignore_errors=True)

    async def stop(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
