"""Running a run again: a new attempt, in which what is not repeated keeps its results.

Source: https://docs.github.com/en/actions/how-tos/manage-workflow-runs/re-run-workflows-and-jobs
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from bricklane_local.forge.actions.runs.model import COMPLETED, QUEUED, JobRun, Run
from bricklane_local.forge.actions.runs.store import RunStore
from bricklane_local.forge.actions.workflows.model import Workflow
from bricklane_local.forge.actions.workflows.reading import read_workflow

if TYPE_CHECKING:
    from bricklane_local.forge.forge import Forge


def begin_attempt(
    forge: Forge, store: RunStore, run: Run, login: str, chosen: Callable[[JobRun], bool]
) -> None:
    """Turn a run that has ended into a new attempt; the jobs that keep their results are stored.

    Args:
        forge: gives ids and the time.
        store: where runs are.
        run: the run.
        login: who asked for it.
        chosen: says which jobs run again.
    """
    workflow = read_workflow(run.path, store.source(run)[0])
    jobs = store.jobs(run)
    again = _with_followers(workflow, {job.key for job in jobs if chosen(job)})
    run.attempt += 1
    run.triggering_actor = login
    run.status, run.conclusion = QUEUED, None
    run.cancelled = run.admitted = False
    run.group = run.reason = ""
    run.started_at = forge.clock.now()
    for job in jobs:
        if job.key not in again and job.status == COMPLETED:
            kept = replace(
                job, id=forge.next_id(), attempt=run.attempt, origin=job.origin or job.id
            )
            store.save_job(kept)
    store.save_run(run)


def _with_followers(workflow: Workflow, keys: Iterable[str]) -> set[str]:
    found = set(keys)
    while more := {
        key
        for key, job in workflow.jobs.items()
        if key not in found and found.intersection(job.needs)
    }:
        found |= more
    return found
