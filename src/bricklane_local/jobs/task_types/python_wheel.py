"""Python wheel tasks call an entry point of a package."""

from __future__ import annotations

from pathlib import Path

from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.task_types.task_type import Body, TaskType, into
from bricklane_local.jobs.task_types.worker import in_worker, logs


def _part(attempt: Attempt, folder: Path) -> Body:
    body = attempt.body
    return {
        "kind": "python_wheel",
        "working_directory": str(folder),
        "wheel": {
            "package_name": body.get("package_name") or "",
            "entry_point": body.get("entry_point") or "",
            "parameters": [str(value) for value in body.get("parameters") or []],
            "named_parameters": {
                key: str(value) for key, value in (body.get("named_parameters") or {}).items()
            },
        },
    }


PYTHON_WHEEL = TaskType(
    "python_wheel_task",
    in_worker(_part),
    required=("package_name", "entry_point"),
    classic=True,
    overrides={"python_params": "parameters", "python_named_params": "named_parameters"},
    # A task without named parameters takes a list, into which nothing is pushed.
    push=into("named_parameters", when_present=True),
    output=logs,
)
