"""Writes the result of a statement as files of the format that its client wants.

The folder gets ``statement.json``, ``{"columns", "chunks", "total_row_count", "total_byte_count",
"truncated", "affected_rows"}`` with columns as the API describes them and chunks as
``{"row_offset", "row_count", "byte_count"}``, and a file ``chunk-N`` for each of these.
``ARROW_BATCHES`` is for Thrift: a chunk is one encapsulated record batch, and ``schema.arrow`` has
the schema.

Source: https://docs.databricks.com/api/workspace/statementexecution/executestatement (``format``).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa  # type: ignore[import-untyped]

from bricklane_runtime.results import write_json
from bricklane_runtime.sql.values import column, text_of

if TYPE_CHECKING:
    from pyspark.sql.types import DataType, StructField

STATEMENT, SCHEMA = "statement.json", "schema.arrow"
CHUNK_BYTES = 16 * 1024 * 1024
ARROW_BATCHES = "ARROW_BATCHES"
# First column of what a statement answers that changes rows.
AFFECTED = "num_affected_rows"
SQL_NAME = b"Spark:DataType:SqlName"


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a result may be.

    Args:
        rows: where it is cut, None for nowhere.
        byte_count: of Arrow's representation.
        cut: cut at ``byte_count`` instead of failing.
        batch_rows: rows of a batch at most, with ``ARROW_BATCHES``.
    """

    rows: int | None
    byte_count: int
    cut: bool
    batch_rows: int


class ResultTooLarge(Exception):  # noqa: N818 - named like Spark's error classes
    """A result exceeds what may be answered inline."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            "Inline byte limit exceeded. Statements executed with disposition=INLINE can have a "
            f"result size of at most {limit} bytes. Use disposition=EXTERNAL_LINKS instead."
        )


@dataclass(slots=True)
class Writer:
    """Writes one result.

    Args:
        folder: for the files.
        format: a key of :data:`FORMATS`.
        fields: the columns.
        limits: see :class:`Limits`.
    """

    folder: Path
    format: str
    fields: list[StructField]
    limits: Limits
    _chunks: list[dict[str, int]] = field(default_factory=list)
    _pending: list[pa.Table] = field(default_factory=list)
    _rows: int = 0
    _bytes: int = 0
    _truncated: bool = False
    _affected: int | None = None

    def add(self, table: pa.Table) -> bool:
        """Take the next rows; say whether more are wanted.

        Raises:
            ResultTooLarge: the limit is passed and the result must not be cut.
        """
        if not table.num_rows:
            return True
        if self.fields[0].name == AFFECTED:
            self._affected = table.column(0)[0].as_py()
        table = _measurable(self._within_rows(table))
        size = table.nbytes
        if self._bytes + size > self.limits.byte_count:
            if not self.limits.cut:
                raise ResultTooLarge(self.limits.byte_count)
            table = _fitting(table, self.limits.byte_count - self._bytes)
            size, self._truncated = table.nbytes, True
        self._rows += table.num_rows
        self._bytes += size
        self._keep(table)
        return not self._truncated

    def _within_rows(self, table: pa.Table) -> pa.Table:
        limit = self.limits.rows
        if limit is None or self._rows + table.num_rows <= limit:
            return table
        self._truncated = True
        return table.slice(0, limit - self._rows)

    def _keep(self, table: pa.Table) -> None:
        if not table.num_rows:
            return
        if self.format == ARROW_BATCHES:
            for batch in table.combine_chunks().to_batches(max_chunksize=self.limits.batch_rows):
                self._write(batch.serialize().to_pybytes(), batch.num_rows)
            return
        self._pending.append(table)
        if sum(part.nbytes for part in self._pending) > CHUNK_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._pending:
            table = pa.concat_tables(self._pending)
            self._pending = []
            first = not self._chunks
            self._write(FORMATS[self.format](table, self.fields, first), table.num_rows)

    def _write(self, content: bytes, rows: int) -> None:
        offset = sum(chunk["row_count"] for chunk in self._chunks)
        (self.folder / f"chunk-{len(self._chunks)}").write_bytes(content)
        self._chunks.append({"row_offset": offset, "row_count": rows, "byte_count": len(content)})

    def finish(self, schema: pa.Schema) -> None:
        """Write what is left, and the document that describes the result."""
        self._flush()
        if self.format == ARROW_BATCHES:
            (self.folder / SCHEMA).write_bytes(schema.serialize().to_pybytes())
        document = {
            "columns": [column(i, f.name, f.dataType) for i, f in enumerate(self.fields)],
            "chunks": self._chunks,
            "total_row_count": self._rows,
            "total_byte_count": sum(chunk["byte_count"] for chunk in self._chunks),
            "truncated": self._truncated,
            "affected_rows": self._affected,
        }
        write_json(self.folder / STATEMENT, document)


def _measurable(table: pa.Table) -> pa.Table:
    """Return the same rows in memory of pyarrow's own.

    Spark sends no offsets for a list in a list where there are none, and pyarrow 26 ends the
    process when it is asked for the size of such a column.
    """
    if not any(pa.types.is_nested(kind) for kind in table.schema.types):
        return table
    return table.take(pa.array(range(table.num_rows), pa.int64()))


def _fitting(table: pa.Table, limit: int) -> pa.Table:
    """Return as many rows from the beginning as fit into ``limit`` bytes."""
    low, high = 0, table.num_rows
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if table.slice(0, middle).nbytes <= limit else (low, middle - 1)
    return table.slice(0, low)


def _texts(table: pa.Table, fields: list[StructField]) -> Iterator[tuple[str | None, ...]]:
    columns = [
        _column_texts(table.column(i).to_pylist(), item.dataType) for i, item in enumerate(fields)
    ]
    return zip(*columns, strict=True)


def _column_texts(values: list[Any], kind: DataType) -> list[str | None]:
    return [text_of(value, kind) for value in values]


def _json(table: pa.Table, fields: list[StructField], _first: bool) -> bytes:
    return json.dumps(list(_texts(table, fields)), ensure_ascii=False).encode("utf-8", "replace")


def _csv(table: pa.Table, fields: list[StructField], first: bool) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    if first:
        writer.writerow([item.name for item in fields])
    for row in _texts(table, fields):
        writer.writerow(["null" if text is None else text for text in row])
    return stream.getvalue().encode("utf-8", "replace")


def _arrow(table: pa.Table, _fields: list[StructField], _first: bool) -> bytes:
    stream = io.BytesIO()
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table)
    return stream.getvalue()


FORMATS: dict[str, Callable[[pa.Table, list[StructField], bool], bytes]] = {
    "JSON_ARRAY": _json,
    "CSV": _csv,
    "ARROW_STREAM": _arrow,
}
