"""What goes on on a cluster: it keeps the cluster from being taken for idle.

Source: https://docs.databricks.com/en/compute/clusters-manage.html (automatic termination).
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


def touch(workspace: Workspace, cluster_id: str) -> None:
    """Let the time after which a running cluster counts as idle begin now."""
    records = Records(workspace, CLUSTER)
    body, time = records.find(cluster_id), workspace.cloud.clock.now()
    if body is None or CLUSTERS.now(body, time)[0] != RUNNING:
        return
    if not body.get("autotermination_minutes"):
        return
    used = {**body, STATE: {"name": RUNNING, "since": time}}
    with workspace.space.database.transaction():
        Events(workspace.space).foretell(used, time)
        records.put(used)


@contextlib.asynccontextmanager
async def active(workspace: Workspace, cluster_id: str) -> AsyncIterator[None]:
    """Keep a cluster from being idle for as long as this context lasts."""

    async def keep() -> None:
        while True:
            touch(workspace, cluster_id)
            await asyncio.sleep(TOUCH_SECONDS)

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        touch(workspace, cluster_id)
