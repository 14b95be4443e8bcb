"""Libraries of clusters: installed one by one for their status, and together for what runs there.

Source: https://docs.databricks.com/api/workspace/libraries (states, and when a library is
installed) and https://docs.databricks.com/en/libraries/cluster-libraries.html. Nothing is put on a
machine: each library becomes packages that lie ready, and a run gets those of all of them.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from bricklane_local.compute.jars import present_file
from bricklane_local.compute.libraries import JAR, MAVEN, of_java, requirements_of
from bricklane_local.compute.sources import SourceError
from bricklane_local.compute.specification import roots
from bricklane_local.resources.clusters.clusters import CLUSTER
from bricklane_local.resources.clusters.lifecycle import ACTIVE, CLUSTERS
from bricklane_local.resources.records import Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.environments import Overlay
    from bricklane_local.compute.pool import ComputePool
    from bricklane_local.resources.kind import Body

FIELD, RESULT = "_libraries", "result"
INSTALLED, FAILED = "INSTALLED", "FAILED"


class ClusterLibraries:
    """The libraries of the clusters of one workspace.

    Args:
        workspace: which.
        pool: has the packages; None when the cloud has no Spark, and so nothing to run on clusters.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool | None) -> None:
        self._workspace = workspace
        self._pool = pool
        self._installing: dict[str, asyncio.Task[None]] = {}

    @property
    def real(self) -> bool:
        """Whether libraries are installed, and not only noted."""
        return self._pool is not None

    async def stop(self) -> None:
        """Leave what is being installed; it is begun again when somebody asks for it."""
        installing = list(self._installing.values())
        for task in installing:
            task.cancel()
        await asyncio.gather(*installing, return_exceptions=True)

    def begin(self, cluster_id: str) -> asyncio.Task[None] | None:
        """Install what a cluster that is active lacks.

        Args:
            cluster_id: the cluster.

        Returns:
            What ends once nothing is lacking; None when that is so already.
        """
        if self._pool is None or self._next(cluster_id) is None:
            return None
        task = self._installing.get(cluster_id)
        if task is None:
            task = asyncio.create_task(self._install(cluster_id, self._pool))
            self._installing[cluster_id] = task
            task.add_done_callback(lambda _: self._installing.pop(cluster_id, None))
        return task

    async def installed(self, cluster: Body) -> list[Body]:
        """Return the libraries of a cluster, once none is lacking any more.

        Args:
            cluster: its record, or the definition of one that is made for a job.

        Raises:
            EnvironmentFailure: when one of them cannot be installed.
        """
        from bricklane_local.compute.environments import EnvironmentFailure

        if not cluster.get(FIELD):
            return []
        cluster_id = str(cluster["cluster_id"])
        while (installing := self.begin(cluster_id)) is not None:
            # Others wait for it, too.
            await asyncio.shield(installing)
        items = (self._found(cluster_id) or cluster)[FIELD]
        for item in items:
            messages = item.get(RESULT, {}).get("messages")
            if messages and not item["leaving"]:
                name = named(item["library"])
                raise EnvironmentFailure(
                    f"The library {name} of cluster {cluster_id}: {messages[0]}"
                )
        # One that leaves may have failed to come.
        return [item["library"] for item in items if not item.get(RESULT, {}).get("messages")]

    async def overlays(
        self, cluster: Body, pool: ComputePool, libraries: list[Body], *, alone: bool
    ) -> list[Overlay]:
        """Return the Python packages of a cluster's libraries, for what runs on it.

        Args:
            cluster: whose.
            pool: has the packages.
            libraries: the cluster's, installed.
            alone: they are for a program that imports nothing of the runtime.

        Raises:
            EnvironmentFailure: when they do not fit together.
        """
        from bricklane_local.compute.environments import EnvironmentFailure

        wanted = [library for library in libraries if not of_java(library)]
        if not wanted:
            return []
        lines = [line for library in wanted for line in requirements_of(library)]
        self._workspace.view.refresh()
        try:
            return [await pool.environment(lines, roots(self._workspace), alone=alone)]
        except EnvironmentFailure as error:
            name = cluster["cluster_id"]
            raise EnvironmentFailure(f"The libraries of cluster {name}: {error}") from None

    def _found(self, cluster_id: str) -> Body | None:
        return Records(self._workspace, CLUSTER).find(cluster_id)

    def _next(self, cluster_id: str) -> Body | None:
        """Return a library that an active cluster has still to install."""
        cluster = self._found(cluster_id)
        now = self._workspace.cloud.clock.now()
        if cluster is None or CLUSTERS.now(cluster, now)[0] not in ACTIVE:
            return None
        lacking = (item["library"] for item in cluster[FIELD] if RESULT not in item)
        return next(lacking, None)

    async def _install(self, cluster_id: str, pool: ComputePool) -> None:
        while (library := self._next(cluster_id)) is not None:
            self._workspace.view.refresh()
            result = await self._result(library, pool)
            cluster = self._found(cluster_id)
            if cluster is not None:
                items = [
                    {**item, RESULT: result} if item["library"] == library else item
                    for item in cluster[FIELD]
                ]
                Records(self._workspace, CLUSTER).put({**cluster, FIELD: items})

    async def _result(self, library: Body, pool: ComputePool) -> dict[str, Any]:
        from bricklane_local.compute.environments import EnvironmentFailure
        from bricklane_local.compute.maven import MavenLibrary

        try:
            if library.get(JAR):
                present_file(self._workspace, str(library[JAR]))
            elif library.get(MAVEN):
                await pool.libraries([MavenLibrary.of(library[MAVEN])])
            else:
                await pool.environment(requirements_of(library), roots(self._workspace))
        except (EnvironmentFailure, SourceError) as error:
            return {"status": FAILED, "messages": [str(error)]}
        return {"status": INSTALLED}


def named(library: Body) -> str:
    """Return the kind of a library and what it is of, as messages have it."""
    kind, value = next(iter(library.items()))
    if isinstance(value, dict):
        value = value.get("package") or value.get("coordinates")
    return f"{kind} {value}"
