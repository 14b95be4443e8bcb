"""Rows of Python values as SQL, for tables that a test makes without Spark."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any

from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.spark.naming import quoted

# Rows in a statement; more would make statements that are slow to plan.
BATCH = 500


def literal(value: Any) -> str:
    """Return a value as a SQL expression.

    Raises:
        BricklaneError: for a kind of value that has none.
    """
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value)
        case float():
            return f"{value!r}D" if isfinite(value) else f"DOUBLE('{value}')"
        case Decimal():
            return f"CAST('{value}' AS DECIMAL(38,{_scale(value)}))"
        case str():
            return _text(value)
        case bytes() | bytearray():
            return f"X'{value.hex()}'"
        case datetime():
            kind = "TIMESTAMP" if value.tzinfo else "TIMESTAMP_NTZ"
            return f"{kind}'{value.isoformat(sep=' ')}'"
        case date():
            return f"DATE'{value.isoformat()}'"
        case _:
            return _nested(value)


def _nested(value: Any) -> str:
    match value:
        case Mapping():
            pairs = (f"{literal(key)}, {literal(held)}" for key, held in value.items())
            return f"map({', '.join(pairs)})"
        case tuple() if names := getattr(value, "_fields", None) or getattr(
            value, "__fields__", None
        ):
            pairs = (
                f"{_text(name)}, {literal(held)}" for name, held in zip(names, value, strict=True)
            )
            return f"named_struct({', '.join(pairs)})"
        case list() | tuple():
            return f"array({', '.join(map(literal, value))})"
        case _:
            raise BricklaneError(
                f"a value of type {type(value).__name__} cannot be put into a table by SQL",
                hint="give rows of plain Python values, or `ctas`, a SELECT",
                exit_code=ExitCode.USAGE,
            )


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n")
    return f"'{escaped}'"


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def inserts(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Yield the statements that put rows into a table.

    Args:
        table: its full name, quoted.
        columns: names.
        rows: a value for each column.
    """
    head = f"INSERT INTO {table} ({', '.join(map(quoted, columns))}) VALUES "  # noqa: S608  (quoted)
    written = (f"({', '.join(map(literal, row))})" for row in rows)
    while batch := list(islice(written, BATCH)):
        yield head + ", ".join(batch)
