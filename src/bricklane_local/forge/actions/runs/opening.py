"""Reading a stored run so that it can go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bricklane_local.forge.actions.contexts import github_context
from bricklane_local.forge.actions.runs.model import COMPLETED, FAILURE, JobRun, Run
from bricklane_local.forge.actions.runs.planning import ActiveRun
from bricklane_local.forge.actions.runs.store import RunStore
from bricklane_local.forge.actions.workflows.document import WorkflowError
from bricklane_local.forge.actions.workflows.reading import read_workflow

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge


class Opener:
    """Makes active runs of stored ones.

    Args:
        forge: where they run.
        store: where they are stored.
    """

    def __init__(self, forge: Forge, store: RunStore) -> None:
        self._forge = forge
        self._store = store

    def open(self, run: Run) -> ActiveRun | None:
        """Return a run with its workflow and jobs; the jobs of a new one are made and stored.

        Returns None, with the run ended, when its repository or file cannot be used any more.
        """
        repository = self._forge.repositories.by_id(run.repository)
        source, payload = self._store.source(run)
        if repository is None:
            self._store.delete_run(run)
            return None
        try:
            workflow = read_workflow(run.path, source)
        except WorkflowError as error:
            run.status, run.conclusion, run.problem = COMPLETED, FAILURE, str(error)
            self._store.save_run(run)
            return None
        values = {
            "github": github_context(self._forge, repository, run, payload),
            "inputs": run.inputs,
            "vars": self._forge.variables.values(repository),
        }
        jobs = self._store.jobs(run)
        present = {job.key for job in jobs}
        for key in workflow.jobs:
            if key not in present:
                jobs.append(self._job(run, key))
        return ActiveRun(run, workflow, payload, values, jobs)

    def _job(self, run: Run, key: str) -> JobRun:
        job = JobRun(
            self._forge.next_id(),
            run.id,
            run.repository,
            run.attempt,
            key,
            key,
            created_at=self._forge.clock.now(),
        )
        self._store.save_job(job)
        return job

    def sibling(self, job: JobRun) -> JobRun:
        """Return a further job for another combination of the same matrix."""
        return replace(
            job,
            id=self._forge.next_id(),
            steps=[],
            outputs={},
            approvals=[],
            annotations=[],
        )
