"""The engine of one workspace: admits runs, drives them, and answers for their ends."""

from __future__ import annotations

import asyncio
import logging
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.jobs.definitions import (
    Jobs,
    check_settings,
    most_at_once,
    with_defaults,
)
from bricklane_local.jobs.driver import RunDriver
from bricklane_local.jobs.graph import chosen
from bricklane_local.jobs.notifications.outbox import Notifications
from bricklane_local.jobs.parameters import job_parameters, overrides
from bricklane_local.jobs.repairing import settings_of_now, tasks_to_repair
from bricklane_local.jobs.runs import Run, Runs, ended
from bricklane_local.jobs.states import FINAL, State
from bricklane_local.jobs.triggers.scheduler import Scheduler

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.tasks import ComputeExecutor

LOGGER = logging.getLogger(__name__)
INTERRUPTED = "The run was interrupted: the local cloud stopped while it was active"


class JobEngine:
    """Runs the jobs of one workspace.

    Args:
        workspace: whose jobs.
        compute: executes what needs Python and Spark.
    """

    def __init__(self, workspace: Workspace, compute: ComputeExecutor) -> None:
        self.workspace = workspace
        self.compute = compute
        self.clock = workspace.cloud.clock
        self.jobs = Jobs(workspace.space, self.clock)
        self.runs = Runs(workspace.space)
        self.notifications = Notifications(self)
        self.scheduler = Scheduler(self)
        self.jobs.on_change = self.scheduler.follow
        self._space = workspace.space
        self._drivers: dict[int, RunDriver] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._ended: dict[int, asyncio.Event] = {}
        self._stopping = False

    def page_url(self, run: Run) -> str:
        """Return the address of a run's page."""
        return f"{self.workspace.host}/jobs/{run.job_id}/runs/{run.run_id}"

    def task_page_url(self, run: Run, task_run_id: int) -> str:
        """Return the address of an attempt at a task on its run's page."""
        return f"{self.page_url(run)}#task-{task_run_id}"

    def start(self) -> None:
        """End truthfully what an earlier process left active, and take up the queue again."""
        self.runs.complete()
        for run in self.runs.active():
            if run.state is State.QUEUED:
                self.runs.save(run)
                continue
            now = self.clock.now()
            for attempt in self.runs.attempts(run.run_id):
                for item in (attempt, *self.runs.iterations(attempt)):
                    if item.state not in FINAL:
                        self.runs.save_task(ended(item, State.INTERRUPTED, INTERRUPTED, now))
            self.end(replace(run, state=State.INTERRUPTED, message=INTERRUPTED, end_time=now))
        for job_id in {run.job_id for run in self.runs.active()}:
            self._admit_queued(job_id)
        self.notifications.start()
        self.scheduler.start()

    async def stop(self) -> None:
        """End all active runs as interrupted; queued ones stay queued."""
        self._stopping = True
        await self.scheduler.stop()
        for driver in self._drivers.values():
            driver.stop(State.INTERRUPTED)
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        await self.notifications.stop()

    def end(self, run: Run) -> None:
        """Store a run that has ended, and tell of it."""
        with self._space.database.transaction():
            self.runs.save(run)
            self.notifications.run_ended(run)

    def run_now(
        self,
        job_id: int,
        body: dict[str, Any],
        *,
        creator: str,
        trigger: str = "ONE_TIME",
        parent_task_run: int = 0,
        details: dict[str, str] | None = None,
    ) -> Run:
        """Start a run of a job, or put it into the job's queue.

        Args:
            job_id: the job.
            body: parameters as run-now takes them.
            creator: user name of whoever starts it; the job's own principal is who it acts as.
            trigger: what starts it.
            parent_task_run: id of the task run that starts it, 0 for none.
            details: what the trigger has seen.

        Raises:
            ApiError: when the job is missing or a parameter does not fit it.
        """
        job = self.jobs.get(job_id)
        settings = job["settings"]
        run = self._new_run(
            job_id,
            settings,
            creator,
            run_type="JOB_RUN",
            trigger=trigger,
            trigger_details=details or {},
            parameters=job_parameters(settings, body.get("job_parameters") or {}),
            overrides=overrides(body, settings),
            parent_task_run=parent_task_run,
            only=chosen(settings.get("tasks") or [], body.get("only") or []),
            run_as=str(job["run_as_user_name"]),
        )
        self._admit(run)
        return run

    def triggered(self, job_id: int, trigger: str, details: dict[str, str]) -> None:
        """Start a run of a job for its trigger.

        Args:
            job_id: the job.
            trigger: what kind, as the API names it.
            details: what it has seen, for ``{{job.trigger.…}}``.

        Raises:
            ApiError: when the job is missing.
        """
        owner = self.jobs.owner(self.jobs.get(job_id))
        self.run_now(job_id, {}, creator=owner, trigger=trigger, details=details)

    def is_active(self, job_id: int) -> bool:
        """Say whether a run of a job is under way or waits in the job's queue."""
        return bool(self.runs.active_ids(job_id))

    def submit(
        self, body: dict[str, Any], creator: str, parent_task_run: int, run_as: str = ""
    ) -> Run:
        """Start a one-time run.

        Args:
            body: settings as runs/submit takes them.
            creator: user name of whoever starts it.
            parent_task_run: id of the task run that starts it, 0 for none.
            run_as: user name or application id of whom it acts as, "" for ``creator``.

        Raises:
            ApiError: when the tasks are not valid.
        """
        check_settings(body)
        if not body.get("tasks"):
            raise invalid("Missing required field: tasks")
        settings = with_defaults(body) | {"name": body.get("run_name") or "Untitled"}
        run = self._new_run(
            self._space.database.next_number("job", first=500_000_000_000_001),
            settings,
            creator,
            run_type="WORKFLOW_RUN" if parent_task_run else "SUBMIT_RUN",
            trigger="ONE_TIME",
            parent_task_run=parent_task_run,
            run_as=run_as,
        )
        self._begin(run)
        return run

    def _new_run(self, job_id: int, settings: dict[str, Any], creator: str, **fields: Any) -> Run:
        run = Run(
            run_id=self.runs.new_id(),
            job_id=job_id,
            name=str(settings.get("name")),
            creator=creator,
            settings=settings,
            start_time=self.clock.now(),
            **fields,
        )
        self.runs.add(run)
        return run

    def _running(self, job_id: int) -> int:
        return sum(driver.run.job_id == job_id for driver in self._drivers.values())

    def _admit(self, run: Run) -> None:
        most = most_at_once(run.settings)
        if self._running(run.job_id) < most:
            self._begin(run)
            return
        reason = f"The job already has {most} active runs, its max_concurrent_runs"
        if not most:
            reason = "The job takes no runs: its max_concurrent_runs is 0"
        if (run.settings.get("queue") or {}).get("enabled"):
            self.runs.save(replace(run, state=State.QUEUED, message=reason))
            return
        self.give_up(run, reason)

    def give_up(self, run: Run, reason: str) -> None:
        """Skip a run that has not begun."""
        now = self.clock.now()
        self.end(replace(run, state=State.SKIPPED, message=reason, end_time=now))
        self._tell_end(run.run_id)

    def _admit_queued(self, job_id: int) -> None:
        for run_id in self.runs.queued(job_id):
            run = self.runs.get(run_id)
            if self._running(job_id) >= most_at_once(run.settings):
                return
            run = replace(run, state=State.PENDING, message="")
            # At once, and not when its driver gets its turn: another run may end before that, and
            # would find this one in the queue still.
            self.runs.save(run)
            self._begin(run)

    def _begin(self, run: Run, keep: frozenset[str] = frozenset()) -> None:
        driver = RunDriver(self, run, keep)
        self._drivers[run.run_id] = driver
        self._tasks[run.run_id] = asyncio.create_task(self._drive(driver))

    async def _drive(self, driver: RunDriver) -> None:
        run_id = driver.run.run_id
        try:
            await driver.drive()
        finally:
            self._write_page(run_id)
            del self._drivers[run_id]
            del self._tasks[run_id]
            self._tell_end(run_id)
            if not self._stopping:
                self._admit_queued(driver.run.job_id)
                self.scheduler.ended(driver.run)

    def _write_page(self, run_id: int) -> None:
        try:
            self.workspace.pages.write(run_id)
        except Exception:
            # The run has ended as it is stored: that its page is missing must not hold its place.
            LOGGER.exception("page of run %d", run_id)

    async def wait(self, run_id: int) -> Run:
        """Wait until a run has ended and return it."""
        while (run := self.runs.get(run_id)).state not in FINAL:
            await self._ended.setdefault(run_id, asyncio.Event()).wait()
        return run

    def _tell_end(self, run_id: int) -> None:
        event = self._ended.pop(run_id, None)
        if event is not None:
            event.set()

    def cancel(self, run_id: int) -> None:
        """Ask a run to end; returns at once, as the API does.

        Raises:
            ApiError: when there is no such run. One that has ended already is left as it is.
        """
        run = self.runs.get(run_id)
        driver = self._drivers.get(run_id)
        if driver is not None:
            driver.stop(State.CANCELED)
        elif run.state not in FINAL:
            now = self.clock.now()
            self.end(replace(run, state=State.CANCELED, message="Run cancelled", end_time=now))
            self._tell_end(run_id)

    def cancel_all(self, job_id: int | None, *, only_queued: bool) -> None:
        """Cancel the active runs of a job, or of all; with ``only_queued`` those in a queue."""
        for run_id in self.runs.queued(job_id):
            self.cancel(run_id)
        if not only_queued:
            for run_id in sorted(self.runs.active_ids(job_id)):
                self.cancel(run_id)

    def repair(self, run_id: int, body: dict[str, Any]) -> int:
        """Run some tasks of an ended run again, as the job has them now; return the repair's id.

        Raises:
            ApiError: when the run is active, has nothing to repair, or names unknown tasks.
        """
        run = self.runs.get(run_id)
        if run.state not in FINAL:
            raise invalid(f"Run {run_id} is still active; cancel it or wait before repairing it")
        latest_id = run.repairs[-1]["id"] if run.repairs else None
        if body.get("latest_repair_id") != latest_id and run.repairs:
            raise invalid(f"latest_repair_id must be {latest_id}, the run's last repair")
        job = self.jobs.find(run.job_id) if run.run_type == "JOB_RUN" else None
        settings = settings_of_now(run, job and job["settings"])
        same_source = settings.get("git_source") == run.settings.get("git_source")
        commit = run.git_commit if same_source else ""
        run = replace(run, settings=settings, git_commit=commit)
        rerun = tasks_to_repair(run, self.runs.latest(run), body)
        given = body.get("job_parameters") or {}
        declared = job_parameters(run.settings, given)
        run = replace(run, parameters=declared | run.parameters | given)
        repair_id = self._space.database.next_number("repair", first=700_000_000_000_001)
        if not run.repairs:
            original = {"type": "ORIGINAL", "start_time": run.start_time, "end_time": run.end_time}
            run = replace(run, repairs=[original | {"id": 0, "state": run.state}])
        now = self.clock.now()
        entry = {"type": "REPAIR", "id": repair_id, "start_time": now, "tasks": sorted(rerun)}
        keep = frozenset(task["task_key"] for task in run.tasks if task["task_key"] not in rerun)
        run = replace(
            run,
            repairs=[*run.repairs, entry],
            state=State.PENDING,
            end_time=0,
            overrides=run.overrides | overrides(body, run.settings),
        )
        self.runs.save(run)
        self._begin(run, keep)
        return repair_id

    def delete_run(self, run_id: int) -> None:
        """Delete a run that has ended, with all that its tasks left.

        Raises:
            ApiError: INVALID_STATE while it is active.
        """
        run = self.runs.get(run_id)
        if run.state not in FINAL:
            raise ApiError("INVALID_STATE", f"Run {run_id} is active: cancel it first")
        attempts = self.runs.attempts(run_id)
        ids = [item.run_id for item in attempts]
        ids += [i.run_id for item in attempts for i in self.runs.iterations(item)]
        self.runs.delete(run)
        self.notifications.forget(run_id)
        for number in (run_id, *ids):
            shutil.rmtree(self.workspace.run_folder(number), ignore_errors=True)
