"""The protection of environments: who may deploy from where, and who has to say yes.

Source: https://docs.github.com/en/actions/reference/workflows-and-actions/deployments-and-environments
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.forge.actions.runs.model import QUEUED, WAITING, JobRun, Run
from bricklane_local.forge.actions.runs.planning import JobProblemError
from bricklane_local.forge.actions.runs.reporting import Reporter

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge
    from bricklane_local.forge.repositories.model import Repository


class Gates:
    """Closes and opens the way of jobs into their environments.

    Args:
        forge: knows the environments.
        reporter: makes the deployments.
    """

    def __init__(self, forge: Forge, reporter: Reporter) -> None:
        self._forge = forge
        self._reporter = reporter

    def close(self, repository: Repository, run: Run, job: JobRun) -> bool:
        """Begin the deployment of a job; say whether it has to wait.

        Raises:
            JobProblemError: when the run's ref must not deploy there.
        """
        gate = self._forge.environments.gate(repository, job.environment)
        job.environment = gate.name
        if not self._forge.environments.branch_allowed(repository, gate.name, run.ref):
            kind = "Tag" if run.ref.startswith("refs/tags/") else "Branch"
            name = run.ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
            raise JobProblemError(
                f'{kind} "{name}" is not allowed to deploy to {gate.name} due to environment '
                "protection rules."
            )
        if gate.wait_minutes:
            job.waits_until = self._forge.clock.now() + gate.wait_minutes * 60_000
        closed = not self.is_open(repository, job)
        self._reporter.deployment(repository, run, job, WAITING if closed else QUEUED)
        return closed

    def is_open(self, repository: Repository, job: JobRun) -> bool:
        """Say whether a job may enter its environment now."""
        if self._forge.clock.now() < job.waits_until:
            return False
        gate = self._forge.environments.gate(repository, job.environment)
        return not gate.reviewers or any(row["state"] == "approved" for row in job.approvals)


def may_review(forge: Forge, repository: Repository, run: Run, job: JobRun, login: str) -> bool:
    """Say whether a user may approve or reject a job that waits for its environment."""
    gate = forge.environments.gate(repository, job.environment)
    if gate.prevent_self_review and login.lower() == run.triggering_actor.lower():
        return False
    return login.lower() in (name.lower() for name in gate.reviewers)
