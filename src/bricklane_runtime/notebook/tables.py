"""Turns data frames into table outputs that are safe as JSON.

Values: null, true, false, numbers and text stay what they are; decimals, dates, timestamps,
intervals, UUIDs and other scalars become text (ISO 8601 where there is such a form), so that no
digit is lost; NaN and infinities become the texts ``NaN``, ``Infinity``, ``-Infinity``; binary is
base64; arrays are lists; structs and maps are objects.
"""

from __future__ import annotations

import base64
import datetime as dt
import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

ROWS = 1000
# JavaScript reads larger integers wrongly, and so would the page that shows them.
EXACT = 2**53


def spark_table(frame: DataFrame) -> dict[str, Any]:
    """Return a Spark data frame as a table output; runs its query."""
    limited = frame.limit(ROWS + 1)
    rows = limited.collect()
    columns = [(item.name, item.dataType.simpleString()) for item in limited.schema.fields]
    return table(columns, rows)


def pandas_table(frame: pd.DataFrame) -> dict[str, Any]:
    """Return a pandas data frame as a table output; an index with a name becomes columns."""
    head = frame.head(ROWS + 1)
    if any(name is not None for name in head.index.names):
        head = head.reset_index(allow_duplicates=True)
    columns = [(str(name), str(kind)) for name, kind in zip(head.columns, head.dtypes, strict=True)]
    missing = head.isna().to_numpy()
    rows = [
        [None if missing[i][j] else value for j, value in enumerate(row)]
        for i, row in enumerate(head.itertuples(index=False, name=None))
    ]
    return table(columns, rows)


def records_table(records: Sequence[Any]) -> dict[str, Any] | None:
    """Return a list of named tuples, rows or dictionaries as a table output, else None."""
    rows = [_as_dictionary(record) for record in records[: ROWS + 1]]
    if not rows or any(row is None for row in rows):
        return None
    names = list(dict.fromkeys(name for row in rows if row for name in row))
    return table(
        [(str(name), "") for name in names], [[(row or {}).get(n) for n in names] for row in rows]
    )


def _as_dictionary(record: Any) -> dict[Any, Any] | None:
    if isinstance(record, dict):
        return record
    for method in ("asDict", "_asdict"):
        convert = getattr(record, method, None)
        if callable(convert):
            result: dict[Any, Any] = convert()
            return result
    return None


def table(columns: Iterable[tuple[str, str]], rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """Return a table output of columns (name, type) and rows, cut at the limit."""
    return {
        "type": "table",
        "columns": [{"name": name, "type": kind} for name, kind in columns],
        "rows": [[json_value(value) for value in row] for row in rows[:ROWS]],
        "truncated": len(rows) > ROWS,
    }


def json_value(value: Any) -> Any:
    """Return a value of a data frame as JSON data; see the module."""
    for kinds, convert in CONVERSIONS:
        if isinstance(value, kinds):
            return convert(value)
    for method in ("asDict", "tolist"):  # rows; numpy scalars and arrays
        change = getattr(value, method, None)
        if callable(change):
            return json_value(change())
    return str(value)


def _float(value: float) -> Any:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)


def _dictionary(value: dict[Any, Any]) -> dict[str, Any]:
    return {str(json_value(key)): json_value(item) for key, item in value.items()}


def _list(value: Any) -> Any:
    if hasattr(value, "asDict"):  # a Row is a tuple with names
        return _dictionary(value.asDict())
    return [json_value(item) for item in value]


CONVERSIONS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((type(None), bool, str), lambda value: value),
    (int, lambda value: int(value) if -EXACT <= value <= EXACT else str(value)),
    (float, _float),
    ((bytes, bytearray, memoryview), lambda value: base64.b64encode(value).decode()),
    ((dt.datetime, dt.date, dt.time), lambda value: value.isoformat()),
    (dict, _dictionary),
    ((list, tuple, set, frozenset), _list),
)
