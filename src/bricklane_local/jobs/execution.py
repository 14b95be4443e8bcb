"""What executes one attempt at a task: the contract, and the task types that need no compute."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from bricklane_local.jobs.references import as_text
from bricklane_local.jobs.runs import Run, TaskRun
from bricklane_local.jobs.states import SUCCEEDED, State

if TYPE_CHECKING:
    from bricklane_local.jobs.driver import RunDriver

FAILURE_MESSAGE = "Workload failed, see run output for details."
MAXIMUM_ITERATIONS = 5000
DEFAULT_ITERATION_CONCURRENCY = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt at a task ended.

    Args:
        state: a final state.
        message: for the run's state.
        output: what runs/get-output shall show: ``result``, ``error``, ``error_trace`` …
    """

    state: State
    message: str = ""
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a task, ready to be executed.

    Args:
        run: the run it belongs to.
        task_run: the attempt; its ``resolved`` has the references replaced.
        driver: the driver of the run.
        on_running: to be called when the task's own code begins.
    """

    run: Run
    task_run: TaskRun
    driver: RunDriver
    on_running: Callable[[], None]

    @property
    def task(self) -> dict[str, Any]:
        """The definition, references replaced."""
        return self.task_run.resolved


class TaskExecutor(Protocol):
    """Executes the attempts of some task types.

    When the coroutine is cancelled, whatever it started has ended before it raises.
    """

    async def execute(self, attempt: Attempt) -> Outcome:
        """Execute one attempt to its end."""


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _ordered(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def operator(left: str, right: str) -> bool:
        a, b = _number(left), _number(right)
        if a is None or b is None:
            raise ValueError(f"{left!r} and {right!r} are not both numbers")
        return compare(a, b)

    return operator


# Equality compares text, order compares numbers, as documented for ConditionTask.
OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "EQUAL_TO": lambda a, b: a == b,
    "NOT_EQUAL": lambda a, b: a != b,
    "GREATER_THAN": _ordered(lambda a, b: a > b),
    "GREATER_THAN_OR_EQUAL": _ordered(lambda a, b: a >= b),
    "LESS_THAN": _ordered(lambda a, b: a < b),
    "LESS_THAN_OR_EQUAL": _ordered(lambda a, b: a <= b),
}


class ConditionExecutor:
    """Compares two values; which branch runs follows from the outcome."""

    async def execute(self, attempt: Attempt) -> Outcome:
        """Evaluate the condition."""
        attempt.on_running()
        task = attempt.task["condition_task"]
        operator = OPERATORS.get(task.get("op", ""))
        if operator is None:
            known = ", ".join(OPERATORS)
            return Outcome(State.INVALID, f"op must be one of {known}; got {task.get('op')!r}")
        try:
            outcome = operator(str(task.get("left", "")), str(task.get("right", "")))
        except ValueError as error:
            return Outcome(State.INVALID, f"Cannot compare with {task['op']}: {error}")
        return Outcome(State.SUCCESS, output={"outcome": str(outcome).lower()})


class RunJobExecutor:
    """Runs another job and ends as it does."""

    async def execute(self, attempt: Attempt) -> Outcome:
        """Start the child run and wait for it; cancelling cancels it."""
        from bricklane_local.app.errors import ApiError

        engine = attempt.driver.engine
        task = attempt.task["run_job_task"]
        try:
            child = engine.run_now(
                int(task["job_id"]),
                self._body(attempt),
                creator=attempt.run.creator,
                trigger="RUN_JOB_TASK",
                parent_task_run=attempt.task_run.run_id,
            )
        except ApiError as error:
            return Outcome(State.INVALID, error.message)
        attempt.driver.note(attempt.task_run, child_run=child.run_id)
        attempt.on_running()
        try:
            ended = await engine.wait(child.run_id)
        except asyncio.CancelledError:
            engine.cancel(child.run_id)
            await engine.wait(child.run_id)
            raise
        output = {"child_run": child.run_id}
        if ended.state in SUCCEEDED:
            return Outcome(State.SUCCESS, output=output)
        message = f"Run {child.run_id} of job {child.job_id} ended {ended.state}: {ended.message}"
        state = State.CANCELED if ended.state is State.CANCELED else State.FAILED
        return Outcome(state, message, output | {"error": message})

    @staticmethod
    def _body(attempt: Attempt) -> dict[str, Any]:
        """Return what run-now gets; parameters that are pushed down only as far as declared."""
        task, written = attempt.task["run_job_task"], attempt.task_run.task["run_job_task"]
        settings = attempt.driver.engine.jobs.get(int(task["job_id"]))["settings"]
        known = {item["name"] for item in settings.get("parameters") or []}
        known |= set(written.get("job_parameters") or {})
        given = task.get("job_parameters") or {}
        body = {key: task[key] for key in task if key != "job_id"}
        return body | {"job_parameters": {key: given[key] for key in given if key in known}}


class ForEachExecutor:
    """Runs one task for each of a list of inputs."""

    async def execute(self, attempt: Attempt) -> Outcome:
        """Run the iterations, at most ``concurrency`` at a time."""
        task = attempt.task["for_each_task"]
        nested = attempt.task_run.task["for_each_task"]["task"]
        try:
            inputs = _inputs(task.get("inputs"))
        except ValueError as error:
            return Outcome(State.INVALID, str(error))
        attempt.on_running()
        limit = asyncio.Semaphore(int(task.get("concurrency") or DEFAULT_ITERATION_CONCURRENCY))

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


class UnsupportedExecutor:
    """Refuses, by name, a task type that nothing here can run."""

    def __init__(self, kind: str, supported: list[str]) -> None:
        self._kind = kind
        self._supported = supported

    async def execute(self, attempt: Attempt) -> Outcome:
        """Fail the attempt."""
        message = (
            f"The local workspace cannot run the {self._kind} of task {attempt.task_run.key}; "
            f"it runs {', '.join(self._supported)}"
        )
        return Outcome(State.INVALID, message, {"error": message})
