"""Notebook tasks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.compute.sources import notebook_source
from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.git_source import GitPath
from bricklane_local.jobs.task_types.task_type import Body, TaskType, into
from bricklane_local.jobs.task_types.worker import OUTPUT_LIMIT, in_worker

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import Run, TaskRun


def _part(attempt: Attempt, folder: Path) -> Body:
    source = notebook_source(attempt.workspace, attempt.body)
    content = folder / "notebook.source"
    content.write_bytes(source.content)
    parameters = attempt.body.get("base_parameters") or {}
    return {
        "kind": "notebook",
        "working_directory": str(attempt.workspace.view.path(source.path).parent),
        "notebook": {
            "path": source.path,
            "language": source.language,
            "format": source.format,
            "content_file": str(content),
            "parameters": {key: str(value) for key, value in parameters.items()},
        },
    }


def _output(_engine: JobEngine, _run: Run, task_run: TaskRun) -> Body:
    result = task_run.output.get("result")
    if result is None:
        return {"notebook_output": {}}
    shown = {"result": result[:OUTPUT_LIMIT], "truncated": len(result) > OUTPUT_LIMIT}
    return {"notebook_output": shown}


NOTEBOOK = TaskType(
    "notebook_task",
    in_worker(_part),
    required=("notebook_path",),
    classic=True,
    code=lambda body: body.get("notebook_path"),
    git=GitPath(("notebook_path",)),
    overrides={"notebook_params": "base_parameters"},
    push=into("base_parameters"),
    references=lambda body: {"task.notebook_path": str(body.get("notebook_path"))},
    output=_output,
)
