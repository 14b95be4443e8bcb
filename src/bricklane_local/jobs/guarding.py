"""Which jobs and runs a caller may see and touch, for everything that answers requests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.jobs.runs import Run, Summary
from bricklane_local.permissions.access import VIEW


def wanted_job(call: Call, level: str) -> int:
    """Return the id of the job that is asked for, if the caller holds ``level`` on it."""
    job_id = call.integer("job_id")
    call.workspace.access.require_job(call.caller, job_id, level)
    return job_id


def visible_jobs(call: Call) -> Callable[[int], bool] | None:
    """Return what says which jobs the caller sees, None when it sees all."""
    if call.caller.is_admin:
        return None
    return lambda job_id: call.workspace.access.allows_job(call.caller, job_id, VIEW)


def sees_run(call: Call, run: Run) -> bool:
    """Say whether the caller sees a run: its own, one that acts as it, or one of a job it sees."""
    own = call.caller.user_name in (run.creator, run.acts_as)
    return own or call.workspace.access.allows_job(call.caller, run.job_id, VIEW)


def sees_summary(call: Call) -> Callable[[Summary], bool] | None:
    """Return what says which of many runs the caller sees, as :func:`sees_run` does of one.

    None is for a caller who sees all.
    """
    if call.caller.is_admin:
        return None
    allowed = cache(lambda job_id: call.workspace.access.allows_job(call.caller, job_id, VIEW))
    name = call.caller.user_name
    return lambda s: name in (s.creator, s.acts_as) or allowed(s.job_id)


def wanted_run(call: Call, level: str) -> Run:
    """Return the run that is asked for, or that has the task that is, if the caller may.

    Raises:
        ApiError: when there is none, or PERMISSION_DENIED when the caller may not see it, or, with
            another level than :data:`VIEW`, neither started it nor holds that level on its job.
    """
    run_id, engine = call.integer("run_id"), call.workspace.engine
    item = engine.runs.find_task(run_id)
    run = engine.runs.get(run_id if item is None else item.job_run_id)
    allowed = (
        sees_run(call, run)
        if level == VIEW
        else call.caller.user_name == run.creator
        or call.workspace.access.allows_job(call.caller, run.job_id, level)
    )
    if not allowed:
        raise ApiError(
            "PERMISSION_DENIED",
            f"{call.caller.user_name} does not have {level} permissions on run {run.run_id}. "
            "Please contact the owner or an administrator for access.",
        )
    return run
