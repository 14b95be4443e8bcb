"""``DESCRIBE TABLE EXTENDED … AS JSON``, which Spark has for tables of its own catalog alone.

Source: https://docs.databricks.com/en/sql/language-manual/sql-ref-syntax-aux-describe-table.html
(JSON formatted output).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pyspark.sql import types as t

from bricklane_runtime.notebook.statements import tokens

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession

BEGINNINGS = (
    ("DESCRIBE", "TABLE", "EXTENDED"),
    ("DESC", "TABLE", "EXTENDED"),
    ("DESCRIBE", "EXTENDED"),
    ("DESC", "EXTENDED"),
)
END = ("AS", "JSON")
DETAILS = "# Detailed Table Information"
# Lines of the details → keys of the JSON.
KEYS = {
    "Type": "type",
    "Provider": "provider",
    "Owner": "owner",
    "Comment": "comment",
    "Location": "location",
    "Created Time": "created_time",
    "Created By": "created_by",
    "View Text": "view_text",
}
# Names of types as the JSON has them, where Spark's differ.
NAMES = {"long": "bigint", "integer": "int", "short": "smallint", "byte": "tinyint"}
LOCAL_TIME = "timestamp_ltz"


def described_table(statement: str) -> str | None:
    """Return the table that a statement asks to be described as JSON, None for other statements."""
    kept = [token for token in tokens(statement) if token.kind not in ("space", "comment")]
    words = tuple(token.text.upper() for token in kept)
    if words[-2:] != END:
        return None
    for begin in BEGINNINGS:
        if words[: len(begin)] == begin:
            return "".join(token.text for token in kept[len(begin) : -2])
    return None


def describe(session: SparkSession, table: str) -> DataFrame:
    """Return one row with the description of a table, as a JSON text."""
    found: dict[str, Any] = {}
    rows = session.sql(f"DESCRIBE TABLE EXTENDED {table}").collect()
    names = [row["col_name"] for row in rows]
    details = rows[names.index(DETAILS) + 1 :] if DETAILS in names else []
    for row in details:
        if row["col_name"] in KEYS and row["data_type"]:
            found[KEYS[row["col_name"]]] = row["data_type"]
        elif row["col_name"] == "Table Properties":
            found["table_properties"] = _properties(row["data_type"])
    parts = [part.strip("`") for part in _parts(table)]
    place = session.sql("SELECT current_catalog() AS c, current_schema() AS s").first()
    if place is None:
        raise ValueError("Spark does not tell its current schema")
    catalog, schema, name = [place["c"], place["s"], *parts][-3:]
    document = {
        "table_name": name,
        "catalog_name": catalog,
        "namespace": [schema],
        "schema_name": schema,
        "columns": [_column(item) for item in session.table(table).schema.fields],
        **found,
    }
    text = json.dumps(document, ensure_ascii=False)
    return session.createDataFrame([(text,)], "json_metadata string")


def _parts(table: str) -> list[str]:
    pieces = [""]
    for token in tokens(table):
        if token.text == ".":
            pieces.append("")
        else:
            pieces[-1] += token.text
    return pieces


def _properties(text: str) -> dict[str, str]:
    pairs = (item.partition("=") for item in text.strip("[]").split(","))
    return {name.strip(): value for name, _, value in pairs if name.strip()}


def _column(item: t.StructField) -> dict[str, Any]:
    comment = (item.metadata or {}).get("comment")
    column = {"name": item.name, "type": _type(item.dataType), "nullable": item.nullable}
    return column | ({"comment": comment} if comment else {})


def _type(kind: t.DataType) -> dict[str, Any]:
    if isinstance(kind, t.StructType):
        return {"name": "struct", "fields": [_column(item) for item in kind.fields]}
    if isinstance(kind, t.ArrayType):
        element = _type(kind.elementType)
        return {"name": "array", "element_type": element, "element_nullable": kind.containsNull}
    if isinstance(kind, t.MapType):
        return {
            "name": "map",
            "key_type": _type(kind.keyType),
            "value_type": _type(kind.valueType),
            "value_nullable": kind.valueContainsNull,
        }
    if isinstance(kind, t.DecimalType):
        return {"name": "decimal", "precision": kind.precision, "scale": kind.scale}
    if isinstance(kind, t.CharType | t.VarcharType):
        return {"name": kind.typeName(), "length": kind.length}
    name = LOCAL_TIME if isinstance(kind, t.TimestampType) else kind.typeName()
    return {"name": NAMES.get(name, name)}
