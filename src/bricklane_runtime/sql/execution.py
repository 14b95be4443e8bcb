"""Runs one statement in a session of Spark and leaves its result as files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
from pyspark.sql.connect.functions import builtin as functions
from pyspark.sql.types import (
    ArrayType,
    CalendarIntervalType,
    DataType,
    DayTimeIntervalType,
    DecimalType,
    MapType,
    StructField,
    StructType,
    TimestampNTZType,
    TimestampType,
    VariantType,
    YearMonthIntervalType,
)

from bricklane_runtime.notebook.statements import split
from bricklane_runtime.redaction import MARK
from bricklane_runtime.sql.described import describe, described_table
from bricklane_runtime.sql.parameters import arguments
from bricklane_runtime.sql.results import SQL_NAME, Limits, Writer

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.plan import LogicalPlan
    from pyspark.sql.connect.session import SparkSession

INTERVALS = (DayTimeIntervalType, YearMonthIntervalType, CalendarIntervalType)
NESTED = (ArrayType, MapType, StructType)


class StatementError(Exception):
    """A statement cannot be used."""


@dataclass(frozen=True, slots=True)
class Request:
    """A statement as the server sends it.

    Args:
        id: of the statement, also the tag by which Spark cancels it.
        statement: its text.
        folder: for the result.
        format: of the result.
        byte_limit: of Arrow's representation of the result.
        parameters: see :mod:`bricklane_runtime.sql.parameters`.
        row_limit: where the result is cut, None for nowhere.
        cut: cut the result at ``byte_limit`` instead of failing.
        batch_rows: rows of a batch at most.
        texts: what the client wants as text: ``complex``, ``decimal``, ``timestamp``.
    """

    id: str
    statement: str
    folder: str
    format: str
    byte_limit: int
    parameters: list[dict[str, Any]] = field(default_factory=list)
    row_limit: int | None = None
    cut: bool = False
    batch_rows: int = 10_000
    texts: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, message: dict[str, Any]) -> Request:
        """Return the request in a message, which may hold more."""
        names = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in message.items() if key in names})


def execute(session: SparkSession, request: Request, hidden: Sequence[str]) -> None:
    """Run a statement to its end and write its result.

    Args:
        session: to run it in.
        request: the statement.
        hidden: texts that no result may show.

    Raises:
        Exception: of Spark, or one of ours that says what is wrong with the request.
    """
    parts = split(request.statement)
    if len(parts) != 1:
        raise StatementError(f"The text must hold exactly one statement, it has {len(parts)}")
    table = described_table(parts[0])
    frame = (
        session.sql(parts[0], args=arguments(request.parameters))
        if table is None
        else describe(session, table)
    )
    shown = frame.schema.fields
    limits = Limits(request.row_limit, request.byte_limit, request.cut, request.batch_rows)
    writer = Writer(Path(request.folder), request.format, shown, limits)
    if not shown:
        writer.finish(pa.schema([]))
        return
    readable = _readable(frame, shown, request)
    if request.row_limit is not None:
        readable = readable.limit(request.row_limit + 1)
    schema = None
    for table in _tables(session, readable):
        named = _named(_redacted(table, hidden), shown)
        schema = schema or named.schema
        if not writer.add(named):
            break
    writer.finish(schema or _named(readable.limit(0).toArrow(), shown).schema)


def _tables(session: SparkSession, frame: DataFrame) -> Iterator[pa.Table]:
    plan: LogicalPlan = cast(Any, frame)._plan
    message = plan.to_proto(session.client)
    found = session.client.to_table_as_iterator(message, plan.observations)
    return (part for part in found if isinstance(part, pa.Table))


def _redacted(table: pa.Table, hidden: Sequence[str]) -> pa.Table:
    for position, item in enumerate(table.schema):
        if item.type == pa.string():
            texts = table.column(position)
            for value in hidden:
                texts = pc.replace_substring(texts, pattern=value, replacement=MARK)
            table = table.set_column(position, item, texts)
    return table


def _as_text(kind: DataType, request: Request) -> bool:
    """Tell whether a column is made text by Spark, as Arrow or the client cannot read its type."""
    if isinstance(kind, (*INTERVALS, VariantType)):
        return True
    if isinstance(kind, NESTED):
        return "complex" in request.texts or _unreadable(kind)
    if isinstance(kind, TimestampType | TimestampNTZType):
        return "timestamp" in request.texts
    return isinstance(kind, DecimalType) and "decimal" in request.texts


def _unreadable(kind: DataType) -> bool:
    if isinstance(kind, ArrayType):
        return _unreadable(kind.elementType)
    if isinstance(kind, MapType):
        return _unreadable(kind.keyType) or _unreadable(kind.valueType)
    if isinstance(kind, StructType):
        return any(_unreadable(item.dataType) for item in kind.fields)
    return isinstance(kind, (*INTERVALS, VariantType))


def _readable(frame: DataFrame, shown: list[StructField], request: Request) -> DataFrame:
    if not any(_as_text(item.dataType, request) for item in shown):
        return frame
    names = [f"c{i}" for i in range(len(shown))]
    columns = [
        _text(functions.col(name), item.dataType) if _as_text(item.dataType, request) else name
        for name, item in zip(names, shown, strict=True)
    ]
    return frame.toDF(*names).select(*columns)


def _text(column: Any, kind: DataType) -> Any:
    if isinstance(kind, NESTED):
        return functions.to_json(column)
    text = column.cast("string")
    if isinstance(kind, DayTimeIntervalType | YearMonthIntervalType):
        # Spark writes INTERVAL '1-2' YEAR TO MONTH; clients read what is between the quotes.
        return functions.regexp_extract(text, "'(.*)'", 1)
    return text


def _named(table: pa.Table, shown: list[StructField]) -> pa.Table:
    """Return a table with the statement's names, and each column's SQL type in its metadata."""
    columns = [
        pa.field(
            item.name,
            kind.type,
            nullable=item.nullable,
            metadata={SQL_NAME: item.dataType.simpleString().upper()},
        )
        for item, kind in zip(shown, table.schema, strict=True)
    ]
    return pa.Table.from_arrays(table.columns, schema=pa.schema(columns))
