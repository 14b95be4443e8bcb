"""The runs under way: what is recorded when something happens to one, and who gives way to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from bricklane_local.forge.actions import tokens
from bricklane_local.forge.actions.expressions import truthy
from bricklane_local.forge.actions.runs import planning
from bricklane_local.forge.actions.runs.concurrency import Groups, Member
from bricklane_local.forge.actions.runs.model import (
    CANCELLED,
    COMPLETED,
    FAILURE,
    PENDING,
    QUEUED,
    RUNNING,
    WAITING,
    JobRun,
    Run,
)
from bricklane_local.forge.actions.runs.planning import ActiveRun
from bricklane_local.forge.actions.runs.reporting import Reporter
from bricklane_local.forge.actions.runs.store import RunStore

if TYPE_CHECKING:
    from bricklane_local.forge.actions.runner.execution import Execution
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

CANCELED = "The run was canceled."
REPLACED = "Canceling since a higher priority waiting request for '{group}' exists"


class Book:
    """What is known of the runs that have not ended.

    Args:
        forge: where they run.
        store: where they are remembered.
        again: is called soon after something ended that others may have waited for.
    """

    def __init__(self, forge: Forge, store: RunStore, again: Callable[[], None]) -> None:
        self._forge = forge
        self._store = store
        self._again = again
        self.active: dict[int, ActiveRun] = {}
        self.executions: dict[int, Execution] = {}
        self.groups = Groups()
        self.reporter = Reporter(forge)
        # Whether a run changed that may have been looked at already.
        self.touched = False

    def repository(self, run: Run) -> Repository | None:
        """Return the repository of a run, or None when it has been deleted."""
        return self._forge.repositories.by_id(run.repository)

    def cancel(self, run: Run, message: str = CANCELED) -> bool:
        """Cancel a run; say whether there was something to cancel."""
        active = self.active.get(run.id)
        if active is None:
            return False
        active.run.cancelled, active.run.reason = True, message
        self.touched = True
        for job in active.jobs:
            self.cancel_job(active, job, message)
        self._store.save_run(active.run)
        return True

    def _cancel_member(self, member: Member, message: str) -> None:
        active = self.active.get(member.run)
        if active is None:
            return
        if not member.job:
            self.cancel(active.run, message)
            return
        for job in active.jobs:
            if job.id == member.job:
                self.cancel_job(active, job, message)

    def cancel_job(self, active: ActiveRun, job: JobRun, message: str) -> None:
        """Cancel a job: one that runs is told to end, one that waits ends at once."""
        execution = self.executions.get(job.id)
        if execution is not None:
            job.cancelling, job.message = True, message
            execution.cancel()
            self._store.save_job(job)
        elif job.status in (WAITING, PENDING, QUEUED):
            self.end(active, job, CANCELLED, message)

    def enter_group(self, group: str, member: Member, run: Run, *, cancel: bool) -> bool:
        """Let a run or job into a group or have it wait; say which.

        Args:
            group: name.
            member: the run or job.
            run: the run, or that of the job.
            cancel: whether to cancel who is under way.
        """
        entered, replaced = self.groups.enter(run.repository, group, member)
        if replaced is not None:
            self._cancel_member(replaced, REPLACED.format(group=group))
        holder = self.groups.holder(run.repository, group)
        if not entered and cancel and holder is not None:
            self._cancel_member(holder, REPLACED.format(group=group))
        return entered

    def changed(self, active: ActiveRun, job: JobRun) -> None:
        """Store what has become of a job, and tell its check."""
        repository = self.repository(active.run)
        if repository is not None:
            self.reporter.check(repository, active.run, job)
        self._store.save_job(job)

    def end(self, active: ActiveRun, job: JobRun, conclusion: str, message: str = "") -> None:
        """Record how a job ended."""
        if job.done:
            return
        now = self._forge.clock.now()
        job.status, job.conclusion = COMPLETED, conclusion
        job.message = message or job.message
        job.completed_at = now
        job.started_at = job.started_at or now
        tokens.revoke(self._forge, job.id)
        self._forge.oidc.dismiss(job.repository, job.id)
        repository = self.repository(active.run)
        if job.group:
            self.groups.leave(job.repository, job.group, Member(job.run, job.id))
        if repository is None:
            return
        self.changed(active, job)
        if job.deployment:
            self.reporter.deployment(repository, active.run, job, conclusion)
            self._store.save_job(job)
        if conclusion == FAILURE and job.total > 1 and not job.forgiven:
            self._fail_fast(active, job)

    def _fail_fast(self, active: ActiveRun, job: JobRun) -> None:
        if truthy(active.described(job).fail_fast):
            for sibling in active.of_key([job.key]):
                message = "Canceled because another job of the matrix failed."
                self.cancel_job(active, sibling, message)

    def refresh(self, active: ActiveRun) -> None:
        """Make the run's state follow from its jobs'."""
        run, jobs = active.run, active.jobs
        if all(job.done for job in jobs):
            self.finish(active)
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

    def finish(self, active: ActiveRun) -> None:
        """Record how a run ended, all of whose jobs have."""
        run = active.run
        run.status, run.conclusion = COMPLETED, planning.conclusion_of(run, active.jobs)
        self._store.save_run(run)
        self.reporter.tell(run, "completed")
        if run.group:
            self.groups.leave(run.repository, run.group, Member(run.id))
        del self.active[run.id]
        # Somebody may have waited for the group.
        asyncio.get_running_loop().call_soon(self._again)

    def drop(self, active: ActiveRun) -> None:
        """Let go of a run: it has been deleted, or cannot go on."""
        for job in active.jobs:
            execution = self.executions.get(job.id)
            if execution is not None:
                execution.cancel()
        self.groups.leave(active.run.repository, active.run.group, Member(active.run.id))
        del self.active[active.run.id]

    def give_up(self, active: ActiveRun, message: str) -> None:
        """Record that a run cannot go on."""
        run = active.run
        for job in active.jobs:
            if not job.done:
                job.status, job.conclusion, job.message = COMPLETED, FAILURE, message
                self._store.save_job(job)
        run.status, run.conclusion, run.problem = COMPLETED, FAILURE, message
        self._store.save_run(run)
        self.drop(active)
