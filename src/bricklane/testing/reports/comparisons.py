"""Rows that a failed test compared, taken from where the comparison was made.

Asserts of DataFrames keep the rows in local variables while they fail; so the rows are read there,
and not from the text of the message. Nothing is computed again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from types import TracebackType
from typing import Any

from bricklane.testing.reports.model import (
    CHANGED,
    EXTRA,
    MISSING,
    SAME,
    ComparedRow,
    Comparison,
)

# Module and function → its variables with the actual and the expected rows, for functions of
# pyspark 3.5 to 4.1, chispa 0.9 to 0.11 and pandas 2.
FRAMES: Mapping[tuple[str, str], tuple[str, str]] = {
    ("pyspark.testing.utils", "assert_rows_equal"): ("rows1", "rows2"),
    ("chispa.rows_comparer", "assert_basic_rows_equality"): ("rows1", "rows2"),
    ("chispa.rows_comparer", "assert_generic_rows_equality"): ("rows1", "rows2"),
    ("pandas._testing.asserters", "assert_frame_equal"): ("left", "right"),
}

# As the functions above have it, unless a test says otherwise.
RELATIVE, ABSOLUTE = 1e-5, 1e-8

COMPARED_ROWS = 2000
SHOWN_ROWS = 200
CONTEXT = 2
SHOWN_COLUMNS = 60
SHOWN_CHARACTERS = 200

Cells = tuple[Any, ...]


def of_traceback(traceback: TracebackType | None) -> Comparison | None:
    """Return the rows that the function compared in which ``traceback`` ends, if it is known."""
    found: Comparison | None = None
    while traceback is not None:
        frame = traceback.tb_frame
        place = (str(frame.f_globals.get("__name__")), frame.f_code.co_name)
        if place in FRAMES:
            actual, expected = (frame.f_locals.get(name) for name in FRAMES[place])
            found = of_values(actual, expected) or found
        traceback = traceback.tb_next
    return found


def of_values(actual: object, expected: object) -> Comparison | None:
    """Return the comparison of two lists of rows or two pandas DataFrames; None for all else."""
    tables = [_table(value) for value in (actual, expected)]
    (columns, left), (others, right) = (table or ((), []) for table in tables)
    if None in tables or not (left or right):
        return None
    names = tuple(dict.fromkeys((*(columns or others), *(others if left else ()))))
    left, right = (_ordered(*table, names) for table in ((columns, left), (others, right)))
    rows = list(_aligned(left[:COMPARED_ROWS], right[:COMPARED_ROWS]))
    differing = sum(row.kind != SAME for row in rows)
    if not differing:
        return None
    total = max(len(left), len(right), len(rows))
    return Comparison(names[:SHOWN_COLUMNS], tuple(_shown(rows)), differing, total)


def _table(value: object) -> tuple[tuple[str, ...], list[Cells]] | None:
    """Return columns and cells of rows of Spark, dictionaries, or a DataFrame of pandas."""
    if type(value).__module__.startswith("pandas.") and hasattr(value, "itertuples"):
        frame: Any = value
        return tuple(map(str, frame.columns)), [tuple(row) for row in frame.itertuples(index=False)]
    if not isinstance(value, list | tuple) or hasattr(value, "_fields"):
        return None
    rows = [_row(item) for item in value]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows):
        return None
    columns = tuple(dict.fromkeys(name for row in known for name in row))
    return columns, [tuple(row.get(name, ABSENT) for name in columns) for row in known]


def _row(item: object) -> Mapping[str, Any] | None:
    if isinstance(item, dict):
        return {str(key): value for key, value in item.items()}
    fields = getattr(item, "__fields__", None) or getattr(item, "_fields", None)
    if isinstance(item, tuple) and fields:
        # A row of Spark may have two columns of one name; both are shown.
        named: dict[str, Any] = {}
        for place, (name, value) in enumerate(zip(fields, item, strict=False)):
            named[str(name) if str(name) not in named else f"{name} ({place + 1})"] = value
        return named
    return None


class _Absent:
    """A row has no such column."""

    def __str__(self) -> str:
        return ""

    def __repr__(self) -> str:
        return "absent"


ABSENT = _Absent()


def _ordered(columns: Sequence[str], rows: list[Cells], names: Sequence[str]) -> list[Cells]:
    places = {name: place for place, name in enumerate(columns)}
    return [
        tuple(row[places[name]] if name in places else ABSENT for name in names) for row in rows
    ]


def _aligned(left: list[Cells], right: list[Cells]) -> Iterator[ComparedRow]:
    """Yield the rows of both, those that are equal beside each other."""
    keys = [[repr(row) for row in rows] for rows in (left, right)]
    for tag, a, b, c, d in SequenceMatcher(None, keys[0], keys[1], autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (ComparedRow(SAME, _texts(x), _texts(x)) for x in left[a:b])
            continue
        for x, y in zip_longest(left[a:b], right[c:d]):
            if x is None or y is None:
                kind = MISSING if x is None else EXTRA
                yield ComparedRow(kind, _texts(x), _texts(y))
            else:
                same = all(map(_equal, x, y))
                yield ComparedRow(SAME if same else CHANGED, _texts(x), _texts(y))


def _equal(left: Any, right: Any) -> bool:
    if isinstance(left, float) and isinstance(right, float):
        both = math.isnan(left) and math.isnan(right)
        return both or math.isclose(left, right, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    return repr(left) == repr(right)


def _texts(row: Cells | None) -> tuple[str, ...]:
    return tuple(_text(value) for value in (row or ())[:SHOWN_COLUMNS])


def _text(value: Any) -> str:
    # What a test calls "" and None must look different; so must 1 and "1".
    text = str(value) if isinstance(value, int | float | _Absent) else repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"


def _shown(rows: list[ComparedRow]) -> Iterator[ComparedRow]:
    """Yield the rows that differ, and the ones around them."""
    near = {
        place + step
        for place, row in enumerate(rows)
        if row.kind != SAME
        for step in range(-CONTEXT, CONTEXT + 1)
    }
    chosen = [row for place, row in enumerate(rows) if place in near]
    yield from chosen[:SHOWN_ROWS]
