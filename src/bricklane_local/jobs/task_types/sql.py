"""SQL tasks: a file runs in a worker, a saved query, an alert or a dashboard by statements."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.compute.sources import SQL_FILE, sql_file_source
from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.git_source import GitPath
from bricklane_local.jobs.task_types.filed_statements import lookup_key, recorded, take_over
from bricklane_local.jobs.task_types.saved_sql import (
    evaluate_alert,
    refresh_dashboard,
    run_query,
)
from bricklane_local.jobs.task_types.sql_rows import output_of
from bricklane_local.jobs.task_types.statements import at_desk, one_of
from bricklane_local.jobs.task_types.task_type import Body, TaskType, into
from bricklane_local.jobs.task_types.worker import in_worker, logs

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import Run, TaskRun

NAME = "sql_task"


def _part(attempt: Attempt, folder: Path) -> Body:
    path, content = sql_file_source(attempt.workspace, attempt.body)
    file = folder / SQL_FILE
    file.write_bytes(content)
    parameters = attempt.body.get("parameters") or {}
    return {
        "kind": "sql_file",
        "working_directory": str(folder),
        "sql_file": {
            "path": path,
            "file": str(file),
            "parameters": {key: str(value) for key, value in parameters.items()},
        },
    }


async def _run_file(attempt: Attempt) -> Outcome:
    try:
        return await in_worker(_part)(attempt)
    finally:
        take_over(attempt)


RUNS: dict[str, Callable[[Attempt], Awaitable[Outcome]]] = {
    "file": _run_file,
    "query": at_desk(run_query),
    "alert": at_desk(evaluate_alert),
    "dashboard": at_desk(refresh_dashboard),
}


async def _execute(attempt: Attempt) -> Outcome:
    return await RUNS[_kind(attempt.task_run.key, attempt.body)](attempt)


def _kind(key: str, body: Body) -> str:
    return one_of(body, tuple(RUNS), f"Task {key}: sql_task")


def _check(key: str, body: Body) -> None:
    _kind(key, body)


def _output(engine: JobEngine, run: Run, task_run: TaskRun) -> Body:
    """Return what the task ran; the results of a file are on the run's page."""
    link = engine.task_page_url(run, task_run.run_id)
    if not task_run.task[NAME].get("file"):
        shown = task_run.output.get("sql") or {}
        return {"sql_output": {name: {**part, "output_link": link} for name, part in shown.items()}}
    return {"sql_output": {"query_output": _file(engine, task_run, link)}} | logs(
        engine, run, task_run
    )


def _file(engine: JobEngine, task_run: TaskRun, link: str) -> Body:
    folder = engine.workspace.run_folder(task_run.run_id)
    query: Body = {
        "warehouse_id": task_run.resolved.get(NAME, task_run.task[NAME]).get("warehouse_id"),
        "output_link": link,
    }
    if (folder / SQL_FILE).exists():
        query["query_text"] = (folder / SQL_FILE).read_text("utf-8-sig", "replace")
    if cells := recorded(folder):
        keys = [lookup_key(task_run, cell) for cell in cells]
        query["sql_statements"] = [{"lookup_key": key} for key in keys]
    return query


SQL = TaskType(
    NAME,
    _execute,
    required=("warehouse_id",),
    check=_check,
    code=lambda body: (body.get("file") or {}).get("path"),
    git=GitPath(("file", "path")),
    overrides={"sql_params": "parameters"},
    push=into("parameters"),
    output=_output,
    referred=output_of,
)
