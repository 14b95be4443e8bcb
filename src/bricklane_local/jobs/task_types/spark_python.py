"""Python file tasks."""

from __future__ import annotations

from pathlib import Path

from bricklane_local.compute.sources import python_file_source
from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.git_source import GitPath
from bricklane_local.jobs.task_types.task_type import Body, TaskType
from bricklane_local.jobs.task_types.worker import in_worker, logs


def _part(attempt: Attempt, _folder: Path) -> Body:
    path, file = python_file_source(attempt.workspace, attempt.body)
    return {
        "kind": "spark_python",
        "working_directory": str(file.parent),
        "python_file": {
            "path": path,
            "file": str(file),
            "parameters": [str(value) for value in attempt.body.get("parameters") or []],
        },
    }


SPARK_PYTHON = TaskType(
    "spark_python_task",
    in_worker(_part),
    required=("python_file",),
    classic=True,
    code=lambda body: body.get("python_file"),
    git=GitPath(("python_file",), implied=False),
    overrides={"python_params": "parameters"},
    output=logs,
)
