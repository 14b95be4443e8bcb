"""Brings the tables that publish event logs up to date once an update has ended.

While an update runs, its own worker publishes; how it ended, the worker cannot know.

Source: https://docs.databricks.com/en/ldp/monitor-event-logs
"""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.pipelines.pipelines import DOCUMENT, log_table
from bricklane_local.pipelines.specification import acting
from bricklane_local.pipelines.updates import EventLog
from bricklane_local.resources.kind import Body

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool

GRACE_SECONDS = 5.0
RESULT = "result.json"


class Publisher:
    """Publishes the event logs of one workspace.

    Args:
        workspace: which.
        pool: Spark and workers; None when the cloud has no Spark.
        events: the logs, which are told when publishing fails.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool | None, events: EventLog) -> None:
        self._workspace = workspace
        self._pool = pool
        self._events = events
        self._locks: dict[str, asyncio.Lock] = {}

    async def idle(self, pipeline_id: str) -> None:
        """Wait until nothing of a pipeline is being published."""
        lock = self._locks.get(pipeline_id)
        if lock is not None:
            async with lock:
                return

    async def publish(self, pipeline: Body, update: Body) -> None:
        """Add the events that its table lacks; what prevents it is an event itself.

        Args:
            pipeline: as it is stored.
            update: that has ended.
        """
        number = pipeline["pipeline_id"]
        if not log_table(pipeline) or self._pool is None or update["validate_only"]:
            return
        async with self._locks.setdefault(number, asyncio.Lock()):
            problem = await self._problem(pipeline, update, self._pool)
        if problem and self._workspace.space.get(DOCUMENT, number) is not None:
            self._events.add(
                pipeline,
                update["update_id"],
                {
                    "event_type": "event_log_publication",
                    "level": "ERROR",
                    "message": f"The event log was not published to {log_table(pipeline)}: "
                    f"{problem}",
                },
            )

    async def _problem(self, pipeline: Body, update: Body, pool: ComputePool) -> str:
        from bricklane_local.compute.specification import common
        from bricklane_local.compute.workers import WorkerError
        from bricklane_local.errors import LocalError

        number, update_id = pipeline["pipeline_id"], update["update_id"]
        paths, tokens = self._workspace.cloud.paths, self._workspace.cloud.tokens
        folder = paths.pipelines(self._workspace.name) / number / "published" / update_id
        folder.mkdir(parents=True, exist_ok=True)
        try:
            principal = acting(self._workspace, pipeline)
            token = tokens.issue_run(self._workspace.name, principal, 0, number)
            try:
                spark = await pool.spark()
                shared = common(self._workspace, folder, token, principal.user_name, spark)
                task = {
                    "pipeline_id": number,
                    "update_id": update_id,
                    "storage": "",
                    "log_table": log_table(pipeline),
                }
                specification = shared | {"kind": "event_log", "pipeline": task}
                await pool.run(specification, cold=False, grace=GRACE_SECONDS)
            finally:
                tokens.revoke_run(token)
        except (LocalError, WorkerError) as error:
            return str(error)
        except ApiError as error:
            return error.message
        problem = _failure(folder)
        if not problem:
            shutil.rmtree(folder)
        return problem


def _failure(folder: Path) -> str:
    try:
        result = json.loads((folder / RESULT).read_bytes())
    except FileNotFoundError:
        return "the process ended without a result"
    return "" if result["state"] == "SUCCESS" else str((result.get("error") or {}).get("message"))
