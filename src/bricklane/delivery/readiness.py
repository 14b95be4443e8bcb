"""Whether the head of a release or hotfix branch may go to production, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane.delivery.gate import gate_environment
from bricklane.delivery.records import Record, records
from bricklane.forge.model import WorkflowRun
from bricklane.forge.protocol import Forge
from bricklane.gitflow.flows.workflows import DEPLOYING, newest_run
from bricklane.project.settings import Settings


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is known of a branch's head.

    Args:
        version: that the branch becomes.
        environment: where it is tested.
        record: of its newest deployment there; None when there is none.
        run: the newest run of the workflow that deploys it there; looked for without a record only.
    """

    version: str
    environment: str
    record: Record | None
    run: WorkflowRun | None = None

    @property
    def said(self) -> str:
        """How far it is, in a few words."""
        if self.record is not None:
            if self.record.good:
                return f"deployed to {self.environment}, tests: {self.record.tests}"
            doing = "is deploying or testing it" if self.record.unfinished else "did not pass it"
            return f"{self.environment} {doing}"
        if self.run is None:
            return f"{self.environment} has not deployed it"
        if self.run.unfinished:
            return f"{self.environment} is going to deploy it"
        ended = f"{DEPLOYING} ended with {self.run.conclusion} ({self.run.url})"
        return f"{self.environment} has not deployed it: {ended}"

    @property
    def next_move(self) -> str:
        """What its people do next."""
        again = f"bricklane release redeploy {self.version}"
        if self.record is None:
            return f"wait for {self.run.url}" if self.run and self.run.unfinished else again
        if self.record.good:
            return f"bricklane release publish {self.version}"
        log = f" ({self.record.log_url})" if self.record.log_url else ""
        if self.record.unfinished:
            return f"wait until it is done{log}; after a killed run: {again}"
        return f"read its log{log}, fix the branch and push"


def readiness(
    forge: Forge, settings: Settings, branch: str, commit: str, version: str
) -> Readiness:
    """Return how far the head of a branch is, asked of the forge.

    Args:
        forge: has the records, and the workflow's runs.
        settings: of the project.
        branch: its name.
        commit: the SHA of its head.
        version: that it becomes.

    Raises:
        ForgeError: when it cannot be asked.
    """
    environment = gate_environment(settings)
    record = next(records(forge, environment, commit), None)
    if record is not None:
        return Readiness(version, environment, record)
    run = newest_run(forge, DEPLOYING, branch, commit)
    return Readiness(version, environment, None, run)
