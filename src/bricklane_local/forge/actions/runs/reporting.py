"""What a job leaves on the forge: its check run, and the deployment of its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.forge.actions.runs.model import (
    CANCELLED,
    COMPLETED,
    FAILURE,
    QUEUED,
    RUNNING,
    SKIPPED,
    SUCCESS,
    TIMED_OUT,
    WAITING,
    JobRun,
    Run,
)
from bricklane_local.forge.actions.wire import run_wire
from bricklane_local.forge.users.model import Caller

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository

# Check runs know fewer states than jobs.
CHECK_STATES = {RUNNING: RUNNING, COMPLETED: COMPLETED}
DEPLOYMENT_STATES = {
    WAITING: "waiting",
    QUEUED: "queued",
    RUNNING: "in_progress",
    SUCCESS: "success",
    FAILURE: "failure",
    TIMED_OUT: "failure",
    CANCELLED: "error",
    SKIPPED: "inactive",
}


class Reporter:
    """Writes checks and deployments for jobs.

    Args:
        forge: where.
    """

    def __init__(self, forge: Forge) -> None:
        self._forge = forge

    def caller(self, job: JobRun) -> Caller:
        """Return the identity by which the forge itself reports a job: no event starts runs."""
        return Caller(self._forge.users.bot, repository=job.repository, job=job.id)

    def url(self, repository: Repository, job: JobRun) -> str:
        """Return the address of a job's page."""
        return f"{self._forge.url}/{repository.full_name}/actions/runs/{job.run}/job/{job.id}"

    def tell(self, run: Run, action: str) -> None:
        """Tell webhooks what became of a run: ``requested`` or ``completed``."""
        repository = self._forge.repositories.by_id(run.repository)
        if repository is not None:
            # With a job's identity, so that it starts nothing.
            caller = Caller(self._forge.users.bot, repository=run.repository, job=run.id)
            payload = {"action": action, "workflow_run": run_wire(self._forge, repository, run)}
            self._forge.publish("workflow_run", repository, caller, payload)

    def check(self, repository: Repository, run: Run, job: JobRun) -> None:
        """Make a job's check run say what the job does now."""
        caller = self.caller(job)
        output = {"title": job.name, "summary": job.message} if job.message else {}
        now: dict[str, Any] = {
            "status": CHECK_STATES.get(job.status, QUEUED),
            "conclusion": job.conclusion or "",
            "output": output,
            "started_at": job.started_at or job.created_at,
            "completed_at": job.completed_at,
        }
        if job.check:
            self._forge.checks.update(repository, caller, job.check, **now)
            return
        job.check = self._forge.checks.create(
            repository,
            caller,
            name=job.name or job.key,
            head_sha=run.head_sha,
            details_url=self.url(repository, job),
            external_id=str(job.id),
            suite=run.id,
            **now,
        ).id

    def deployment(self, repository: Repository, run: Run, job: JobRun, state: str) -> None:
        """Make the deployment of a job's environment say ``state``, one of a job's."""
        if not job.environment:
            return
        caller = self.caller(job)
        if not job.deployment:
            job.deployment = self._forge.deployments.create(
                repository,
                caller,
                sha=run.sha,
                ref=run.ref.split("/", 2)[-1],
                environment=job.environment,
            ).id
        self._forge.deployments.add_status(
            repository,
            caller,
            job.deployment,
            DEPLOYMENT_STATES[state],
            log_url=self.url(repository, job),
            description=job.message[:140],
            environment_url=job.environment_url,
        )
