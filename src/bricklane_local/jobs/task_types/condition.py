"""Condition tasks compare two values; which branch runs follows from the outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.states import State
from bricklane_local.jobs.task_types.task_type import Body, TaskType

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import TaskRun


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


async def _execute(attempt: Attempt) -> Outcome:
    attempt.on_running()
    body = attempt.body
    operator = OPERATORS.get(body.get("op", ""))
    if operator is None:
        known = ", ".join(OPERATORS)
        return Outcome(State.INVALID, f"op must be one of {known}; got {body.get('op')!r}")
    try:
        outcome = operator(str(body.get("left", "")), str(body.get("right", "")))
    except ValueError as error:
        return Outcome(State.INVALID, f"Cannot compare with {body['op']}: {error}")
    return Outcome(State.SUCCESS, output={"outcome": str(outcome).lower()})


def _shown(_engine: JobEngine, task_run: TaskRun, name: str) -> Body:
    written: Body = task_run.task[name]
    if "outcome" not in task_run.output:
        return written
    compared: Body = task_run.resolved.get(name, written)
    return compared | {"outcome": task_run.output["outcome"]}


CONDITION = TaskType("condition_task", _execute, required=("op", "left", "right"), shown=_shown)
