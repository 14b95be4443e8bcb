"""Parameters of runs: what is given, what jobs declare, and what tasks get of both.

Source: https://docs.databricks.com/en/jobs/job-parameters.html (push-down) and
https://docs.databricks.com/api/workspace/jobs/runnow.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.references import TIME_PARTS, Scope, UnknownReferenceError, resolve
from bricklane_local.jobs.runs import Run, TaskRun
from bricklane_local.jobs.states import SHAPES, SUCCEEDED
from bricklane_local.jobs.task_types.table import TASK_TYPES, type_of

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine

# Parameters of run-now from before job parameters; which of them mean something, task types say.
LEGACY_OVERRIDES = (
    "dbt_commands",
    "jar_params",
    "notebook_params",
    "pipeline_params",
    "python_named_params",
    "python_params",
    "spark_submit_params",
    "sql_params",
)


def job_parameters(settings: dict[str, Any], given: dict[str, Any]) -> dict[str, str]:
    """Return the parameters of a run: those the job declares, with the given values.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for one that the job does not declare.
    """
    declared = {p["name"]: str(p.get("default", "")) for p in settings.get("parameters") or []}
    for name in given:
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise invalid(f"Unknown job parameter {name!r}; the job declares: {known}")
    return declared | {name: str(value) for name, value in given.items()}


def overrides(body: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """Return the legacy parameters of a request.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when the job declares parameters of its own, or for a
            task type that cannot run here.
    """
    supported = {name for kind in TASK_TYPES.values() for name in kind.overrides}
    given = {name: body[name] for name in LEGACY_OVERRIDES if body.get(name)}
    for name in given:
        if name not in supported:
            raise invalid(f"{name} is not supported by the local workspace")
        if settings.get("parameters"):
            raise invalid(f"{name} cannot be used with a job that declares parameters")
    return given


def pushed_down(task: dict[str, Any], run: Run) -> dict[str, Any]:
    """Return the definition of a task with the run's parameters put in."""
    kind = type_of(task)
    body = dict(task[kind.name])
    for name, target in kind.overrides.items():
        if name in run.overrides:
            given, present = run.overrides[name], body.get(target) or {}
            body[target] = {**present, **given} if isinstance(given, dict) else given
    return task | {kind.name: kind.push(body, run.parameters)}


def scope_of(
    engine: JobEngine, run: Run, task_run: TaskRun, latest: Mapping[str, TaskRun]
) -> Scope:
    """Return what the references in a task may name.

    Args:
        engine: of the workspace.
        run: the run.
        task_run: an attempt at the task.
        latest: the latest attempt at each task of the run, by key.

    Raises:
        UnknownReferenceError: when a job parameter's own references cannot be resolved.
    """
    results = {
        key: {
            "run_id": str(item.run_id),
            "result_state": (SHAPES[item.state].result or "").lower(),
            "error_code": SHAPES[item.state].code or "",
            "execution_count": str(item.attempt + 1),
            "start_time": str(item.start_time),
        }
        for key, item in latest.items()
    }
    scope = Scope(
        values=_values(engine, run, task_run),
        start_time=run.start_time,
        parameters={},
        task_values=engine.runs.values(run.run_id),
        task_results=results,
        task_outputs=lambda key: _output_of(engine, latest.get(key)),
        input=json.loads(task_run.input) if task_run.input else None,
        has_input=bool(task_run.input),
    )
    parameters = {name: _resolved(value, scope) for name, value in run.parameters.items()}
    return replace(scope, parameters=parameters)


def _values(engine: JobEngine, run: Run, task_run: TaskRun) -> dict[str, str]:
    values = {
        "job.id": str(run.job_id),
        "job.name": run.name,
        "job.run_id": str(run.run_id),
        "job.repair_count": str(len(run.repairs)),
        "job.trigger.type": run.trigger.lower(),
        "task.name": task_run.key,
        "task.run_id": str(task_run.run_id),
        "task.execution_count": str(task_run.attempt + 1),
        "task_retry_count": str(task_run.attempt),
        "workspace.id": str(engine.workspace.id),
        "workspace.url": engine.workspace.host,
    }
    # Where files arrive is said by the job, so runs that somebody starts know it too.
    arrival = (run.settings.get("trigger") or {}).get("file_arrival") or {}
    if arrival.get("url"):
        values["job.trigger.file_arrival.location"] = str(arrival["url"])
    values |= {f"job.trigger.{name}": value for name, value in run.trigger_details.items()}
    kind = type_of(task_run.task)
    values |= kind.references(task_run.task[kind.name])
    now = datetime.fromtimestamp(run.start_time / 1000, UTC)
    values |= {f"job.trigger.time.{name}": write(now) for name, write in TIME_PARTS.items()}
    return values


def _output_of(engine: JobEngine, task_run: TaskRun | None) -> dict[str, Any]:
    if task_run is None or task_run.state not in SUCCEEDED:
        return {}
    return type_of(task_run.task).referred(engine, task_run)


def _resolved(value: str, scope: Scope) -> str:
    try:
        return str(resolve(value, scope))
    except UnknownReferenceError:
        # A parameter that refers to a task which has not run yet is resolved by the tasks after it.
        return value
