"""Values of results as text, and types as the API names them.

Source: https://docs.databricks.com/api/workspace/statementexecution (``JSON_ARRAY``, ``CSV`` and
``ColumnInfo``).
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from pyspark.sql.types import (
    ArrayType,
    DataType,
    MapType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from bricklane_runtime.notebook.tables import json_value

# Names of Spark's types, as the API's `type_name` has them where they differ.
TYPE_NAMES = {
    "tinyint": "BYTE",
    "smallint": "SHORT",
    "bigint": "LONG",
    "timestamp_ntz": "TIMESTAMP",
    "void": "NULL",
    "varchar": "STRING",
}
# What else begins the name of a type.
BASES = (
    *("boolean", "int", "float", "double", "string", "binary", "date", "timestamp", "decimal"),
    *("array", "map", "struct", "char", "interval"),
)


def column(position: int, name: str, kind: DataType) -> dict[str, Any]:
    """Return a column as the API describes it."""
    text = kind.simpleString()
    described: dict[str, Any] = {
        "name": name,
        "position": position,
        "type_name": type_name(text),
        "type_text": text if "<" in text else text.upper(),
    }
    for key, attribute in (("type_precision", "precision"), ("type_scale", "scale")):
        value = getattr(kind, attribute, None)
        if isinstance(value, int):
            described[key] = value
    if text.startswith("interval "):
        described["type_interval_type"] = text.removeprefix("interval ").upper()
    return described


def type_name(text: str) -> str:
    """Return the base name of a type that Spark writes as ``text``."""
    base = text.partition("<")[0].partition("(")[0].partition(" ")[0]
    if base in TYPE_NAMES:
        return TYPE_NAMES[base]
    return base.upper() if base in BASES else "USER_DEFINED_TYPE"


def text_of(value: Any, kind: DataType) -> str | None:
    """Return a value as ``JSON_ARRAY`` and ``CSV`` have it: text, or null."""
    value = _plain(value, kind)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    plain = json_value(value)
    if isinstance(plain, list | dict):
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return str(plain)


def _plain(value: Any, kind: DataType) -> Any:
    """Return a value of Arrow with its moments as text and its maps as dictionaries."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(kind, TimestampType):
        moment = value.astimezone(dt.UTC).isoformat(timespec=_precision(value))
        return moment.replace("+00:00", "Z")
    if isinstance(kind, TimestampNTZType):
        return value.isoformat(timespec=_precision(value))
    if isinstance(kind, ArrayType):
        return [_plain(item, kind.elementType) for item in value]
    if isinstance(kind, MapType):
        return {
            str(text_of(key, kind.keyType)): _plain(item, kind.valueType) for key, item in value
        }
    if isinstance(kind, StructType):
        return {item.name: _plain(value[item.name], item.dataType) for item in kind.fields}
    return value


def _precision(value: dt.datetime) -> str:
    return "microseconds" if value.microsecond % 1000 else "milliseconds"
