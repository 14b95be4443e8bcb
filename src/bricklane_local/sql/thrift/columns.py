"""Columns and their values as the Thrift interface has them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from bricklane_local.sql.thrift.codes import TYPES, TypeId
from bricklane_local.sql.thrift.protocol import struct

Convert = Callable[[str], Any]


def _moment(text: str) -> str:
    return text.replace("T", " ").removesuffix("Z")


# Type → field of TColumn, its structure, the value of null, and how texts are read.
VALUES: dict[TypeId, tuple[str, str, Any, Convert]] = {
    TypeId.BOOLEAN: ("boolVal", "TBoolColumn", False, lambda text: text == "true"),
    TypeId.TINYINT: ("byteVal", "TByteColumn", 0, int),
    TypeId.SMALLINT: ("i16Val", "TI16Column", 0, int),
    TypeId.INT: ("i32Val", "TI32Column", 0, int),
    TypeId.BIGINT: ("i64Val", "TI64Column", 0, int),
    TypeId.FLOAT: ("doubleVal", "TDoubleColumn", 0.0, float),
    TypeId.DOUBLE: ("doubleVal", "TDoubleColumn", 0.0, float),
    TypeId.BINARY: ("binaryVal", "TBinaryColumn", b"", base64.b64decode),
    TypeId.TIMESTAMP: ("stringVal", "TStringColumn", "", _moment),
}
TEXT: tuple[str, str, Any, Convert] = ("stringVal", "TStringColumn", "", str)


def type_of(column: dict[str, Any]) -> TypeId:
    """Return the type of a column that the API describes."""
    name = str(column["type_name"])
    if name == "INTERVAL":
        of_years = str(column.get("type_interval_type", "")).startswith(("YEAR", "MONTH"))
        return TypeId.INTERVAL_YEAR_MONTH if of_years else TypeId.INTERVAL_DAY_TIME
    return TYPES.get(name, TypeId.STRING)


def schema(columns: Sequence[dict[str, Any]]) -> Any:
    """Return the description of columns, which the API describes as ``columns``."""
    return struct(
        "TTableSchema",
        columns=[_description(position, column) for position, column in enumerate(columns, 1)],
    )


def _description(position: int, column: dict[str, Any]) -> Any:
    kind = type_of(column)
    entry = struct("TPrimitiveTypeEntry", type=kind)
    if kind is TypeId.DECIMAL:
        entry.typeQualifiers = struct(
            "TTypeQualifiers",
            qualifiers={
                name: struct("TTypeQualifierValue", i32Value=column[f"type_{name}"])
                for name in ("precision", "scale")
            },
        )
    types = [struct("TTypeEntry", primitiveEntry=entry)]
    return struct(
        "TColumnDesc",
        columnName=column["name"],
        typeDesc=struct("TTypeDesc", types=types),
        position=position,
        comment=column.get("comment", ""),
    )


def values(kind: TypeId, texts: Sequence[str | None]) -> Any:
    """Return the values of a column, read from their texts."""
    name, structure, empty, convert = VALUES.get(kind, TEXT)
    nulls = bytearray((len(texts) + 7) // 8)
    for position, text in enumerate(texts):
        if text is None:
            nulls[position >> 3] |= 1 << (position & 7)
    found = [empty if text is None else convert(text) for text in texts]
    return struct("TColumn", **{name: struct(structure, values=found, nulls=bytes(nulls))})


def row_set(
    columns: Sequence[dict[str, Any]], rows: Sequence[Sequence[str | None]], offset: int
) -> Any:
    """Return rows of text as a set of columns."""
    turned = [
        values(type_of(column), [row[position] for row in rows])
        for position, column in enumerate(columns)
    ]
    return struct("TRowSet", startRowOffset=offset, rows=[], columns=turned)
