"""The execution contexts of one workspace: made, found, used and ended. Knows no HTTP.

Source: https://docs.databricks.com/api/workspace/commandexecution and
https://docs.databricks.com/en/notebooks/execution-context.html. A context is a process: it ends
with its cluster, with this server, and when it was not used for a while.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.commands.context import Command, Context, ContextStatus
from bricklane_local.permissions.levels import ATTACH
from bricklane_local.resources.clusters.clusters import CLUSTER
from bricklane_local.resources.clusters.lifecycle import CLUSTERS, RUNNING
from bricklane_local.resources.records import Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool
    from bricklane_local.identity.principals import Principal
    from bricklane_local.resources.kind import Body

# A context that nobody uses ends after 30 minutes.
IDLE = 30 * 60_000
SWEEP_SECONDS = 60.0
# How many a cluster has at most, as documented.
MOST = 145
LANGUAGES = {"python": "PYTHON", "sql": "SQL"}


class Contexts:
    """The contexts of one workspace.

    Args:
        workspace: which.
        pool: Spark and processes; None when the cloud has no Spark.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool | None) -> None:
        from bricklane_local.compute.workers.callbacks import Callbacks

        self._workspace = workspace
        self._pool = pool
        self._callbacks = Callbacks()
        self._contexts: dict[str, Context] = {}
        self._root = workspace.cloud.paths.execution_contexts(workspace.name)
        self._sweeping: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Remove what an earlier process left."""
        shutil.rmtree(self._root, ignore_errors=True)

    async def stop(self) -> None:
        """End all contexts."""
        if self._sweeping is not None:
            self._sweeping.cancel()
        ending = [self._drop(context) for context in list(self._contexts.values())]
        await asyncio.gather(*(task for task in ending if task), return_exceptions=True)
        self._callbacks.close()

    def create(self, cluster_id: str, language: str, caller: Principal) -> Context:
        """Begin a context on a running cluster.

        Raises:
            ApiError: when the cluster is missing, does not run, or may not be used by the caller,
                or the language is none that can run here.
        """
        from bricklane_local.compute.tasks import NOT_INSTALLED

        cluster = self._cluster(cluster_id, caller)
        kind = known_language(language)
        if self._pool is None:
            raise ApiError("TEMPORARILY_UNAVAILABLE", NOT_INSTALLED)
        self._sweep()
        if sum(context.cluster_id == cluster_id for context in self._contexts.values()) >= MOST:
            raise ApiError(
                "RESOURCE_LIMIT_EXCEEDED",
                f"Cluster {cluster_id} has {MOST} execution contexts: destroy one first",
            )
        now, number = self._workspace.cloud.clock.now(), uuid.uuid4().hex
        context = Context(number, cluster_id, cluster["_started"], caller.user_name, kind, now)
        self._contexts[number] = context
        context.driver = asyncio.create_task(self._drive(context, cluster, caller, self._pool))
        return context

    def _cluster(self, cluster_id: str, caller: Principal) -> Body:
        cluster = Records(self._workspace, CLUSTER).wanted(cluster_id, caller, ATTACH)
        state = CLUSTERS.now(cluster, self._workspace.cloud.clock.now())[0]
        if state != RUNNING:
            raise ApiError(
                "INVALID_STATE",
                f"Cluster {cluster_id} is {state}, and commands need one that is {RUNNING}: start "
                "it, or wait until it has started",
            )
        return cluster

    def get(self, cluster_id: str, context_id: str, caller: Principal) -> Context:
        """Return a context of the caller.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, or PERMISSION_DENIED for that of another.
        """
        self._sweep()
        context = self._contexts.get(context_id)
        if context is None or context.cluster_id != cluster_id:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST",
                f"Cluster {cluster_id} has no execution context {context_id!r}: it was destroyed, "
                "was not used for 30 minutes, or ended with its cluster; create another",
            )
        if context.caller != caller.user_name:
            raise ApiError(
                "PERMISSION_DENIED", f"Execution context {context_id} was made by somebody else"
            )
        return context

    def execute(self, context: Context, language: str, text: str, caller: Principal) -> Command:
        """Queue a command in a context.

        Raises:
            ApiError: when its cluster may not be used any more, its process has ended, or the
                language is none that can run here.
        """
        self._cluster(context.cluster_id, caller)
        kind = known_language(language) if language else context.language
        if context.status is ContextStatus.ERROR:
            raise ApiError(
                "INVALID_STATE",
                f"The process of execution context {context.id} has ended: create another context",
            )
        context.used = self._workspace.cloud.clock.now()
        command = Command(uuid.uuid4().hex, kind, text)
        context.commands[command.id] = command
        context.waiting.put_nowait(command)
        return command

    def destroy(self, context: Context) -> None:
        """End a context and its process."""
        self._drop(context)

    def end_on(self, cluster_id: str) -> None:
        """End the contexts of a cluster that terminates or restarts."""
        for context in list(self._contexts.values()):
            if context.cluster_id == cluster_id:
                self._drop(context)

    def _drop(self, context: Context) -> asyncio.Task[None] | None:
        self._contexts.pop(context.id, None)
        if context.driver is not None:
            context.driver.cancel()
        return context.driver

    def _sweep(self) -> None:
        """End what is idle, or whose cluster has terminated by itself; look again in a while."""
        now, records = self._workspace.cloud.clock.now(), Records(self._workspace, CLUSTER)
        for context in list(self._contexts.values()):
            if context.busy:
                context.used = now
            cluster = records.find(context.cluster_id)
            gone = (
                cluster is None
                or cluster["_started"] != context.cluster_started
                or CLUSTERS.now(cluster, now)[0] != RUNNING
            )
            if gone or now - context.used >= IDLE:
                self._drop(context)
        if self._sweeping is not None:
            self._sweeping.cancel()
        self._sweeping = None
        if self._contexts:
            loop = asyncio.get_running_loop()
            self._sweeping = loop.call_later(SWEEP_SECONDS, self._sweep)

    async def _drive(
        self, context: Context, cluster: Body, caller: Principal, pool: ComputePool
    ) -> None:
        from bricklane_local.commands.process import running
        from bricklane_local.compute.environments import EnvironmentFailure
        from bricklane_local.compute.sources import SourceError
        from bricklane_local.compute.workers import WorkerError
        from bricklane_local.errors import LocalError

        folder = self._root / context.id
        try:
            async with running(
                self._workspace, pool, self._callbacks, folder, cluster, caller
            ) as connection:
                await context.serve(self._workspace, pool, connection)
        except asyncio.CancelledError:
            context.fail("The execution context was destroyed, or ended with its cluster")
            raise
        except (LocalError, WorkerError, EnvironmentFailure, SourceError, ApiError) as error:
            context.fail(str(error))


def known_language(language: str) -> str:
    """Return how the runtime names a language.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when commands in it cannot run here.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise invalid(
            f"The local workspace cannot run commands in the language {language!r}; it runs {known}"
        )
    return LANGUAGES[language]
