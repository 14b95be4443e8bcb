"""Conditions of alerts, evaluated on the result of their query.

Source: ``evaluation`` of https://docs.databricks.com/api/workspace/alertsv2 and ``condition`` of
https://docs.databricks.com/api/workspace/alerts.
"""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Sequence
from typing import Any

from bricklane_local.app.errors import invalid

Body = dict[str, Any]
Rows = Sequence[Sequence[str | None]]
OK, TRIGGERED, UNKNOWN, ERROR = "OK", "TRIGGERED", "UNKNOWN", "ERROR"
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "EQUAL": operator.eq,
    "NOT_EQUAL": operator.ne,
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}
AGGREGATIONS: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "AVG": statistics.fmean,
    "MIN": min,
    "MAX": max,
    "MEDIAN": statistics.median,
    "STDDEV": lambda values: statistics.stdev(values) if len(values) > 1 else 0.0,
}
COUNTS: dict[str, Callable[[list[str]], int]] = {
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(values)),
}


def of_alert(condition: Body) -> Body:
    """Return the condition of an alert on a saved query as an evaluation."""
    return {
        "source": (condition.get("operand") or {}).get("column") or {},
        "comparison_operator": condition.get("op"),
        "threshold": condition.get("threshold"),
        "empty_result_state": condition.get("empty_result_state"),
    }


def state_of(evaluation: Body, columns: Sequence[Body], rows: Rows) -> str:
    """Return the state of an alert.

    Args:
        evaluation: source, operator, threshold and what an empty result means.
        columns: of the result, as the API describes them.
        rows: of the result, as text.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it names a column that is not there, or compares
            what cannot be compared.
    """
    if not rows:
        return str(evaluation.get("empty_result_state") or UNKNOWN)
    value = _operand(evaluation.get("source") or {}, columns, rows)
    comparison = str(evaluation.get("comparison_operator"))
    if comparison in ("IS_NULL", "IS_NOT_NULL"):
        return TRIGGERED if (value is None) == (comparison == "IS_NULL") else OK
    if comparison not in COMPARISONS:
        raise invalid(f"The comparison {comparison} of an alert is not supported")
    limit = _threshold(evaluation.get("threshold") or {}, columns, rows)
    if value is None or limit is None:
        return OK
    return TRIGGERED if _compare(comparison, value, limit) else OK


def _compare(comparison: str, value: Any, limit: Any) -> bool:
    if isinstance(limit, bool):
        value = str(value).lower() == "true"
    elif isinstance(limit, float):
        value = _number(value)
    elif isinstance(value, float):
        limit = _number(limit)
    return COMPARISONS[comparison](value, limit)


def _number(text: Any) -> float:
    try:
        return float(text)
    except ValueError:
        raise invalid(f"An alert cannot compare {text!r} with a number") from None


def _threshold(threshold: Body, columns: Sequence[Body], rows: Rows) -> Any:
    if threshold.get("column"):
        return _operand(threshold["column"], columns, rows)
    value = threshold.get("value") or {}
    for name in ("bool_value", "string_value"):
        if value.get(name) is not None:
            return value[name]
    number = value.get("double_value")
    return None if number is None else float(number)


def _operand(source: Body, columns: Sequence[Body], rows: Rows) -> Any:
    names = [column["name"] for column in columns]
    if source.get("name") not in names:
        raise invalid(
            f"The alert looks at the column {source.get('name')!r}; its query has {names}"
        )
    position = names.index(source["name"])
    kept = [text for row in rows if (text := row[position]) is not None]
    aggregation = source.get("aggregation")
    if not aggregation:
        return rows[0][position]
    if aggregation in COUNTS:
        return float(COUNTS[aggregation](kept))
    if aggregation not in AGGREGATIONS:
        raise invalid(f"The aggregation {aggregation} of an alert is not supported")
    if not kept:
        return None
    return float(AGGREGATIONS[aggregation]([_number(text) for text in kept]))
