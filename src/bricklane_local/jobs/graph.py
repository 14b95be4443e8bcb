"""The graph of a job's tasks: what is wrong with it, and what may run when.

Source: https://docs.databricks.com/en/jobs/run-if.html,
https://docs.databricks.com/en/jobs/disabled-tasks.html and the Jobs API's ``depends_on``.
"""

from __future__ import annotations

import graphlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.states import CANCELLED, FAILED, PASSED_OVER, SUCCEEDED, State


@dataclass(frozen=True, slots=True)
class Upstream:
    """What a task sees of one that it depends on.

    Args:
        state: the final state of the other task.
        outcome_matches: False when the dependency asks for another outcome of a condition task.
    """

    state: State
    outcome_matches: bool = True

    @property
    def effective(self) -> State:
        """The state as ``run_if`` sees it: a branch not taken counts as excluded."""
        return self.state if self.outcome_matches else State.EXCLUDED


def check_graph(tasks: Sequence[Mapping[str, Any]]) -> None:
    """Check keys and dependencies of a job's tasks.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a missing or repeated key, an unknown dependency
            or a cycle.
    """
    keys: set[str] = set()
    for index, task in enumerate(tasks):
        key = task.get("task_key")
        if not key:
            raise invalid(f"Missing required field: tasks[{index}].task_key")
        if key in keys:
            raise invalid(f"Duplicate task key found: {key}")
        keys.add(key)
    graph: dict[str, list[str]] = {}
    for task in tasks:
        graph[task["task_key"]] = dependencies(task)
        for name in dependencies(task):
            if name not in keys:
                raise invalid(f"Task {task['task_key']} depends on unknown task {name}")
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        raise invalid(f"Tasks form a dependency cycle: {' -> '.join(error.args[1])}") from None


def dependencies(task: Mapping[str, Any]) -> list[str]:
    """Return the keys of the tasks that ``task`` depends on."""
    return [item["task_key"] for item in task.get("depends_on") or []]


def in_order(tasks: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the keys of ``tasks`` so that each comes after what it depends on."""
    graph = {task["task_key"]: dependencies(task) for task in tasks}
    return list(graphlib.TopologicalSorter(graph).static_order())


def leaves(tasks: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the keys of the tasks on which no other depends."""
    listed = list(tasks)
    needed = {name for task in listed for name in dependencies(task)}
    return {task["task_key"] for task in listed} - needed


def descendants(tasks: Sequence[Mapping[str, Any]], roots: Iterable[str]) -> set[str]:
    """Return ``roots`` and every task that depends on one of them, at any distance."""
    found = set(roots)
    grown = True
    while grown:
        more = {
            task["task_key"]
            for task in tasks
            if task["task_key"] not in found and found.intersection(dependencies(task))
        }
        found |= more
        grown = bool(more)
    return found


def ancestors(tasks: Sequence[Mapping[str, Any]], roots: Iterable[str]) -> set[str]:
    """Return ``roots`` and every task that one of them depends on, at any distance."""
    needs = {task["task_key"]: dependencies(task) for task in tasks}
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting.extend(needs[key])
    return found


def chosen(tasks: Sequence[Mapping[str, Any]], selection: Sequence[str]) -> list[str]:
    """Return the keys that ``only`` of run-now selects, in the order of ``tasks``.

    Args:
        tasks: the definitions.
        selection: task keys; ``+`` before one adds what it depends on, ``+`` after one what
            depends on it (as ``databricks bundle run --help`` documents).

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the keys that the job does not have.
    """
    keys = [task["task_key"] for task in tasks]
    unknown = [item for item in selection if item.strip("+") not in keys]
    if unknown:
        raise invalid(f"only names tasks that the job does not have: {', '.join(unknown)}")
    found: set[str] = set()
    for item in selection:
        key = item.strip("+")
        found.add(key)
        if item.startswith("+"):
            found |= ancestors(tasks, [key])
        if item.endswith("+"):
            found |= descendants(tasks, [key])
    return [key for key in keys if key in found]


def _stopped_by(states: Sequence[State]) -> State:
    """Return how a task ends that its dependencies kept from running."""
    if any(state in FAILED for state in states):
        return State.UPSTREAM_FAILED
    if any(state in CANCELLED for state in states):
        return State.UPSTREAM_CANCELED
    return _left_out(states)


def _left_out(states: Sequence[State]) -> State:
    """Return how a task is left out whose dependencies neither failed nor were cancelled."""
    return State.DISABLED if State.DISABLED in states else State.EXCLUDED


def _any(states: Sequence[State], wanted: Iterable[State]) -> bool:
    return any(state in wanted for state in states)


def _passed_over(states: Sequence[State]) -> bool:
    return all(state in PASSED_OVER for state in states)


# run_if → whether a task with dependencies in these final states runs.
CONDITIONS: dict[str, Callable[[Sequence[State]], bool]] = {
    "ALL_SUCCESS": lambda states: all(state in SUCCEEDED for state in states),
    "ALL_DONE": lambda states: True,  # noqa: ARG005
    "NONE_FAILED": lambda states: not _any(states, FAILED | CANCELLED) and not _passed_over(states),
    "AT_LEAST_ONE_SUCCESS": lambda states: _any(states, SUCCEEDED),
    "AT_LEAST_ONE_FAILED": lambda states: _any(states, FAILED),
    "ALL_FAILED": lambda states: all(state in FAILED for state in states),
}
# These wait for failures: a task whose dependencies did not fail is left out, it did not fail.
WAIT_FOR_FAILURE = ("AT_LEAST_ONE_FAILED", "ALL_FAILED")


def verdict(run_if: str, upstream: Sequence[Upstream]) -> State | None:
    """Decide about a task all of whose dependencies have ended.

    Args:
        run_if: the task's condition, a key of :data:`CONDITIONS`.
        upstream: its dependencies.

    Returns:
        None when the task shall run, else the state in which it ends without running.
    """
    states = [item.effective for item in upstream]
    if not states or CONDITIONS[run_if](states):
        return None
    return _left_out(states) if run_if in WAIT_FOR_FAILURE else _stopped_by(states)


def run_result(tasks: Sequence[Mapping[str, Any]], states: Mapping[str, State]) -> State:
    """Return the state of a job run all of whose tasks have ended: its last tasks decide.

    Args:
        tasks: the definitions.
        states: final state of each task, by key.
    """
    last = [states[key] for key in leaves(tasks)]
    if _any(last, FAILED):
        return State.TASK_FAILED
    if _any(last, CANCELLED):
        return State.CANCELED
    return State.SUCCESS_WITH_FAILURES if _any(list(states.values()), FAILED) else State.SUCCESS
