"""Routes of jobs and runs.

Source: https://docs.databricks.com/api/workspace/jobs (2.2; 2.0 and 2.1 answer the same).
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.jobs.arrays import (
    OF_JOB,
    OF_RUN,
    cut,
    neighbours,
    pages_arrays,
    wanted_page,
)
from bricklane_local.jobs.guarding import visible_jobs, wanted_job, wanted_run
from bricklane_local.jobs.listing import page_of_runs
from bricklane_local.jobs.run_as import check_run_as, wanted_run_as
from bricklane_local.jobs.runs import Run
from bricklane_local.jobs.task_types.dbt import ROUTES as DBT
from bricklane_local.jobs.wire import RunViews, trigger_state
from bricklane_local.permissions.access import MANAGE_RUN, VIEW
from bricklane_local.permissions.kinds import MANAGE

IDEMPOTENCY = "idempotency_token"
# What runs/export can be asked for → whether runs here have it: notebooks have no dashboards.
EXPORTED = {"CODE": True, "DASHBOARDS": False, "ALL": True}
MAXIMUM_TOKEN = 64


def create(call: Call) -> dict[str, Any]:
    """Create a job and its permissions: both, or when one is refused, neither."""
    check_run_as(call.workspace, call.body, call.caller)
    with call.cloud.database.transaction():
        job_id = call.workspace.engine.jobs.create(call.body, call.caller)
        call.workspace.permissions.grant_at_creation(
            "jobs", str(job_id), call.caller, call.body.get("access_control_list") or []
        )
    return {"job_id": job_id}


def get(call: Call) -> dict[str, Any]:
    """Return a job."""
    engine, job_id = call.workspace.engine, wanted_job(call, VIEW)
    job = engine.jobs.get(job_id)
    policies = {
        f"effective_{name}": job["settings"][name]
        for name in ("budget_policy_id", "usage_policy_id")
        if job["settings"].get(name)
    }
    shown = job | policies
    if call.flag("include_trigger_state"):
        shown |= trigger_state(engine.scheduler.state(job_id))
    if not pages_arrays(call):
        return shown
    number = wanted_page(call)
    settings, more = cut(job["settings"], OF_JOB, number)
    return shown | {"settings": settings} | neighbours(number, more=more)


def list_jobs(call: Call) -> dict[str, Any]:
    """List jobs, newest first."""
    limit, offset = _page(call, default=20, high=100)
    found, more = call.workspace.engine.jobs.page(
        call.query.get("name"), limit, offset, visible_jobs(call)
    )
    if not call.flag("expand_tasks"):
        found = [job | {"settings": _short(job["settings"])} for job in found]
    elif pages_arrays(call):
        found = [_first_page(job) for job in found]
    return _paged("jobs", found, limit, offset, more=more)


def _first_page(job: dict[str, Any]) -> dict[str, Any]:
    settings, more = cut(job["settings"], OF_JOB)
    return job | {"settings": settings, "has_more": more}


def _short(settings: dict[str, Any]) -> dict[str, Any]:
    long = ("tasks", "job_clusters", "environments", "parameters")
    return {name: value for name, value in settings.items() if name not in long}


def _page(call: Call, *, default: int, high: int) -> tuple[int, int]:
    limit = call.integer("limit", default, low=0, high=high) or default
    token = call.query.get("page_token")
    if not token:
        return limit, call.integer("offset", 0, low=0)
    if not token.startswith("o") or not token[1:].isdigit():
        raise invalid(f"page_token {token!r} was not given by this server")
    return limit, int(token[1:])


def _paged(
    name: str, items: list[dict[str, Any]], limit: int, offset: int, *, more: bool
) -> dict[str, Any]:
    body: dict[str, Any] = {"has_more": more}
    if items:
        body[name] = items
    if more:
        body["next_page_token"] = f"o{offset + limit}"
    if offset:
        body["prev_page_token"] = f"o{max(0, offset - limit)}"
    return body


def update(call: Call) -> None:
    """Change some settings of a job."""
    job_id, changed = wanted_job(call, MANAGE), call.body.get("new_settings") or {}
    _check_run_as(call, job_id, changed)
    call.workspace.engine.jobs.update(
        job_id,
        changed,
        call.body.get("fields_to_remove") or [],
    )


def reset(call: Call) -> None:
    """Replace the settings of a job."""
    job_id, settings = wanted_job(call, MANAGE), call.required("new_settings")
    _check_run_as(call, job_id, settings)
    call.workspace.engine.jobs.reset(job_id, settings)


def _check_run_as(call: Call, job_id: int, settings: dict[str, Any]) -> None:
    present = call.workspace.engine.jobs.get(job_id)["run_as_user_name"]
    check_run_as(call.workspace, settings, call.caller, present)


def delete(call: Call) -> None:
    """Delete a job and its permissions, and cancel its runs."""
    job_id = wanted_job(call, MANAGE)
    with call.cloud.database.transaction():
        call.workspace.engine.jobs.delete(job_id)
        call.workspace.permissions.forget("jobs", str(job_id))
    call.workspace.engine.cancel_all(job_id, only_queued=False)


def run_now(call: Call) -> dict[str, Any]:
    """Start a run of a job."""
    job_id = wanted_job(call, MANAGE_RUN)

    def start() -> Run:
        return call.workspace.engine.run_now(
            job_id,
            call.body,
            creator=call.caller.user_name,
            parent_task_run=call.caller.task_run_id,
        )

    run = _once(call, start)
    return {"run_id": run.run_id, "number_in_job": run.run_id}


def submit(call: Call) -> dict[str, Any]:
    """Start a one-time run."""
    check_run_as(call.workspace, call.body, call.caller)

    def start() -> Run:
        return call.workspace.engine.submit(
            call.body,
            call.caller.user_name,
            call.caller.task_run_id,
            wanted_run_as(call.body),
        )

    return {"run_id": _once(call, start).run_id}


def _once(call: Call, start: Any) -> Run:
    """Start a run, or return the one that the same idempotency token started before."""
    token = call.body.get(IDEMPOTENCY)
    if not token:
        return start()  # type: ignore[no-any-return]
    if len(token) > MAXIMUM_TOKEN:
        raise invalid(f"{IDEMPOTENCY} can have at most {MAXIMUM_TOKEN} characters")
    space = call.workspace.space
    earlier = space.get(IDEMPOTENCY, token)
    if earlier is not None:
        return call.workspace.engine.runs.get(earlier["run_id"])
    with call.cloud.database.transaction():
        run: Run = start()
        space.put(IDEMPOTENCY, token, {"run_id": run.run_id})
    return run


def get_run(call: Call) -> dict[str, Any]:
    """Return a run of a job or of a task."""
    run, engine = wanted_run(call, VIEW), call.workspace.engine
    views = RunViews(engine)
    item = engine.runs.find_task(call.integer("run_id"))
    resolved = call.flag("include_resolved_values")
    if item is not None:
        body = views.task_as_run(run, item, resolved=resolved)
    else:
        body = views.run(run, history=call.flag("include_history"), resolved=resolved)
    if not pages_arrays(call):
        return body
    number = wanted_page(call)
    body, more = cut(body, OF_RUN, number)
    return body | neighbours(number, more=more)


def list_runs(call: Call) -> dict[str, Any]:
    """List runs, newest first."""
    engine = call.workspace.engine
    page = page_of_runs(call, engine.runs)
    views, tasks = RunViews(engine), call.flag("expand_tasks")
    body: dict[str, Any] = {"has_more": bool(page.older)}
    if page.runs:
        shown = [views.run(run, tasks=tasks) for run in page.runs]
        if tasks and pages_arrays(call):
            shown = [part | {"has_more": more} for part, more in (cut(r, OF_RUN) for r in shown)]
        body["runs"] = shown
    if page.older:
        body["next_page_token"] = page.older
    if page.newer:
        body["prev_page_token"] = page.newer
    return body


def get_output(call: Call) -> dict[str, Any]:
    """Return what a task run left behind."""
    wanted_run(call, VIEW)
    return RunViews(call.workspace.engine).output(call.integer("run_id"))


def cancel(call: Call) -> None:
    """Cancel a run."""
    call.workspace.engine.cancel(wanted_run(call, MANAGE_RUN).run_id)


def cancel_all(call: Call) -> None:
    """Cancel all active runs of a job."""
    job_id = wanted_job(call, MANAGE_RUN) if call.integer("job_id", 0) else None
    if job_id is None and not call.caller.is_admin:
        raise ApiError("PERMISSION_DENIED", "Only administrators can cancel the runs of all jobs")
    call.workspace.engine.cancel_all(job_id, only_queued=call.flag("all_queued_runs"))


def repair(call: Call) -> dict[str, Any]:
    """Run tasks of an ended run again."""
    wanted_run(call, MANAGE_RUN)
    return {"repair_id": call.workspace.engine.repair(call.integer("run_id"), call.body)}


def delete_run(call: Call) -> None:
    """Delete an ended run."""
    wanted_run(call, MANAGE_RUN)
    call.workspace.engine.delete_run(call.integer("run_id"))


def export(call: Call) -> dict[str, Any]:
    """Return the page of a run, or of one attempt at a task, as HTML."""
    run = wanted_run(call, VIEW)
    wanted = call.query.get("views_to_export") or "CODE"
    if wanted not in EXPORTED:
        raise invalid(f"views_to_export must be one of {', '.join(EXPORTED)}; got {wanted!r}")
    if not EXPORTED[wanted]:
        return {}
    item = call.workspace.engine.runs.find_task(call.integer("run_id"))
    content = call.workspace.pages.render(run, only=item)
    name = run.name if item is None else item.key
    return {"views": [{"content": content, "name": name, "type": "NOTEBOOK"}]}


def set_task_value(call: Call) -> None:
    """Store a value that a running task gives to later ones (called by its ``dbutils``)."""
    item = call.workspace.engine.runs.find_task(call.integer("run_id"))
    if item is None:
        raise invalid(f"Run {call.required('run_id')} does not exist.")
    key = call.text("key")
    call.workspace.engine.runs.set_value(item.job_run_id, item.key, key, call.body.get("value"))


def get_task_value(call: Call) -> dict[str, Any]:
    """Return a value that a task of the same run has set."""
    task_key, key = call.text("task_key"), call.text("key")
    values = call.workspace.engine.runs.values(call.integer("job_run_id")).get(task_key, {})
    if key not in values:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"Task {task_key} has set no value {key!r}")
    return {"value": values[key]}


SDK = "jobs.JobsAPI"
# Path under /api/{version}/jobs → method, handler, SDK method, client that proves it, note.
TABLE: list[tuple[str, str, Any, str | None, str, str]] = [
    ("POST", "create", create, "create", "databricks bundle deploy", ""),
    ("GET", "get", get, None, "databricks bundle plan", ""),
    ("GET", "list", list_jobs, None, "databricks jobs list", ""),
    ("POST", "update", update, "update", "databricks jobs update", ""),
    ("POST", "reset", reset, "reset", "databricks bundle deploy", ""),
    ("POST", "delete", delete, "delete", "databricks bundle destroy", ""),
    ("POST", "run-now", run_now, "run_now", "databricks bundle run", ""),
    ("POST", "runs/submit", submit, "submit", "databricks jobs submit", ""),
    ("GET", "runs/get", get_run, None, "databricks bundle run", ""),
    ("GET", "runs/list", list_runs, None, "databricks jobs list-runs", ""),
    ("GET", "runs/get-output", get_output, None, "databricks bundle run", ""),
    ("POST", "runs/cancel", cancel, "cancel_run", "databricks jobs cancel-run", ""),
    ("POST", "runs/cancel-all", cancel_all, "cancel_all_runs", "databricks jobs", ""),
    ("POST", "runs/repair", repair, "repair_run", "databricks jobs repair-run", ""),
    ("POST", "runs/delete", delete_run, "delete_run", "databricks jobs delete-run", ""),
    (
        "GET",
        "runs/export",
        export,
        None,
        "databricks jobs export-run",
        "one view, the page of the run or task",
    ),
]
VERSIONS = ("2.0", "2.1", "2.2")
ROUTES = [
    Route(
        method,
        f"/api/{version}/jobs/{path}",
        handler,
        sdk=sdk and f"{SDK}.{sdk}",
        fidelity=Fidelity.REAL,
        proved_by=client,
        note=note,
    )
    for method, path, handler, sdk, client, note in TABLE
    for version in VERSIONS
] + [
    *DBT,
    Route("POST", "/api/2.0/bricklane/task-values", set_task_value, proved_by="dbutils"),
    Route("GET", "/api/2.0/bricklane/task-values", get_task_value, proved_by="dbutils"),
]
