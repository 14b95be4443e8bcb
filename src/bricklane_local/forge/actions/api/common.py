"""Finding what a path of the Actions API names."""

from __future__ import annotations

from starlette.responses import RedirectResponse

from bricklane_local.forge.actions.runs.model import BLOCKED, JobRun, Run, WorkflowRecord
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import not_found

READ, WRITE = ("actions:read",), ("actions:write",)


def run_at(call: ForgeCall) -> Run:
    """Return the run that the path names, as it is right now.

    Raises:
        ForgeApiError: 404.
    """
    number = call.number("run")
    active = call.forge.actions.engine.active.get(number)
    if active is not None and active.run.repository == call.repository.id:
        return active.run
    run = call.forge.actions.store.run(call.repository.id, number)
    if run is None:
        raise not_found()
    return run


def jobs_of(call: ForgeCall, run: Run, attempt: int | None = None) -> list[JobRun]:
    """Return the jobs of a run that the API shows: those that do not wait for others."""
    jobs = call.forge.actions.store.jobs(run, attempt)
    return [job for job in jobs if job.status != BLOCKED]


def job_at(call: ForgeCall) -> tuple[Run, JobRun]:
    """Return the job that the path names, and its run.

    Raises:
        ForgeApiError: 404.
    """
    store = call.forge.actions.store
    job = store.job(call.repository.id, call.number("job"))
    run = store.run(call.repository.id, job.run) if job is not None else None
    if job is None or run is None or job.status == BLOCKED:
        raise not_found()
    return run, job


def workflow_at(call: ForgeCall) -> WorkflowRecord:
    """Return the workflow that the path names by its id or file.

    Raises:
        ForgeApiError: 404.
    """
    found = call.forge.actions.store.find_workflow(call.repository, call.path["workflow"])
    if found is None:
        raise not_found()
    return found


def redirect(call: ForgeCall, path: str) -> RedirectResponse:
    """Send the client on to a page of the repository, as GitHub sends it on to a storage."""
    return RedirectResponse(f"{call.forge.url}/{call.repository.full_name}/{path}", 302)
