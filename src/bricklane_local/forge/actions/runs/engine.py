"""Moves runs forward: decides for each job whether it waits, starts, or ends without running."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions import tokens
from bricklane_local.forge.actions.expressions import ExpressionError, truthy
from bricklane_local.forge.actions.runs import planning
from bricklane_local.forge.actions.runs.concurrency import Groups, Member
from bricklane_local.forge.actions.runs.gates import Gates
from bricklane_local.forge.actions.runs.model import (
    BLOCKED,
    CANCELLED,
    COMPLETED,
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
from bricklane_local.forge.actions.runs.reporting import Reporter
from bricklane_local.forge.actions.runs.store import RunStore

if TYPE_CHECKING:
    from bricklane_local.forge.actions.runner.execution import Execution, Result
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

LOGGER = logging.getLogger(__name__)
Execute = Callable[["ActiveRun", JobRun, "Engine"], "Execution"]
LOST = "The local cloud ended while this job was running; run it again with a re-run of the job."
STOPPED = "The local cloud was stopped while this job was running."
REPLACED = "Canceling since a higher priority waiting request for '{group}' exists"


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
        self._groups = Groups()
        self.reporter = Reporter(forge)
        self._gates = Gates(forge, self.reporter)
        self.active: dict[int, ActiveRun] = {}
        self._executions: dict[int, Execution] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._stopping = False
        self._timer: asyncio.TimerHandle | None = None

    # -- from outside ---------------------------------------------------------------------------

    def resume(self) -> None:
        """Take up what was under way when the server ended: running jobs are lost."""
        with self._forge.transaction():
            for run in self._store.active():
                active = self._opener.open(run)
                if active is None:
                    continue
                self.active[run.id] = active
                if run.admitted and run.group:
                    self._groups.enter(run.repository, run.group, Member(run.id))
                for job in active.jobs:
                    if job.group and job.status in (QUEUED, RUNNING):
                        self._groups.enter(job.repository, job.group, Member(run.id, job.id))
            for active in list(self.active.values()):
                for job in active.jobs:
                    if job.status == RUNNING:
                        self._end(active, job, FAILURE, LOST)
        self.pump()

    def add(self, run: Run) -> None:
        """Begin a run, or a new attempt of one; its jobs are stored already for a new attempt."""
        active = self._opener.open(run)
        if active is not None:
            self.active[run.id] = active

    def cancel(self, run: Run, *, message: str = "The run was canceled.") -> bool:
        """Cancel a run; say whether there was something to cancel."""
        active = self.active.get(run.id)
        if active is None:
            return False
        active.run.cancelled = True
        for job in active.jobs:
            self._cancel_job(active, job, message)
        self._store.save_run(active.run)
        return True

    def approve(self, run: Run, environments: list[str], review: dict[str, Any]) -> list[JobRun]:
        """Let jobs into their environments, or refuse them.

        Args:
            run: whose jobs.
            environments: names.
            review: ``user``, ``state`` (``approved`` or ``rejected``), ``comment``, ``at``.

        Returns:
            The jobs that waited for it.
        """
        active = self.active.get(run.id)
        wanted = {name.lower() for name in environments}
        jobs = [job for job in active.jobs if job.status == WAITING] if active else []
        jobs = [job for job in jobs if job.environment.lower() in wanted]
        for job in jobs:
            job.approvals.append(review)
            if active and review["state"] != "approved":
                note = f": {review['comment']}" if review["comment"] else ""
                self._end(active, job, FAILURE, f"{review['user']} rejected the deployment{note}")
            else:
                self._store.save_job(job)
        return jobs

    def job(self, number: int) -> JobRun | None:
        """Return a job of an active run, as it is right now."""
        found = (job for active in self.active.values() for job in active.jobs)
        return next((job for job in found if job.id == number), None)

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
        changed = False
        for active in self._in_order():
            try:
                changed |= self._advance(active)
            except Exception as error:
                # One run that cannot go on must not keep the others from it.
                LOGGER.exception("run %s cannot go on", active.run.id)
                self._give_up(active, f"The local forge failed: {error}")
        return changed

    def _give_up(self, active: ActiveRun, message: str) -> None:
        run = active.run
        for job in active.jobs:
            if not job.done:
                job.status, job.conclusion, job.message = COMPLETED, FAILURE, message
                self._store.save_job(job)
        run.status, run.conclusion, run.problem = COMPLETED, FAILURE, message
        self._store.save_run(run)
        self._drop(active)

    async def stop(self) -> None:
        """End all running jobs and everything they started."""
        self._stopping = True
        if self._timer is not None:
            self._timer.cancel()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def settled(self) -> None:
        """Wait until no job is running; for tests."""
        while self._tasks:
            await asyncio.wait(list(self._tasks.values()))
            await asyncio.sleep(0)

    # -- one run --------------------------------------------------------------------------------

    def _in_order(self) -> list[ActiveRun]:
        return [self.active[number] for number in sorted(self.active)]

    def repository(self, run: Run) -> Repository | None:
        """Return the repository of a run, or None when it has been deleted."""
        return self._forge.repositories.by_id(run.repository)

    def _advance(self, active: ActiveRun) -> bool:
        run = active.run
        repository = self.repository(run)
        if repository is None:
            self._drop(active)
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
        self._refresh(active)
        return changed

    def _guarded(
        self, active: ActiveRun, job: JobRun, action: Callable[[ActiveRun, JobRun], None]
    ) -> bool:
        try:
            action(active, job)
        except (ExpressionError, JobProblemError) as error:
            self._end(active, job, FAILURE, f"jobs.{job.key}: {error}")
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
                    self._end(active, job, FAILURE, run.problem)
            run.admitted = not run.group or self._in_group(run.group, Member(run.id), run, cancel)
        else:
            run.admitted = self._in_group(run.group, Member(run.id), run, cancel=False)
        status = run.status if run.admitted else PENDING
        if run.admitted or run.status != status:
            run.status = status
            self._store.save_run(run)
        return run.admitted

    def _in_group(self, group: str, member: Member, run: Run, cancel: bool) -> bool:
        entered, replaced = self._groups.enter(run.repository, group, member)
        if replaced is not None:
            self._cancel_member(replaced, REPLACED.format(group=group))
        holder = self._groups.holder(run.repository, group)
        if not entered and cancel and holder is not None:
            self._cancel_member(holder, REPLACED.format(group=group))
        return entered

    def _cancel_member(self, member: Member, message: str) -> None:
        active = self.active.get(member.run)
        if active is None:
            return
        if not member.job:
            self.cancel(active.run, message=message)
            return
        for job in active.jobs:
            if job.id == member.job:
                self._cancel_job(active, job, message)

    def _refresh(self, active: ActiveRun) -> None:
        """Make the run's state follow from its jobs'."""
        run, jobs = active.run, active.jobs
        if all(job.done for job in jobs):
            self._finish(active)
            return
        states = {job.status for job in jobs}
        started = any(job.started_at for job in jobs)
        status = next((state for state in (RUNNING, QUEUED) if state in states), None)
        if status is None:
            status = next((state for state in (WAITING, PENDING) if state in states), RUNNING)
        elif started:
            status = RUNNING
        if run.status != status:
            run.status = status
            self._store.save_run(run)

    def _finish(self, active: ActiveRun) -> None:
        run = active.run
        run.status, run.conclusion = COMPLETED, planning.conclusion_of(run, active.jobs)
        self._store.save_run(run)
        if run.group:
            self._groups.leave(run.repository, run.group, Member(run.id))
        del self.active[run.id]
        # Somebody may have waited for the group.
        asyncio.get_running_loop().call_soon(self.pump)

    def _drop(self, active: ActiveRun) -> None:
        for job in active.jobs:
            execution = self._executions.get(job.id)
            if execution is not None:
                execution.cancel()
        self._groups.leave(active.run.repository, active.run.group, Member(active.run.id))
        del self.active[active.run.id]

    # -- one job --------------------------------------------------------------------------------

    def _unblock(self, active: ActiveRun, job: JobRun) -> None:
        if not planning.wants_to_run(active, job):
            message = "The run was canceled." if active.run.cancelled else ""
            self._end(active, job, CANCELLED if active.run.cancelled else SKIPPED, message)
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
        repository = self.repository(active.run)
        assert repository is not None  # noqa: S101  (_advance has looked)
        job.name = planning.name_of(active, job)
        planning.check_possible(active, job)
        described = active.described(job)
        job.forgiven = planning.flag_of(active, job, described.continue_on_error)
        job.environment = planning.environment_of(active, job)
        if job.environment and self._gates.close(repository, active.run, job):
            job.status = WAITING
            self._changed(active, job)
            return
        self._enter(active, job)

    def _enter(self, active: ActiveRun, job: JobRun) -> None:
        """Go on with a job that its environment let in."""
        group, cancel = planning.group_of(
            active.described(job).concurrency, active.values_for(job), f"jobs.{job.key}.concurrency"
        )
        job.group = group
        member = Member(active.run.id, job.id)
        entered = not group or self._in_group(group, member, active.run, cancel)
        job.status = QUEUED if entered else PENDING
        self._changed(active, job)

    def _try_group(self, active: ActiveRun, job: JobRun) -> bool:
        member = Member(active.run.id, job.id)
        if not self._in_group(job.group, member, active.run, cancel=False):
            return False
        job.status = QUEUED
        self._changed(active, job)
        return True

    def _changed(self, active: ActiveRun, job: JobRun) -> None:
        repository = self.repository(active.run)
        if repository is not None:
            self.reporter.check(repository, active.run, job)
        self._store.save_job(job)

    def _cancel_job(self, active: ActiveRun, job: JobRun, message: str) -> None:
        execution = self._executions.get(job.id)
        if execution is not None:
            job.cancelling, job.message = True, message
            execution.cancel()
            self._store.save_job(job)
        elif job.status in (WAITING, PENDING, QUEUED):
            self._end(active, job, CANCELLED, message)

    def _end(self, active: ActiveRun, job: JobRun, conclusion: str, message: str = "") -> None:
        """Record how a job ended."""
        if job.done:
            return
        now = self._forge.clock.now()
        job.status, job.conclusion = COMPLETED, conclusion
        job.message = message or job.message
        job.completed_at = now
        job.started_at = job.started_at or now
        tokens.revoke(self._forge, job.id)
        repository = self.repository(active.run)
        if job.group:
            self._groups.leave(job.repository, job.group, Member(job.run, job.id))
        if repository is not None:
            self._changed(active, job)
            if job.deployment:
                self.reporter.deployment(repository, active.run, job, conclusion)
        self._store.save_job(job)
        if conclusion == FAILURE and job.total > 1 and not job.forgiven:
            self._fail_fast(active, job)

    def _fail_fast(self, active: ActiveRun, job: JobRun) -> None:
        if truthy(active.described(job).fail_fast):
            for sibling in active.of_key([job.key]):
                message = "Canceled because another job of the matrix failed."
                self._cancel_job(active, sibling, message)

    # -- running --------------------------------------------------------------------------------

    def _start_queued(self) -> None:
        for active in self._in_order():
            for job in active.jobs:
                if len(self._tasks) >= self._limit:
                    return
                if job.status == QUEUED and self._may_start(active, job):
                    self._start(active, job)
            if active.run.id in self.active:
                self._refresh(active)

    def _may_start(self, active: ActiveRun, job: JobRun) -> bool:
        most = active.described(job).max_parallel
        if job.total == 1 or not isinstance(most, int) or most <= 0:
            return True
        running = [other for other in active.of_key([job.key]) if other.status == RUNNING]
        return len(running) < most

    def _start(self, active: ActiveRun, job: JobRun) -> None:
        repository = self.repository(active.run)
        if repository is None:
            return
        job.status, job.started_at = RUNNING, self._forge.clock.now()
        self._changed(active, job)
        self.reporter.deployment(repository, active.run, job, RUNNING)
        self._store.save_job(job)
        execution = self._execute(active, job, self)
        self._executions[job.id] = execution
        self._tasks[job.id] = asyncio.create_task(self._run(active, job, execution.run()))

    async def _run(
        self, active: ActiveRun, job: JobRun, running: Coroutine[Any, Any, Result]
    ) -> None:
        try:
            result = await running
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
        self._executions.pop(job.id, None)
        with self._forge.transaction():
            self._end(active, job, conclusion, message)
            if self._stopping and active.run.id in self.active:
                self._refresh_if_done(active)
        self.pump()

    def _refresh_if_done(self, active: ActiveRun) -> None:
        if all(job.done for job in active.jobs):
            self._finish(active)

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
            for active in self.active.values()
            for job in active.jobs
            if job.status == WAITING and job.waits_until
        ]
        now = self._forge.clock.now()
        later = [moment - now for moment in waits if moment > now]
        if later:
            delay = min(later) / 1000 + 0.01
            self._timer = asyncio.get_running_loop().call_later(delay, self.pump)
