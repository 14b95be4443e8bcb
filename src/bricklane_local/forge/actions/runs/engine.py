"""Moves runs forward: decides for each job whether it waits, starts, or ends without running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.expressions import ExpressionError
from bricklane_local.forge.actions.runs import planning
from bricklane_local.forge.actions.runs.book import Book
from bricklane_local.forge.actions.runs.concurrency import Member
from bricklane_local.forge.actions.runs.gates import Gates
from bricklane_local.forge.actions.runs.model import (
    BLOCKED,
    CANCELLED,
    FAILURE,
    PENDING,
    QUEUED,
    RUNNING,
    SKIPPED,
    WAITING,
    JobRun,
    Run,
)
from bricklane_local.forge.actions.runs.opening import Opener
from bricklane_local.forge.actions.runs.planning import ActiveRun, JobProblemError
from bricklane_local.forge.actions.runs.store import RunStore

if TYPE_CHECKING:
    from bricklane_local.forge.actions.runner.execution import Execution
    from bricklane_local.forge.forge import Forge

LOGGER = logging.getLogger(__name__)
Execute = Callable[["ActiveRun", JobRun, "Engine"], "Execution"]
LOST = "The local cloud ended while this job was running; run it again with a re-run of the job."
STOPPED = "The local cloud was stopped while this job was running."


class Engine:
    """All runs of a forge that have not ended.

    Args:
        forge: where they run.
        store: where they are remembered.
        execute: makes the execution of a job, which is then run.
        limit: how many jobs may run at once.
    """

    def __init__(self, forge: Forge, store: RunStore, execute: Execute, limit: int) -> None:
        self._forge = forge
        self._store = store
        self._execute = execute
        self._limit = limit
        self._opener = Opener(forge, store)
        self._book = Book(forge, store, self.pump)
        self._gates = Gates(forge, self._book.reporter)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._stopping = False
        self._timer: asyncio.TimerHandle | None = None

    @property
    def active(self) -> Mapping[int, ActiveRun]:
        """The runs that have not ended, by id."""
        return self._book.active

    def cancel(self, run: Run) -> bool:
        """Cancel a run; say whether there was something to cancel."""
        return self._book.cancel(run)

    def resume(self) -> None:
        """Take up what was under way when the server ended: running jobs are lost."""
        with self._forge.transaction():
            for run in self._store.active():
                active = self._opener.open(run)
                if active is None:
                    continue
                self._book.active[run.id] = active
                if run.admitted and run.group:
                    self._book.groups.enter(run.repository, run.group, Member(run.id))
                for job in active.jobs:
                    if job.group and job.status in (QUEUED, RUNNING):
                        self._book.groups.enter(job.repository, job.group, Member(run.id, job.id))
            for active in list(self._book.active.values()):
                for job in active.jobs:
                    if job.status == RUNNING:
                        self._book.end(active, job, FAILURE, LOST)
        self.pump()

    def add(self, run: Run) -> None:
        """Begin a run, or a new attempt of one; its jobs are stored already for a new attempt."""
        active = self._opener.open(run)
        if active is not None:
            self._book.active[run.id] = active
            self._book.reporter.tell(run, "requested")

    def approve(self, run: Run, environments: list[str], review: dict[str, Any]) -> list[JobRun]:
        """Let jobs into their environments, or refuse them.

        Args:
            run: whose jobs.
            environments: names.
            review: ``user``, ``state`` (``approved`` or ``rejected``), ``comment``, ``at``.

        Returns:
            The jobs that waited for it.
        """
        active = self._book.active.get(run.id)
        wanted = {name.lower() for name in environments}
        jobs = [job for job in active.jobs if job.status == WAITING] if active else []
        jobs = [job for job in jobs if job.environment.lower() in wanted]
        for job in jobs:
            job.approvals.append(review)
            if active and review["state"] != "approved":
                note = f": {review['comment']}" if review["comment"] else ""
                self._book.end(
                    active, job, FAILURE, f"{review['user']} rejected the deployment{note}"
                )
            else:
                self._store.save_job(job)
        return jobs

    def pump(self) -> None:
        """Do everything that can be done now."""
        if self._stopping:
            return
        with self._forge.transaction():
            while self._advance_all():
                pass
            self._start_queued()
        self._wake_later()

    def _advance_all(self) -> bool:
        changed = self._book.touched = False
        for active in self._in_order():
            try:
                changed |= self._advance(active)
            except Exception as error:
                # One run that cannot go on must not keep the others from it.
                LOGGER.exception("run %s cannot go on", active.run.id)
                self._book.give_up(active, f"The local forge failed: {error}")
        return changed or self._book.touched

    async def stop(self) -> None:
        """End all running jobs and everything they started."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for active in self._in_order():
            for job in active.jobs:
                if job.id in self._tasks:  # it was cancelled before its first step
                    self._close(active, job, CANCELLED, STOPPED)

    def _in_order(self) -> list[ActiveRun]:
        return [self._book.active[number] for number in sorted(self._book.active)]

    def _advance(self, active: ActiveRun) -> bool:
        run = active.run
        repository = self._book.repository(run)
        if repository is None:
            self._book.drop(active)
            return True
        if not run.admitted and not self._admit(active):
            return False
        changed = False
        for job in list(active.jobs):
            if job.status == BLOCKED and active.is_ready(job):
                changed |= self._guarded(active, job, self._unblock)
            elif job.status == WAITING and self._gates.is_open(repository, job):
                changed |= self._guarded(active, job, self._enter)
            elif job.status == PENDING:
                changed |= self._try_group(active, job)
        self._book.refresh(active)
        return changed

    def _guarded(
        self, active: ActiveRun, job: JobRun, action: Callable[[ActiveRun, JobRun], None]
    ) -> bool:
        try:
            action(active, job)
        except (ExpressionError, JobProblemError) as error:
            self._book.end(active, job, FAILURE, f"jobs.{job.key}: {error}")
        return True

    def _admit(self, active: ActiveRun) -> bool:
        run = active.run
        if run.cancelled:
            run.admitted = True
        elif not run.group:
            try:
                run.group, cancel = planning.group_of(
                    active.workflow.concurrency, active.values, "concurrency"
                )
            except (ExpressionError, JobProblemError) as error:
                run.problem = str(error)
                run.group, cancel, run.cancelled = "", False, False
                for job in active.jobs:
                    self._book.end(active, job, FAILURE, run.problem)
            run.admitted = not run.group or self._book.enter_group(
                run.group, Member(run.id), run, cancel=cancel
            )
        else:
            run.admitted = self._book.enter_group(run.group, Member(run.id), run, cancel=False)
        status = run.status if run.admitted else PENDING
        if run.admitted or run.status != status:
            run.status = status
            self._store.save_run(run)
        return run.admitted

    def _unblock(self, active: ActiveRun, job: JobRun) -> None:
        # Also of a job that is skipped: a required check goes by this name.
        job.name = planning.name_of(active, job)
        if not planning.wants_to_run(active, job):
            cancelled, reason = active.run.cancelled, active.run.reason
            self._book.end(active, job, CANCELLED if cancelled else SKIPPED, reason)
            return
        if active.described(job).refused:
            planning.check_possible(active, job)
        combinations = planning.expanded(active, job)
        siblings = [job, *(self._opener.sibling(job) for _ in combinations[1:])]
        at = active.jobs.index(job)
        active.jobs[at : at + 1] = siblings
        for index, (one, values) in enumerate(zip(siblings, combinations, strict=True)):
            one.matrix, one.index, one.total = values, index, len(combinations)
            one.status = QUEUED
            self._guarded(active, one, self._prepare)

    def _prepare(self, active: ActiveRun, job: JobRun) -> None:
        repository = self._book.repository(active.run)
        assert repository is not None  # noqa: S101  (_advance has looked)
        job.name = planning.name_of(active, job)
        planning.check_possible(active, job)
        described = active.described(job)
        job.forgiven = planning.flag_of(active, job, described.continue_on_error)
        job.environment = planning.environment_of(active, job)
        if job.environment and self._gates.close(repository, active.run, job):
            job.status = WAITING
            self._book.changed(active, job)
            return
        self._enter(active, job)

    def _enter(self, active: ActiveRun, job: JobRun) -> None:
        """Go on with a job that its environment let in."""
        group, cancel = planning.group_of(
            active.described(job).concurrency, active.values_for(job), f"jobs.{job.key}.concurrency"
        )
        job.group = group
        member = Member(active.run.id, job.id)
        entered = not group or self._book.enter_group(group, member, active.run, cancel=cancel)
        job.status = QUEUED if entered else PENDING
        self._book.changed(active, job)

    def _try_group(self, active: ActiveRun, job: JobRun) -> bool:
        member = Member(active.run.id, job.id)
        if not self._book.enter_group(job.group, member, active.run, cancel=False):
            return False
        job.status = QUEUED
        self._book.changed(active, job)
        return True

    def _start_queued(self) -> None:
        for active in self._in_order():
            for job in active.jobs:
                if len(self._tasks) >= self._limit:
                    return
                if job.status == QUEUED and self._may_start(active, job):
                    self._start(active, job)
            if active.run.admitted and active.run.id in self._book.active:
                self._book.refresh(active)

    def _may_start(self, active: ActiveRun, job: JobRun) -> bool:
        most = active.described(job).max_parallel
        if job.total == 1 or not isinstance(most, int) or most <= 0:
            return True
        running = [other for other in active.of_key([job.key]) if other.status == RUNNING]
        return len(running) < most

    def _start(self, active: ActiveRun, job: JobRun) -> None:
        repository = self._book.repository(active.run)
        if repository is None:
            return
        job.status, job.started_at = RUNNING, self._forge.clock.now()
        self._book.changed(active, job)
        self._book.reporter.deployment(repository, active.run, job, RUNNING)
        self._store.save_job(job)
        execution = self._execute(active, job, self)
        self._book.executions[job.id] = execution
        self._tasks[job.id] = asyncio.create_task(self._run(active, job, execution))

    async def _run(self, active: ActiveRun, job: JobRun, execution: Execution) -> None:
        try:
            result = await execution.run()
        except asyncio.CancelledError:
            self._close(active, job, CANCELLED, STOPPED)
            raise
        except Exception as error:
            LOGGER.exception("job %s of run %s failed", job.id, job.run)
            self._close(active, job, FAILURE, f"The local forge failed: {error}")
            return
        job.outputs, job.environment_url = result.outputs, result.environment_url
        self._close(active, job, result.conclusion, result.message)

    def _close(self, active: ActiveRun, job: JobRun, conclusion: str, message: str) -> None:
        self._tasks.pop(job.id, None)
        self._book.executions.pop(job.id, None)
        with self._forge.transaction():
            self._book.end(active, job, conclusion, message)
            if self._stopping and active.run.id in self._book.active:
                self._refresh_if_done(active)
        self.pump()

    def _refresh_if_done(self, active: ActiveRun) -> None:
        if all(job.done for job in active.jobs):
            self._book.finish(active)

    def note(self, job: JobRun) -> None:
        """Store what a running job has got to."""
        self._store.save_job(job)

    def _wake_later(self) -> None:
        """Look again when the next wait of an environment is over."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waits = [
            job.waits_until
            for active in self._book.active.values()
            for job in active.jobs
            if job.status == WAITING and job.waits_until
        ]
        now = self._forge.clock.now()
        later = [moment - now for moment in waits if moment > now]
        if later:
            delay = min(later) / 1000 + 0.01
            self._timer = asyncio.get_running_loop().call_later(delay, self.pump)
