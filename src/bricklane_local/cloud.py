"""One local cloud: its state, and the workspaces that share it."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from bricklane_local.account.account import Account
from bricklane_local.account.provisioning import Provisioning
from bricklane_local.account.registry import Registry, WorkspaceRow
from bricklane_local.app.faults import Faults
from bricklane_local.app.requestlog import RequestLog
from bricklane_local.callbacks import as_spark_sees
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.metastores.assignments import Assignments
from bricklane_local.catalog.samples import Samples
from bricklane_local.commands.contexts import Contexts
from bricklane_local.compute.checkouts import Checkouts
from bricklane_local.compute.cluster_libraries import ClusterLibraries
from bricklane_local.compute.pool import open_pool
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.compute.storage import claim_storage
from bricklane_local.compute.tasks import ComputeExecutor
from bricklane_local.compute.view import WorkspaceView
from bricklane_local.dbfs.datasets import lay
from bricklane_local.dbfs.service import Dbfs
from bricklane_local.files_api.tree import Uploads
from bricklane_local.identity.directory import ACCOUNT_ADMIN, Directory
from bricklane_local.identity.federated_tokens import FederatedTokens
from bricklane_local.identity.federation import FederationPolicies
from bricklane_local.identity.groups import Groups
from bricklane_local.identity.members import Members
from bricklane_local.identity.oauth_secrets import OAuthSecrets
from bricklane_local.identity.principals import (
    ADMINISTRATOR,
    ADMINS,
    Principal,
    PrincipalKind,
)
from bricklane_local.identity.roles import Roles
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.identity.tokens import Tokens
from bricklane_local.jobs.engine import JobEngine
from bricklane_local.jobs.triggers.alerts import AlertSchedules
from bricklane_local.pages.runs import RunPages
from bricklane_local.paths import StatePaths
from bricklane_local.permissions.access import Access
from bricklane_local.permissions.service import Permissions
from bricklane_local.pipelines.engine import PipelineEngine
from bricklane_local.resources.clusters.activity import Activity
from bricklane_local.resources.service import Resources
from bricklane_local.secrets.service import Secrets
from bricklane_local.sql.connections import Connections
from bricklane_local.sql.statements import Statements
from bricklane_local.sql.warehouses import Warehouses
from bricklane_local.store.blobs import Blobs
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database
from bricklane_local.workspace.objects import WorkspaceObjects


class Cloud:
    """The state of a cloud and everything that acts on it.

    Args:
        root: state folder, made when absent.
        compute: where Spark and Java are.
        empty: a new cloud has an account without workspaces.

    Raises:
        LocalError: when the state was written by a newer version.
    """

    def __init__(self, root: Path, compute: ComputeSettings, *, empty: bool = False) -> None:
        self.paths = StatePaths(root, compute.choices.storage)
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.compute_settings = compute
        self.clock = Clock()
        self.database = Database(self.paths.database)
        self.blobs = Blobs(self.database, self.paths.blobs)
        self.faults = Faults()
        self.request_log = RequestLog(self.paths.request_log, self.clock)
        self.account_id = self._account_id()
        claim_storage(self.paths, self.account_id)
        self.directory = Directory(self.database)
        self.tokens = Tokens(self.database, self.clock, self.directory)
        self.oauth_secrets = OAuthSecrets(self.database, self.clock, self.directory)
        self.federation_policies = FederationPolicies(
            self.database, self.clock, self.directory, self.account_id
        )
        self.federated_tokens = FederatedTokens(
            self.federation_policies, self.directory, self.clock
        )
        self.roles = Roles(self.database, self.directory, self.account_id)
        record = self.directory.ensure_user(ADMINISTRATOR, "Local Developer")
        self.directory.set_entitlements(ACCOUNT, record["id"], [ACCOUNT_ADMIN])
        self.administrator = Principal(record["id"], ADMINISTRATOR, record["display_name"])
        self.metastore = Metastore(self.database, self.paths, self.clock, self.directory)
        self.samples = Samples(self.metastore)
        self.uploads = Uploads(self.paths.uploads)
        self.pool = open_pool(self.paths, compute, self.as_administrator)
        self._background: list[asyncio.Task[None]] = []
        self.account = Account(self)
        self.registry = Registry(self.database, self.clock)
        self.registry.seed(empty=empty)
        self.provisioning = Provisioning(self)
        self.workspaces: dict[str, Workspace] = {}
        for row in self.registry.rows():
            self.open_workspace(row).found("")

    def _account_id(self) -> str:
        return self._made_once("id", lambda: str(uuid.uuid4()))

    def _made_once(self, name: str, make: Callable[[], str]) -> str:
        space = self.database.space("account")
        body = space.get("account", name)
        if body is None:
            body = {"id": make()}
            space.insert("account", name, body)
        return str(body["id"])

    def account_machine(self) -> Principal:
        """Return the service principal by which programs administer the account, made on first use.

        The API of the account takes no personal tokens, as on the real platform.
        """
        name = self._made_once("machine", lambda: str(uuid.uuid4()))
        kind = PrincipalKind.SERVICE_PRINCIPAL
        record = self.directory.record(kind, name)
        if record is None:
            record = self.directory.add(kind, name, "bricklane local administrator")
        self.directory.set_entitlements(ACCOUNT, record["id"], [ACCOUNT_ADMIN])
        return self.directory.named(ACCOUNT, name)

    @contextlib.contextmanager
    def as_administrator(self) -> Iterator[dict[str, str]]:
        """Give the settings of a session of Spark that acts for the administrator, while open.

        They are empty as long as there is no workspace to act in.
        """
        from bricklane_local.compute.specification import TOKEN_SETTING, workspace_settings

        workspace = next((it for it in self.workspaces.values() if it.host), None)
        if workspace is None:
            yield {}
            return
        token = self.tokens.issue_run(workspace.name, self.administrator, 0)
        try:
            yield workspace_settings(workspace) | {TOKEN_SETTING: token}
        finally:
            self.tokens.revoke_run(token)

    def open_workspace(self, row: WorkspaceRow) -> Workspace:
        """Return a workspace of the account, with its services, now among :attr:`workspaces`."""
        self.workspaces[row.name] = Workspace(self, row)
        return self.workspaces[row.name]

    async def start(self) -> None:
        """Bring interrupted work to a clear state and begin what runs in the background."""
        self.blobs.sweep()
        self.samples.start()
        for workspace in self.workspaces.values():
            workspace.start()
        self.provisioning.start()
        if self.pool is not None:
            self._background.append(asyncio.create_task(self.pool.warm()))
            self._background.append(asyncio.create_task(self.pool.watch()))

    async def stop(self) -> None:
        """End all background work and close the state."""
        await self.provisioning.stop()
        for workspace in self.workspaces.values():
            await workspace.stop()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        if self.pool is not None:
            await self.pool.stop()
        await self.samples.stop()
        self.database.close()  # the log stays open: requests that end now are noted in it

    def close(self) -> None:
        """Close the state of a cloud that was never started."""
        self.request_log.close()
        self.database.close()


class Workspace:
    """One workspace: its part of the state, and one service for each API family.

    Args:
        cloud: the cloud it belongs to.
        row: its name and id.
    """

    kind = "workspace"

    def __init__(self, cloud: Cloud, row: WorkspaceRow) -> None:
        self.cloud = cloud
        self.name = row.name
        self.id = row.id
        self.host = ""  # known once its listener has a port
        self.space = cloud.database.space(row.name)
        self.objects = WorkspaceObjects(self.space, cloud.blobs, cloud.clock)
        self.groups = Groups(self)
        self.members = Members(self)
        self.dbfs = Dbfs(
            cloud.paths.dbfs(row.name), cloud.uploads, cloud.metastore.trash, cloud.database
        )
        lay(cloud.paths.dbfs(row.name))
        self.secrets = Secrets(self.space, cloud.clock)
        self.permissions = Permissions(self)
        self.access = Access(self)
        self.warehouses = Warehouses(self)
        self.statements = Statements(self, cloud.pool)
        self.connections = Connections(self)
        self.contexts = Contexts(self, cloud.pool)
        self.activity = Activity(self)
        self.libraries = ClusterLibraries(self, cloud.pool)
        self.view = WorkspaceView(
            self.objects, cloud.blobs, cloud.paths.view(row.name), self.access.allows_change
        )
        self.checkouts = Checkouts(self)
        self.engine = JobEngine(self, ComputeExecutor(self, cloud.pool))
        self.pipelines = PipelineEngine(self, cloud.pool)
        self.alert_schedules = AlertSchedules(self)
        self.pages = RunPages(self)
        self.resources = Resources(self)

    @property
    def spark_host(self) -> str:
        """The URL by which Spark reaches the workspace."""
        return as_spark_sees(self.host, self.cloud.compute_settings.choices.callback_host)

    @property
    def catalog(self) -> str:
        """The catalog that the workspace has from the start, named like itself.

        Source: https://docs.databricks.com/en/catalogs/create-catalog.html (workspace catalogs).
        """
        return self.name.replace("-", "_")

    def found(self, creator: str) -> None:
        """Give the workspace its groups, administrators, their homes, and its catalog.

        Args:
            creator: name of the principal who made it; "" for the cloud itself.
        """
        directory = self.cloud.directory
        directory.ensure_groups(self.name)
        for name in (ADMINISTRATOR, creator):
            principal = directory.find(ACCOUNT, name) if name else None
            if principal is not None:
                record = {"id": principal.id, "user_name": principal.user_name}
                directory.assign(self.name, principal.kind, record)
                directory.join(self.name, self.groups.named(ADMINS), principal.id)
                self.welcome(principal)
        assignments = Assignments(self.cloud.metastore)
        assignments.attach(self.catalog, self.id, self.cloud.administrator)

    def welcome(self, principal: Principal) -> None:
        """Make the home folder of a principal."""
        self.objects.ensure_home(principal)

    def start(self) -> None:
        """Bring interrupted work to a clear state."""
        self.statements.start()
        self.contexts.start()
        self.pipelines.start()
        self.engine.start()
        self.alert_schedules.start()

    async def stop(self) -> None:
        """End all work that is under way."""
        await self.alert_schedules.stop()
        await self.engine.stop()
        await self.pipelines.stop()
        await self.contexts.stop()
        await self.libraries.stop()
        await self.statements.stop()

    def run_folder(self, task_run_id: int) -> Path:
        """Return the folder in which a task run leaves its outputs."""
        return self.cloud.paths.runs(self.name) / str(task_run_id)
