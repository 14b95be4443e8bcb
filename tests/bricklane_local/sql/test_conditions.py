"""Conditions of alerts: what each comparison, aggregation and empty result makes of an alert."""

from __future__ import annotations

from typing import Any

import pytest

from bricklane_local.app.errors import ApiError
from bricklane_local.sql.conditions import state_of

COLUMNS = [{"name": "n"}, {"name": "text"}, {"name": "yes"}]
ROWS = [["3", "a", "true"], ["1", "b", "false"], [None, "b", None]]


def evaluation(
    name: str, operator: str, value: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    threshold = None if value is None else {"value": value}
    return {
        "source": {"name": name, **{k: v for k, v in more.items() if k == "aggregation"}},
        "comparison_operator": operator,
        "threshold": threshold,
        **{k: v for k, v in more.items() if k != "aggregation"},
    }


@pytest.mark.parametrize(
    ("wanted", "state"),
    [
        (evaluation("n", "GREATER_THAN", {"double_value": 2}), "TRIGGERED"),
        (evaluation("n", "LESS_THAN", {"double_value": 3}), "OK"),
        (evaluation("n", "EQUAL", {"double_value": 4}, aggregation="SUM"), "TRIGGERED"),
        (evaluation("n", "EQUAL", {"double_value": 2}, aggregation="AVG"), "TRIGGERED"),
        (evaluation("n", "EQUAL", {"double_value": 2}, aggregation="COUNT"), "TRIGGERED"),
        (
            evaluation("text", "EQUAL", {"double_value": 2}, aggregation="COUNT_DISTINCT"),
            "TRIGGERED",
        ),
        (evaluation("n", "EQUAL", {"double_value": 1}, aggregation="MIN"), "TRIGGERED"),
        (evaluation("text", "EQUAL", {"string_value": "a"}), "TRIGGERED"),
        (evaluation("yes", "NOT_EQUAL", {"bool_value": True}), "OK"),
        (evaluation("n", "IS_NULL"), "OK"),
        (evaluation("n", "IS_NOT_NULL"), "TRIGGERED"),
    ],
)
def test_states(wanted: dict[str, Any], state: str) -> None:
    assert state_of(wanted, COLUMNS, ROWS) == state


def test_empty_results_and_columns() -> None:
    empty = evaluation("n", "EQUAL", {"double_value": 1}, empty_result_state="OK")
    assert state_of(empty, COLUMNS, []) == "OK"
    assert state_of(evaluation("n", "EQUAL"), COLUMNS, []) == "UNKNOWN"
    column = {**evaluation("n", "LESS_THAN"), "threshold": {"column": {"name": "limit"}}}
    assert state_of(column, [{"name": "n"}, {"name": "limit"}], [["9", "10"]]) == "OK"
    numbers = {"threshold": {"column": {"name": "limit", "aggregation": "MAX"}}}
    assert state_of({**column, **numbers}, [{"name": "n"}, {"name": "limit"}], [["9", "10"]]) == (
        "TRIGGERED"
    )


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (evaluation("other", "EQUAL", {"double_value": 1}), "column 'other'; its query has"),
        (evaluation("text", "EQUAL", {"double_value": 1}), "cannot compare 'a' with a number"),
        (evaluation("n", "LIKE", {"double_value": 1}), "comparison LIKE"),
        (evaluation("n", "EQUAL", {"double_value": 1}, aggregation="MODE"), "aggregation MODE"),
    ],
)
def test_what_cannot_be_compared_is_named(wanted: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError, match=message):
        state_of(wanted, COLUMNS, ROWS)
