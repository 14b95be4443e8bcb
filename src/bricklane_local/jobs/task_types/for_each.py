"""For-each tasks run one task for each of a list of inputs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.references import as_text
from bricklane_local.jobs.states import FINAL, SUCCEEDED, State
from bricklane_local.jobs.task_types.task_type import Body, TaskType

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import TaskRun

NAME = "for_each_task"
MAXIMUM_ITERATIONS = 5000
DEFAULT_ITERATION_CONCURRENCY = 1


async def _execute(attempt: Attempt) -> Outcome:
    """Run the iterations, at most ``concurrency`` at a time."""
    nested = attempt.task_run.task[NAME]["task"]
    try:
        inputs = _inputs(attempt.body.get("inputs"))
    except ValueError as error:
        return Outcome(State.INVALID, str(error))
    attempt.on_running()
    concurrency = int(attempt.body.get("concurrency") or DEFAULT_ITERATION_CONCURRENCY)
    limit = asyncio.Semaphore(concurrency)

    async def iterate(index: int, value: Any) -> State:
        async with limit:
            definition = nested | {"task_key": f"{nested['task_key']}_iteration_{index}"}
            return await attempt.driver.run_iteration(attempt.task_run, definition, value)

    async with asyncio.TaskGroup() as group:
        running = [group.create_task(iterate(i, value)) for i, value in enumerate(inputs)]
    states = [item.result() for item in running]
    failed = sum(state not in SUCCEEDED for state in states)
    if not failed:
        return Outcome(State.SUCCESS)
    message = f"{failed} of {len(states)} iterations failed"
    return Outcome(State.FAILED, message, {"error": message})


def _inputs(value: Any) -> list[Any]:
    try:
        inputs = json.loads(value) if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"for_each_task.inputs is not JSON: {error}") from None
    if not isinstance(inputs, list):
        raise ValueError(f"for_each_task.inputs must be a JSON array, got {as_text(value)[:80]}")  # noqa: TRY004
    if len(inputs) > MAXIMUM_ITERATIONS:
        raise ValueError(
            f"for_each_task.inputs has {len(inputs)} elements; at most {MAXIMUM_ITERATIONS}"
        )
    return inputs


def _check(key: str, body: Body) -> None:
    if NAME in body["task"]:
        raise invalid(f"Task {key}: a for_each_task cannot hold another one")


def _own(body: Body, _parameters: Mapping[str, str]) -> Body:
    """Leave the nested task out: each iteration, which has an input, resolves its references."""
    return {name: body[name] for name in body if name != "task"}


def _shown(engine: JobEngine, task_run: TaskRun, name: str) -> Body:
    states = [iteration.state for iteration in engine.runs.iterations(task_run)]
    done = [state for state in states if state in FINAL]
    succeeded = sum(state in SUCCEEDED for state in done)
    stats = {
        "total_iterations": len(states),
        "scheduled_iterations": len(states),
        "active_iterations": len(states) - len(done),
        "completed_iterations": len(done),
        "succeeded_iterations": succeeded,
        "failed_iterations": len(done) - succeeded,
    }
    written: Body = task_run.task[name]
    return written | {"stats": {"task_run_stats": stats}}


FOR_EACH = TaskType(
    NAME,
    _execute,
    required=("inputs", "task"),
    check=_check,
    nested=lambda body: [body["task"]],
    push=_own,
    shown=_shown,
)
