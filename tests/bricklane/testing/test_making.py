"""What tests make is removed, and rows become SQL."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from bricklane.errors import BricklaneError
from bricklane.testing.literals import inserts, literal
from bricklane.testing.making import Made, _pairs


class Point(NamedTuple):
    x: int
    y: str


def test_the_last_made_is_removed_first_and_a_problem_stops_nothing() -> None:
    from databricks.sdk.errors import NotFound

    done: list[str] = []

    def fail(error: Exception) -> None:
        raise error

    made = Made()
    made.add("first", lambda: done.append("first"))
    made.add("gone", lambda: fail(NotFound("it is not there")))
    made.add("locked", lambda: fail(PermissionError("you may not")))
    made.add("last", lambda: done.append("last"))

    assert made.remove_all() == ["locked: you may not"]
    assert done == ["last", "first"]
    assert made.remove_all() == []


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (7, "7"),
        (1.5, "1.5D"),
        (float("nan"), "DOUBLE('nan')"),
        (Decimal("2.50"), "CAST('2.50' AS DECIMAL(38,2))"),
        ("it's\\\n", "'it\\'s\\\\\\n'"),
        (b"\x01\xff", "X'01ff'"),
        (date(2020, 1, 2), "DATE'2020-01-02'"),
        (datetime(2020, 1, 2, 3), "TIMESTAMP_NTZ'2020-01-02 03:00:00'"),
        (datetime(2020, 1, 2, 3, tzinfo=UTC), "TIMESTAMP'2020-01-02 03:00:00+00:00'"),
        ([1, [2]], "array(1, array(2))"),
        ({"a": 1}, "map('a', 1)"),
        (Point(1, "b"), "named_struct('x', 1, 'y', 'b')"),
    ],
)
def test_values_as_sql(value: Any, text: str) -> None:
    assert literal(value) == text


def test_a_value_that_sql_cannot_say_is_refused() -> None:
    with pytest.raises(BricklaneError, match="a value of type object cannot be put into a table"):
        literal(object())


def test_many_rows_take_several_statements() -> None:
    statements = list(inserts("`t`", ["id"], ([n] for n in range(501))))
    assert len(statements) == 2
    assert statements[1] == "INSERT INTO `t` (`id`) VALUES (500)"


def test_columns_are_read_from_ddl() -> None:
    assert _pairs("id INT, `a b`: STRING, m map<string, int>, d decimal(10,2)") == [
        ("id", "INT"),
        ("a b", "STRING"),
        ("m", "map<string, int>"),
        ("d", "decimal(10,2)"),
    ]
