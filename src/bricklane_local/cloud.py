"""One local cloud: its state, and the workspaces that share it."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.app.faults import Faults
from bricklane_local.app.requestlog import RequestLog
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.samples import Samples
from bricklane_local.compute.pool import open_pool
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.compute.tasks import ComputeExecutor
from bricklane_local.compute.view import WorkspaceView
from bricklane_local.dbfs.service import Dbfs
from bricklane_local.files_api.tree import Uploads
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.groups import Groups
from bricklane_local.identity.members import Members
from bricklane_local.identity.oauth_secrets import OAuthSecrets
from bricklane_local.identity.principals import ADMINISTRATOR, Principal
from bricklane_local.identity.roles import Roles
from bricklane_local.identity.tokens import Tokens
from bricklane_local.jobs.engine import JobEngine
from bricklane_local.pages.runs import RunPages
from bricklane_local.paths import StatePaths
from bricklane_local.permissions.access import Access
from bricklane_local.permissions.service import Permissions
from bricklane_local.secrets.service import Secrets
from bricklane_local.sql.statements import Statements
from bricklane_local.sql.warehouses import Warehouses
from bricklane_local.store.blobs import Blobs
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database
from bricklane_local.workspace.objects import WorkspaceObjects


@dataclass(frozen=True, slots=True)
class WorkspaceRow:
    """A workspace that every new cloud has.

    Args:
        name: its name, which is its profile's and its default catalog's too.
        id: the numeric workspace id.
        port: the port its listener takes unless told otherwise.
    """

    name: str
    id: int
    port: int


WORKSPACES = (
    WorkspaceRow("dev", 6_500_000_000_000_001, 8701),
    WorkspaceRow("staging", 6_500_000_000_000_002, 8702),
    WorkspaceRow("prod", 6_500_000_000_000_003, 8703),
)


class Cloud:
    """The state of a cloud and everything that acts on it.

    Args:
        root: state folder, made when absent.
        compute: where Spark and Java are.

    Raises:
        LocalError: when the state was written by a newer version.
    """

    def __init__(self, root: Path, compute: ComputeSettings) -> None:
        self.paths = StatePaths(root)
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.compute_settings = compute
        self.clock = Clock()
        self.database = Database(self.paths.database)
        self.blobs = Blobs(self.database, self.paths.blobs)
        self.faults = Faults()
        self.request_log = RequestLog(self.paths.request_log, self.clock)
        self.account_id = self._account_id()
        self.directory = Directory(self.database)
        self.tokens = Tokens(self.database, self.clock, self.directory)
        self.oauth_secrets = OAuthSecrets(self.database, self.clock, self.directory)
        self.roles = Roles(self.database, self.directory, self.account_id)
        record = self.directory.ensure_user(ADMINISTRATOR, "Local Developer")
        self.administrator = Principal(record["id"], ADMINISTRATOR, record["display_name"])
        self.metastore = Metastore(self.database, self.paths, self.clock)
        self.samples = Samples(self.metastore)
        self.uploads = Uploads(self.paths.uploads)
        self.pool = open_pool(self.paths, compute)
        self._background: list[asyncio.Task[None]] = []
        self.workspaces = {row.name: Workspace(self, row) for row in WORKSPACES}

    def _account_id(self) -> str:
        space = self.database.space("account")
        body = space.get("account", "id")
        if body is None:
            body = {"id": str(uuid.uuid4())}
            space.insert("account", "id", body)
        return str(body["id"])

    async def start(self) -> None:
        """Bring interrupted work to a clear state and begin what runs in the background."""
        self.blobs.sweep()
        self.samples.start()
        for workspace in self.workspaces.values():
            workspace.statements.start()
            workspace.engine.start()
        if self.pool is not None:
            self._background.append(asyncio.create_task(self.pool.warm()))

    async def stop(self) -> None:
        """End all background work and close the state."""
        for workspace in self.workspaces.values():
            await workspace.engine.stop()
            await workspace.statements.stop()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self.pool is not None:
            await self.pool.stop()
        await self.samples.stop()
        self.database.close()


class Workspace:
    """One workspace: its part of the state, and one service for each API family.

    Args:
        cloud: the cloud it belongs to.
        row: its name and id.
    """

    def __init__(self, cloud: Cloud, row: WorkspaceRow) -> None:
        self.cloud = cloud
        self.name = row.name
        self.id = row.id
        self.host = ""  # known once its listener has a port
        self.space = cloud.database.space(row.name)
        self.objects = WorkspaceObjects(self.space, cloud.blobs, cloud.clock)
        self.groups = Groups(self)
        self.members = Members(self)
        self.members.found_workspace(self.cloud.directory.ensure_user(ADMINISTRATOR, ADMINISTRATOR))
        self.objects.ensure_home(cloud.administrator)
        cloud.metastore.ensure_workspace_catalog(row.name, cloud.administrator)
        self.dbfs = Dbfs(
            cloud.paths.dbfs(row.name), cloud.uploads, cloud.metastore.trash, cloud.database
        )
        self.secrets = Secrets(self.space, cloud.clock)
        self.permissions = Permissions(self)
        self.access = Access(self)
        self.warehouses = Warehouses(self)
        self.statements = Statements(self, cloud.pool)
        self.view = WorkspaceView(
            self.objects, cloud.blobs, cloud.paths.view(row.name), self.access.allows_change
        )
        self.engine = JobEngine(self, ComputeExecutor(self, cloud.pool))
        self.pages = RunPages(self)

    def run_folder(self, task_run_id: int) -> Path:
        """Return the folder in which a task run leaves its outputs."""
        return self.cloud.paths.runs(self.name) / str(task_run_id)
