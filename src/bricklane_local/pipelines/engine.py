"""Runs the updates of the pipelines of one workspace."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import tables
from bricklane_local.identity.principals import Principal
from bricklane_local.pipelines.pipelines import PIPELINE
from bricklane_local.pipelines.publishing import Publisher
from bricklane_local.pipelines.specification import acting, sources_of, specified
from bricklane_local.pipelines.states import FINAL, UpdateState
from bricklane_local.pipelines.updates import STARTED_BY, EventLog, Updates, new_update
from bricklane_local.resources.kind import Body
from bricklane_local.resources.records import Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.15
EVENTS, RESULT = "events.jsonl", "result.json"
INTERRUPTED = "The update was interrupted: the local cloud stopped while it was active"


class PipelineEngine:
    """Starts, drives and ends the updates of one workspace.

    Args:
        workspace: which.
        pool: Spark and workers; None when the cloud has no Spark.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool | None) -> None:
        self._workspace = workspace
        self._pool = pool
        self.updates = Updates(workspace)
        self.events = EventLog(workspace)
        self._publisher = Publisher(workspace, pool, self.events)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = False

    def folder(self, pipeline_id: str) -> Path:
        """Return the folder of what the updates of a pipeline left."""
        root: Path = self._workspace.cloud.paths.pipelines(self._workspace.name)
        return root / pipeline_id

    def storage(self, pipeline_id: str) -> Path:
        """Return the folder of what a pipeline keeps beside its tables, such as checkpoints."""
        root: Path = self._workspace.cloud.paths.pipeline_storage(self._workspace.name)
        return root / pipeline_id / "storage"

    def start(self) -> None:
        """End truthfully what an earlier process left active, and go on with what is continuous."""
        for update in self.updates.active():
            pipeline = Records(self._workspace, PIPELINE).get(update["pipeline_id"])
            # Not as the worker's process said it: that one is gone with the server.
            self._catch_up(pipeline, update)
            self._end(pipeline, update, UpdateState.FAILED, INTERRUPTED)
            if pipeline.get("continuous"):
                self._begin(pipeline, {}, pipeline["_creator"], "INFRASTRUCTURE_MAINTENANCE")

    async def stop(self) -> None:
        """End all active updates."""
        self._stopping = True
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def start_update(
        self, pipeline: Body, sent: Body, caller: str, cause: str, waiter: str = ""
    ) -> Body:
        """Start an update.

        Args:
            pipeline: as it is stored.
            sent: the request: what to refresh.
            caller: user name of whoever starts it.
            cause: why, as the API names causes.
            waiter: key of the run's token whose process waits for it: when that process ends, the
                update is stopped; "" for an update that nobody waits for.

        Raises:
            ApiError: RESOURCE_CONFLICT while another update of the pipeline is active.
        """
        active = self.updates.active(pipeline["pipeline_id"])
        if active:
            raise ApiError(
                "RESOURCE_CONFLICT",
                f"An active update {active[0]['update_id']} already exists for the pipeline "
                f"{pipeline['pipeline_id']}: wait until it ends, or stop it",
            )
        return self._begin(pipeline, sent, caller, cause, waiter)

    def _begin(self, pipeline: Body, sent: Body, caller: str, cause: str, waiter: str = "") -> Body:
        update = new_update(pipeline, sent, cause, self._workspace.cloud.clock.now())
        update[STARTED_BY] = caller
        number = update["update_id"]
        with self._workspace.cloud.database.transaction():
            self.updates.add(update)
            self.events.add(
                pipeline,
                number,
                {
                    "event_type": "user_action",
                    "message": f"User {caller} started an update of the pipeline.",
                    "details": {"user_action": {"action": "START", "user_name": caller}},
                },
            )
            self.events.add(
                pipeline,
                number,
                {
                    "event_type": "create_update",
                    "message": f"Update {number[:6]} started by {cause}.",
                    "details": {
                        "create_update": {
                            "cause": cause,
                            "config": update["config"],
                            "full_refresh": update["full_refresh"],
                            "validate_only": update["validate_only"],
                        }
                    },
                },
            )
        self._tasks[number] = asyncio.create_task(self._drive(pipeline, update, waiter))
        return update

    def stop_updates(self, pipeline_id: str) -> None:
        """Ask the active updates of a pipeline to end; returns at once, as the API does."""
        for update in self.updates.active(pipeline_id):
            self.stop_update(update)

    def stop_update(self, update: Body) -> None:
        """Ask an update to end, unless it has ended or is asked already."""
        task = self._tasks.get(update["update_id"])
        if task is None or update["state"] in (*FINAL, UpdateState.STOPPING):
            return
        pipeline = Records(self._workspace, PIPELINE).get(update["pipeline_id"])
        self._advance(pipeline, update, "STOPPING")
        task.cancel()

    async def ended(self, pipeline_id: str, update_id: str) -> Body:
        """Wait until an update has ended and return it."""
        task = self._tasks.get(update_id)
        if task is not None:
            await asyncio.wait({task})
        return self.updates.get(pipeline_id, update_id)

    @staticmethod
    def problem(update: Body) -> str:
        """Return what an update failed with, "" when it did not fail."""
        return str(update.get("_problem") or "")

    async def halt(self, pipeline_id: str) -> None:
        """End the active updates of a pipeline."""
        self.stop_updates(pipeline_id)
        for update in self.updates.active(pipeline_id):
            await self.ended(pipeline_id, update["update_id"])
        await self._publisher.idle(pipeline_id)

    def restart(self, pipeline: Body, caller: str) -> None:
        """Have a continuous pipeline run by its present settings."""

        async def again() -> None:
            await self.halt(pipeline["pipeline_id"])
            self._begin(pipeline, {}, caller, "USER_ACTION")

        name = f"restart {pipeline['pipeline_id']}"
        self._tasks[name] = task = asyncio.create_task(again())
        task.add_done_callback(lambda _task: self._tasks.pop(name, None))

    def forget(self, pipeline_id: str) -> None:
        """Drop what is kept of a pipeline that is deleted, inside of the caller's transaction."""
        self.updates.forget(pipeline_id)
        self.events.forget(pipeline_id)

    def drop_tables(self, pipeline_id: str) -> None:
        """Drop the tables of a pipeline."""
        metastore = self._workspace.cloud.metastore
        with metastore.database.transaction():
            for name in tables.of_pipeline(metastore, pipeline_id):
                tables.drop(metastore, name)
        metastore.trash.empty()

    def drop_files(self, pipeline_id: str) -> None:
        """Remove checkpoints and the folders of updates."""
        for folder in (self.storage(pipeline_id).parent, self.folder(pipeline_id)):
            shutil.rmtree(folder, ignore_errors=True)

    def _advance(self, pipeline: Body, update: Body, state: str) -> None:
        """Note the state of an update, and say so in the log."""
        update["state"] = state
        self.updates.save(update)
        self.events.add(
            pipeline,
            update["update_id"],
            {
                "event_type": "update_progress",
                "message": f"Update {update['update_id'][:6]} is {state}.",
                "details": {"update_progress": {"state": state}},
            },
        )

    def _end(
        self, pipeline: Body, update: Body, state: UpdateState, problem: str = "", kind: str = ""
    ) -> None:
        number = update["update_id"]
        event: Body = {
            "event_type": "update_progress",
            "level": "ERROR" if state is UpdateState.FAILED else "INFO",
            "message": f"Update {number[:6]} is {state}.{f' {problem}' if problem else ''}",
            "details": {"update_progress": {"state": state.value}},
        }
        if problem:
            update["_problem"] = problem
            exception = {"class_name": kind or "UpdateFailure", "message": problem}
            event["error"] = {"fatal": True, "exceptions": [exception]}
        with self._workspace.cloud.database.transaction():
            update["state"] = state.value
            self.updates.save(update)
            self.events.add(pipeline, number, event)

    async def _drive(self, pipeline: Body, update: Body, waiter: str) -> None:
        followed = self._workspace.cloud.tokens.followed
        try:
            with followed(waiter, lambda: self.stop_update(update)):
                await self._carry_out(pipeline, update)
            if not self._stopping:
                await self._publisher.publish(pipeline, update)
        finally:
            self._tasks.pop(update["update_id"], None)

    async def _carry_out(self, pipeline: Body, update: Body) -> None:
        try:
            problem, kind = await self._run(pipeline, update)
            if problem:
                self._end(pipeline, update, UpdateState.FAILED, problem, kind)
            else:
                self._end(pipeline, update, UpdateState.COMPLETED)
        except asyncio.CancelledError:
            self._catch_up(pipeline, update)
            if self._stopping:
                self._end(pipeline, update, UpdateState.FAILED, INTERRUPTED)
            else:
                self._end(pipeline, update, UpdateState.CANCELED)
        except Exception as error:
            self._end(pipeline, update, UpdateState.FAILED, f"The local cloud failed: {error!r}")
            raise

    async def _run(self, pipeline: Body, update: Body) -> tuple[str, str]:
        """Run an update; return what went wrong and its kind, "" when nothing did."""
        from bricklane_local.compute.sources import SourceError
        from bricklane_local.compute.tasks import NOT_INSTALLED
        from bricklane_local.compute.workers import WorkerError
        from bricklane_local.errors import LocalError

        self._advance(pipeline, update, "WAITING_FOR_RESOURCES")
        if self._pool is None:
            return NOT_INSTALLED, "ComputeMissing"
        tokens = self._workspace.cloud.tokens
        try:
            principal = acting(self._workspace, pipeline)
            token = tokens.issue_run(
                self._workspace.name, principal, 0, str(pipeline["pipeline_id"])
            )
            try:
                async with self._pool.place(nested=False):
                    with self._workspace.view.used_by(principal):
                        await self._work(pipeline, update, principal, token, self._pool)
            finally:
                tokens.revoke_run(token)
        except (SourceError, LocalError, WorkerError) as error:
            return str(error), type(error).__name__
        except ApiError as error:
            return error.message, error.code
        return self._result(pipeline, update)

    async def _work(
        self, pipeline: Body, update: Body, principal: Principal, token: str, pool: ComputePool
    ) -> None:
        from bricklane_local.compute.specification import common, roots

        folder = self._update_folder(update)
        folder.mkdir(parents=True, exist_ok=True)
        await self._publisher.idle(pipeline["pipeline_id"])
        sources = sources_of(self._workspace, pipeline, principal, folder)
        dependencies = (pipeline.get("environment") or {}).get("dependencies") or []
        overlay, spark, _ = await asyncio.gather(
            pool.environment(dependencies, roots(self._workspace)),
            pool.spark(),
            self._workspace.cloud.samples.ready(),
        )
        shared = common(self._workspace, folder, token, principal.user_name, spark)
        storage = self.storage(pipeline["pipeline_id"])
        specification = shared | specified(self._workspace, pipeline, update, sources, storage)
        specification["working_directory"] = str(folder)
        specification["sys_path"] = [str(overlay.path)] if overlay.path else []
        reading = asyncio.create_task(self._follow(pipeline, update))
        try:
            await pool.run(specification, cold=overlay.cold, grace=GRACE_SECONDS)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _update_folder(self, update: Body) -> Path:
        folder = self.folder(str(update["pipeline_id"]))
        return folder / "updates" / str(update["update_id"])

    async def _follow(self, pipeline: Body, update: Body) -> None:
        """Take over what the worker says, as it says it."""
        while True:
            self._catch_up(pipeline, update)
            await asyncio.sleep(POLL_SECONDS)

    def _catch_up(self, pipeline: Body, update: Body) -> None:
        """Take over what the worker has said since the last time."""
        database = self._workspace.cloud.database
        with database.transaction():
            begin = position = update.get("_said", 0)
            for event, end in _said(self._update_folder(update) / EVENTS, begin):
                self._take(pipeline, update, event)
                position = end
            if position != begin:
                update["_said"] = position
                self.updates.save(update)

    def _take(self, pipeline: Body, update: Body, event: Body) -> None:
        table = event.get("table")
        if table:
            tables.belong(
                self._workspace.cloud.metastore,
                table["full_name"],
                pipeline["pipeline_id"],
                table["table_type"],
            )
        state = (event["details"].get("update_progress") or {}).get("state")
        if state and update["state"] != UpdateState.STOPPING:
            update["state"] = state
        self.events.add(pipeline, update["update_id"], event)

    def _result(self, pipeline: Body, update: Body) -> tuple[str, str]:
        self._catch_up(pipeline, update)
        try:
            result = json.loads((self._update_folder(update) / RESULT).read_bytes())
        except FileNotFoundError:
            return "The process of the update ended without a result", "WorkerDied"
        if result["state"] == "SUCCESS":
            return "", ""
        error = result.get("error") or {}
        return str(error.get("message") or error.get("type")), str(error.get("type") or "")


def _said(file: Path, begin: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield the events in a file behind a position, each with the position behind it."""
    try:
        with file.open("rb") as lines:
            lines.seek(begin)
            for line in lines:
                if not line.endswith(b"\n"):
                    return
                begin += len(line)
                yield json.loads(line), begin
    except FileNotFoundError:
        return
