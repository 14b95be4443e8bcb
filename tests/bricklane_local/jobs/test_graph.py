from __future__ import annotations

import pytest

from bricklane_local.app.errors import ApiError
from bricklane_local.jobs.graph import (
    Upstream,
    check_graph,
    chosen,
    descendants,
    leaves,
    run_result,
    verdict,
)
from bricklane_local.jobs.states import State

S, F, X, C = State.SUCCESS, State.FAILED, State.EXCLUDED, State.CANCELED


def task(key: str, *needs: str) -> dict[str, object]:
    return {"task_key": key, "depends_on": [{"task_key": name} for name in needs]}


@pytest.mark.parametrize(
    ("run_if", "states", "expected"),
    [
        ("ALL_SUCCESS", [], None),
        ("ALL_SUCCESS", [S, S], None),
        ("ALL_SUCCESS", [S, F], State.UPSTREAM_FAILED),
        ("ALL_SUCCESS", [S, C], State.UPSTREAM_CANCELED),
        ("ALL_SUCCESS", [S, X], State.EXCLUDED),
        ("ALL_SUCCESS", [F, C], State.UPSTREAM_FAILED),
        ("ALL_DONE", [F, X], None),
        ("NONE_FAILED", [S, X], None),
        ("NONE_FAILED", [X, X], State.EXCLUDED),
        ("NONE_FAILED", [S, F], State.UPSTREAM_FAILED),
        ("AT_LEAST_ONE_SUCCESS", [S, F], None),
        ("AT_LEAST_ONE_SUCCESS", [F, X], State.UPSTREAM_FAILED),
        ("AT_LEAST_ONE_FAILED", [S, F], None),
        ("AT_LEAST_ONE_FAILED", [S, S], State.EXCLUDED),
        ("ALL_FAILED", [F, F], None),
        ("ALL_FAILED", [F, S], State.EXCLUDED),
    ],
)
def test_run_if_decides_by_how_the_dependencies_ended(
    run_if: str, states: list[State], expected: State | None
) -> None:
    assert verdict(run_if, [Upstream(state) for state in states]) is expected


def test_a_branch_not_taken_excludes_what_depends_on_it() -> None:
    assert verdict("ALL_SUCCESS", [Upstream(S, outcome_matches=False)]) is State.EXCLUDED


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([{}], "Missing required field: tasks[0].task_key"),
        ([task("a"), task("a")], "Duplicate task key found: a"),
        ([task("a", "b")], "Task a depends on unknown task b"),
        ([task("a", "b"), task("b", "a")], "Tasks form a dependency cycle: a -> b -> a"),
    ],
)
def test_a_broken_graph_is_refused_with_its_fault(
    tasks: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(ApiError) as caught:
        check_graph(tasks)
    assert caught.value.message in (message, message.replace("a -> b -> a", "b -> a -> b"))


def test_last_tasks_decide_about_the_run() -> None:
    tasks = [task("a"), task("b", "a"), task("c", "a")]
    assert leaves(tasks) == {"b", "c"}
    assert run_result(tasks, {"a": S, "b": S, "c": S}) is State.SUCCESS
    assert run_result(tasks, {"a": F, "b": S, "c": X}) is State.SUCCESS_WITH_FAILURES
    assert run_result(tasks, {"a": S, "b": F, "c": S}) is State.TASK_FAILED


def test_descendants_reach_through_the_graph() -> None:
    tasks = [task("a"), task("b", "a"), task("c", "b"), task("d")]
    assert descendants(tasks, ["a"]) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (["b"], ["b"]),
        (["+b"], ["a", "b"]),
        (["b+"], ["b", "c"]),
        (["+b+"], ["a", "b", "c"]),
        (["d", "a"], ["a", "d"]),
    ],
)
def test_a_selection_takes_neighbours_along(selection: list[str], expected: list[str]) -> None:
    tasks = [task("a"), task("b", "a"), task("c", "b"), task("d")]
    assert chosen(tasks, selection) == expected
    with pytest.raises(ApiError, match=r"that the job does not have: \+x"):
        chosen(tasks, ["+x"])
