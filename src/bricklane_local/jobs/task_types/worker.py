"""Types of tasks that run in a worker process, and the log that all of those leave."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.task_types.task_type import Body

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import Run, TaskRun

# What runs/get-output returns of logs and of a notebook's result, in characters, as documented.
OUTPUT_LIMIT = 5 * 1024 * 1024

# Gets an attempt and its run folder, and returns what of the worker's specification depends on
# the type: ``kind``, ``working_directory`` and a section that ``bricklane_runtime`` reads.
Part = Callable[[Attempt, Path], Body]


def in_worker(part: Part) -> Callable[[Attempt], Awaitable[Outcome]]:
    """Return what executes attempts in a process of their own, told ``part``."""

    async def execute(attempt: Attempt) -> Outcome:
        return await attempt.driver.engine.compute.execute(attempt, part)

    return execute


def logs(engine: JobEngine, _run: Run, task_run: TaskRun) -> Body:
    """Return the end of what a task printed: what went wrong last is what is looked for."""
    path = engine.workspace.run_folder(task_run.run_id) / "stdout.log"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - OUTPUT_LIMIT))
        text = file.read().decode("utf-8", "replace")
    return {"logs": text, "logs_truncated": size > OUTPUT_LIMIT}
