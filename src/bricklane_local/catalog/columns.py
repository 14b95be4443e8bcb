"""Columns in the API's form, made from Delta's schema JSON.

Source: ``ColumnInfo`` of https://docs.databricks.com/api/workspace/tables and the schema
serialization of the Delta protocol.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

# Delta's name of a primitive type → type_text and type_name of the API.
PRIMITIVES = {
    "string": ("string", "STRING"),
    "long": ("bigint", "LONG"),
    "integer": ("int", "INT"),
    "short": ("smallint", "SHORT"),
    "byte": ("tinyint", "BYTE"),
    "float": ("float", "FLOAT"),
    "double": ("double", "DOUBLE"),
    "boolean": ("boolean", "BOOLEAN"),
    "binary": ("binary", "BINARY"),
    "date": ("date", "DATE"),
    "timestamp": ("timestamp", "TIMESTAMP"),
    "timestamp_ntz": ("timestamp_ntz", "TIMESTAMP_NTZ"),
    "variant": ("variant", "VARIANT"),
    "void": ("void", "NULL"),
}
DECIMAL = re.compile(r"decimal\((\d+),\s*(\d+)\)")
# Under this name Spark keeps that a string was declared CHAR(n) or VARCHAR(n).
DECLARED = "__CHAR_VARCHAR_TYPE_STRING"


def column_from_delta(
    field: dict[str, Any], position: int, partitions: list[str]
) -> dict[str, Any]:
    """Return the ``ColumnInfo`` of one field of a Delta schema.

    Args:
        field: name, type, nullable and metadata, as the Delta log has them.
        position: its place in the table, from 0.
        partitions: names of the partition columns, in order.
    """
    kind = field["type"]
    metadata = field.get("metadata") or {}
    column: dict[str, Any] = {
        "name": field["name"],
        "type_text": metadata.get(DECLARED) or type_text(kind),
        "type_name": type_name(kind),
        "type_json": orjson.dumps(field).decode(),
        "type_precision": 0,
        "type_scale": 0,
        "position": position,
        "nullable": field.get("nullable", True),
    }
    decimal = DECIMAL.fullmatch(kind) if isinstance(kind, str) else None
    if decimal:
        column |= {"type_precision": int(decimal[1]), "type_scale": int(decimal[2])}
    if metadata.get("comment"):
        column["comment"] = metadata["comment"]
    if field["name"] in partitions:
        column["partition_index"] = partitions.index(field["name"])
    return column


def type_text(kind: Any) -> str:
    """Return a Delta type as SQL spells it, ``array<struct<a:int>>`` for example."""
    if isinstance(kind, str):
        decimal = DECIMAL.fullmatch(kind)
        if decimal:
            return f"decimal({decimal[1]},{decimal[2]})"
        return PRIMITIVES[kind][0] if kind in PRIMITIVES else kind
    if kind["type"] == "array":
        return f"array<{type_text(kind['elementType'])}>"
    if kind["type"] == "map":
        return f"map<{type_text(kind['keyType'])},{type_text(kind['valueType'])}>"
    if kind["type"] == "struct":
        fields = ",".join(f"{f['name']}:{type_text(f['type'])}" for f in kind["fields"])
        return f"struct<{fields}>"
    return str(kind["type"])


def type_name(kind: Any) -> str:
    """Return the ``ColumnTypeName`` of a Delta type."""
    if isinstance(kind, dict):
        name = str(kind["type"]).upper()
        return name if name in ("ARRAY", "MAP", "STRUCT") else "USER_DEFINED_TYPE"
    if kind in PRIMITIVES:
        return PRIMITIVES[kind][1]
    if DECIMAL.fullmatch(kind):
        return "DECIMAL"
    if kind.startswith("interval"):
        return "INTERVAL"
    return "USER_DEFINED_TYPE"
