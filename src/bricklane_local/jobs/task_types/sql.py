"""SQL tasks, of which those with a file run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.compute.sources import SQL_FILE, sql_file_source
from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.git_source import GitPath
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


def _output(engine: JobEngine, run: Run, task_run: TaskRun) -> Body:
    """Return what the task ran; the results are on the run's page."""
    folder = engine.workspace.run_folder(task_run.run_id)
    query: Body = {
        "warehouse_id": task_run.resolved.get(NAME, task_run.task[NAME]).get("warehouse_id"),
        "output_link": engine.task_page_url(run, task_run.run_id),
    }
    if (folder / SQL_FILE).exists():
        query["query_text"] = (folder / SQL_FILE).read_text("utf-8-sig", "replace")
    if (folder / "cells.json").exists():
        cells = json.loads((folder / "cells.json").read_bytes())
        keys = [f"{task_run.run_id}-{c['index']}" for c in cells if c["state"] != "SKIPPED"]
        query["sql_statements"] = [{"lookup_key": key} for key in keys]
    return {"sql_output": {"query_output": query}} | logs(engine, run, task_run)


SQL = TaskType(
    NAME,
    in_worker(_part),
    required=("warehouse_id",),
    code=lambda body: (body.get("file") or {}).get("path"),
    git=GitPath(("file", "path")),
    overrides={"sql_params": "parameters"},
    push=into("parameters"),
    output=_output,
)
