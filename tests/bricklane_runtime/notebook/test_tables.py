import datetime as dt
import json
import uuid
from collections import namedtuple
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import Row

from bricklane_runtime.notebook.tables import json_value, pandas_table, records_table, table


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (2**53 + 1, "9007199254740993"),
        (1.5, 1.5),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("1.50"), "1.50"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "2024-01-02T03:04:05+00:00"),
        (dt.timedelta(seconds=90), "0:01:30"),
        (b"\x01\x02", "AQI="),
        (bytearray(b"\x01"), "AQ=="),
        ([1, Decimal(2)], [1, "2"]),
        ({"k": {1}, 2: None}, {"k": [1], "2": None}),
        (Row(a=1, b=Row(c=b"")), {"a": 1, "b": {"c": ""}}),
        (np.int64(4), 4),
        (np.array([1.0, np.nan]), [1.0, "NaN"]),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_values_become_json(value: Any, shown: Any) -> None:
    assert json_value(value) == shown
    json.dumps(json_value(value), allow_nan=False)


def test_a_table_is_cut_at_a_thousand_rows() -> None:
    shown = table([("a", "int")], [(number,) for number in range(1001)])
    assert (len(shown["rows"]), shown["truncated"]) == (1000, True)
    assert not table([("a", "int")], [(1,)] * 1000)["truncated"]


def test_pandas_frames_show_missing_values_and_named_indexes() -> None:
    frame = pd.DataFrame(
        {"a": [1.5, None], "b": [pd.Timestamp("2024-01-02"), pd.NaT]},
        index=pd.Index(["x", "y"], name="key"),
    )
    shown = pandas_table(frame)
    assert [column["name"] for column in shown["columns"]] == ["key", "a", "b"]
    assert shown["rows"] == [["x", 1.5, "2024-01-02T00:00:00"], ["y", None, None]]


def test_an_index_without_a_name_is_left_out() -> None:
    assert pandas_table(pd.DataFrame({"a": [1]}))["rows"] == [[1]]


def test_named_tuples_and_dictionaries_are_tables() -> None:
    point = namedtuple("point", ["x", "y"])
    shown = records_table([point(1, 2), {"x": 3, "z": 4}])
    assert shown is not None
    assert [column["name"] for column in shown["columns"]] == ["x", "y", "z"]
    assert shown["rows"] == [[1, 2, None], [3, None, 4]]


@pytest.mark.parametrize("value", [[], [1, 2], [(1, 2)], ["a"], [{"a": 1}, 2]])
def test_other_lists_are_no_tables(value: list[Any]) -> None:
    assert records_table(value) is None
