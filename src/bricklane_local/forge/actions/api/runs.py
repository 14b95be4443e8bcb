"""Runs and jobs: listed, read, cancelled, run again.

Source: https://docs.github.com/en/rest/actions/workflow-runs and /workflow-jobs
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.forge.actions.api.common import (
    READ,
    WRITE,
    job_at,
    jobs_of,
    redirect,
    run_at,
    workflow_at,
)
from bricklane_local.forge.actions.runs.model import COMPLETED, Run
from bricklane_local.forge.actions.wire import job_wire, run_wire
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, not_found
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply
from bricklane_local.forge.times import moment

BASE = "/repos/{owner}/{repo}/actions"
RUN = f"{BASE}/runs/{{run}}"


async def list_runs(call: ForgeCall) -> Listing:
    """List the runs of a repository, newest first; those of what has just happened included."""
    await call.forge.actions.drain()
    found = [run for run in call.forge.actions.store.runs(call.repository) if _fits(call, run)]
    return Listing(found, lambda run: run_wire(call.forge, call.repository, run), "workflow_runs")


async def list_runs_of_workflow(call: ForgeCall) -> Listing:
    """List the runs of one workflow, newest first."""
    listing = await list_runs(call)
    workflow = workflow_at(call)
    found = [run for run in listing.items if run.workflow == workflow.id]
    return Listing(found, listing.wire, listing.wrap)


def _fits(call: ForgeCall, run: Run) -> bool:
    query = call.query
    rows = {
        "branch": run.head_branch,
        "event": run.event,
        "head_sha": run.head_sha,
        "check_suite_id": str(run.id),
    }
    if any(query.get(name, value) != value for name, value in rows.items()):
        return False
    if query.get("actor", run.actor).lower() != run.actor.lower():
        return False
    if query.get("status", run.status) not in (run.status, run.conclusion):
        return False
    return "created" not in query or _created(query["created"], moment(run.created_at) or "")


def _created(wanted: str, made: str) -> bool:
    """Say whether a moment fits ``>=DATE``, ``DATE..DATE`` and the like."""
    first, dots, last = wanted.partition("..")
    if dots:
        return (first in ("", "*") or made >= first) and (
            last in ("", "*") or made[: len(last)] <= last
        )
    found = re.match(r"[<>]=?", wanted)
    if found is None:
        return made.startswith(wanted)
    date = wanted.removeprefix(found[0])
    # A day stands for all of its moments: `>2026-01-01` begins with the next one.
    begin, until = made[: len(date)], date
    return {
        ">=": begin >= until,
        "<=": begin <= until,
        ">": begin > until,
        "<": begin < until,
    }[found[0]]


def get_run(call: ForgeCall) -> dict[str, Any]:
    """Return one run."""
    return run_wire(call.forge, call.repository, run_at(call))


def get_attempt(call: ForgeCall) -> dict[str, Any]:
    """Return a run, if it has had that many attempts."""
    run = run_at(call)
    if not 1 <= call.number("attempt") <= run.attempt:
        raise not_found()
    return run_wire(call.forge, call.repository, run)


def delete_run(call: ForgeCall) -> None:
    """Forget a run that has ended."""
    run = run_at(call)
    if run.status != COMPLETED:
        raise ForgeApiError(403, "Cannot delete a run that has not completed")
    call.forge.actions.delete(run)


def cancel(call: ForgeCall) -> Reply:
    """Cancel a run."""
    run = run_at(call)
    if not call.forge.actions.cancel(run):
        raise ForgeApiError(409, "Cannot cancel a workflow run that is completed.")
    return Reply(202, {})


def rerun(call: ForgeCall) -> Reply:
    """Run all jobs of a run again."""
    return _again(call, run_at(call), lambda _: True)


def rerun_failed(call: ForgeCall) -> Reply:
    """Run the jobs of a run again that did not succeed, and those that need them."""
    return _again(call, run_at(call), lambda job: job.conclusion not in ("success", "skipped"))


def rerun_job(call: ForgeCall) -> Reply:
    """Run one job again, and those that need it."""
    run, wanted = job_at(call)
    return _again(call, run, lambda job: job.id == wanted.id)


def _again(call: ForgeCall, run: Run, chosen: Any) -> Reply:
    if run.status != COMPLETED:
        raise ForgeApiError(403, "This workflow is already running")
    if run.problem:
        raise ForgeApiError(403, f"This run cannot be retried: {run.problem}")
    call.forge.actions.rerun(run, call.caller.user.login, chosen)
    return Reply(201, {})


def list_jobs(call: ForgeCall) -> Listing:
    """List the jobs of a run: of its latest attempt, or of all."""
    run = run_at(call)
    attempt = 0 if call.query.get("filter") == "all" else None
    return _jobs(call, run, attempt)


def list_jobs_of_attempt(call: ForgeCall) -> Listing:
    """List the jobs of one attempt of a run."""
    return _jobs(call, run_at(call), call.number("attempt"))


def _jobs(call: ForgeCall, run: Run, attempt: int | None) -> Listing:
    found = jobs_of(call, run, attempt)
    return Listing(found, lambda job: job_wire(call.forge, call.repository, run, job), "jobs")


def get_job(call: ForgeCall) -> dict[str, Any]:
    """Return one job."""
    run, job = job_at(call)
    return job_wire(call.forge, call.repository, run, job)


def job_log(call: ForgeCall) -> Any:
    """Send the client to the log of a job."""
    run, job = job_at(call)
    return redirect(call, f"actions/runs/{run.id}/job/{job.id}/log.txt")


def run_logs(call: ForgeCall) -> Any:
    """Send the client to the logs of a run, in an archive."""
    return redirect(call, f"actions/runs/{run_at(call).id}/logs.zip")


def delete_logs(call: ForgeCall) -> None:
    """Remove the logs of a run that has ended."""
    run = run_at(call)
    if run.status != COMPLETED:
        raise ForgeApiError(403, "Cannot delete the logs of a run that has not completed")
    for file in call.forge.actions.files(run).root.glob("*.log"):
        file.unlink(missing_ok=True)


ROUTES = [
    ForgeRoute("GET", f"{BASE}/workflows/{{workflow}}/runs", list_runs_of_workflow, READ),
    ForgeRoute("GET", f"{BASE}/runs", list_runs, READ),
    ForgeRoute("GET", RUN, get_run, READ),
    ForgeRoute("DELETE", RUN, delete_run, WRITE),
    ForgeRoute("GET", f"{RUN}/attempts/{{attempt}}", get_attempt, READ),
    ForgeRoute("GET", f"{RUN}/attempts/{{attempt}}/jobs", list_jobs_of_attempt, READ),
    ForgeRoute("POST", f"{RUN}/cancel", cancel, WRITE),
    ForgeRoute("POST", f"{RUN}/force-cancel", cancel, WRITE),
    ForgeRoute("POST", f"{RUN}/rerun", rerun, WRITE),
    ForgeRoute("POST", f"{RUN}/rerun-failed-jobs", rerun_failed, WRITE),
    ForgeRoute("GET", f"{RUN}/jobs", list_jobs, READ),
    ForgeRoute("GET", f"{RUN}/logs", run_logs, READ),
    ForgeRoute("DELETE", f"{RUN}/logs", delete_logs, WRITE),
    ForgeRoute("GET", f"{BASE}/jobs/{{job}}", get_job, READ),
    ForgeRoute("GET", f"{BASE}/jobs/{{job}}/logs", job_log, READ),
    ForgeRoute("POST", f"{BASE}/jobs/{{job}}/rerun", rerun_job, WRITE),
]
