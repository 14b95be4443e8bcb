"""What goes on on clusters: it keeps a cluster from being taken for idle, and ends with it.

Source: https://docs.databricks.com/en/compute/clusters-manage.html (termination, automatic
termination) and https://docs.databricks.com/api/workspace/jobs/getrun
(``CLUSTER_TERMINATED_BY_USER``).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from bricklane_local.resources.clusters.clusters import CLUSTER
from bricklane_local.resources.clusters.lifecycle import CLUSTERS, RUNNING, Events
from bricklane_local.resources.records import Records
from bricklane_local.resources.states import STATE

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

# The shortest time after which an idle cluster terminates is ten minutes.
TOUCH_SECONDS = 240.0


class ClusterEndedError(Exception):
    """A cluster was ended under what ran on it; the message says which and by whom."""


class Activity:
    """What goes on on the clusters of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._limits: dict[str, set[asyncio.Timeout]] = {}
        self._reasons: dict[asyncio.Timeout, str] = {}

    @contextlib.asynccontextmanager
    async def kept(self, cluster_id: str) -> AsyncIterator[None]:
        """Keep a cluster from being idle for as long as this context lasts."""
        keeping = asyncio.create_task(self._keep(cluster_id))
        try:
            yield
        finally:
            keeping.cancel()
            self._touch(cluster_id)

    @contextlib.asynccontextmanager
    async def on(self, cluster_id: str) -> AsyncIterator[None]:
        """Keep a cluster from being idle for as long as this context lasts, and end with it.

        Args:
            cluster_id: the cluster; "" for none.

        Raises:
            ClusterEndedError: the cluster was ended, which has cancelled what was in the context.
        """
        if not cluster_id:
            yield
            return
        limit = asyncio.timeout(None)
        self._limits.setdefault(cluster_id, set()).add(limit)
        try:
            async with self.kept(cluster_id), limit:
                yield
        except TimeoutError:
            if limit not in self._reasons:
                raise
            raise ClusterEndedError(self._reasons[limit]) from None
        finally:
            self._leave(cluster_id, limit)

    def end_on(self, cluster_id: str, reason: str) -> None:
        """Cancel all that goes on on a cluster.

        Args:
            cluster_id: the cluster.
            reason: what became of it, for whoever ran there.
        """
        now = asyncio.get_running_loop().time()
        for limit in self._limits.pop(cluster_id, set()):
            self._reasons[limit] = reason
            limit.reschedule(now)

    def _leave(self, cluster_id: str, limit: asyncio.Timeout) -> None:
        self._reasons.pop(limit, None)
        left = self._limits.get(cluster_id, set())
        left.discard(limit)
        if not left:
            self._limits.pop(cluster_id, None)

    async def _keep(self, cluster_id: str) -> None:
        while True:
            self._touch(cluster_id)
            await asyncio.sleep(TOUCH_SECONDS)

    def _touch(self, cluster_id: str) -> None:
        """Let the time after which a running cluster counts as idle begin now."""
        records = Records(self._workspace, CLUSTER)
        body, time = records.find(cluster_id), self._workspace.cloud.clock.now()
        if body is None or CLUSTERS.now(body, time)[0] != RUNNING:
            return
        if not body.get("autotermination_minutes"):
            return
        used = {**body, STATE: {"name": RUNNING, "since": time}}
        with self._workspace.space.database.transaction():
            Events(self._workspace.space).foretell(used, time)
            records.put(used)
