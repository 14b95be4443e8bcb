"""Runs one SQL statement and leaves its result as rows of text.

Source: https://docs.databricks.com/api/workspace/statementexecution (``JSON_ARRAY``). The run
directory gets ``statement.json``: ``{"columns": [column, …], "rows": [[text|null, …], …],
"truncated": bool}`` with columns as the API describes them.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_runtime.notebook.statements import split
from bricklane_runtime.notebook.tables import json_value
from bricklane_runtime.results import Outcome, write_json

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType

    from bricklane_runtime.specification import StatementTask
    from bricklane_runtime.task import Task

STATEMENT = "statement.json"
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
WHOLE = ("BYTE", "TINYINT", "SHORT", "SMALLINT", "INT", "INTEGER", "LONG", "BIGINT")


class StatementError(Exception):
    """A statement or one of its parameters cannot be used."""


def run_statement(task: Task) -> Outcome:
    """Run the statement of a task."""
    statement, session = task.specification.statement, task.session
    if statement is None or session is None:
        raise ValueError("The task has kind sql_statement, but no statement or no Spark")
    parts = split(Path(statement.file).read_text("utf-8"))
    if len(parts) != 1:
        raise StatementError(f"The text must hold exactly one statement, it has {len(parts)}")
    values = {item["name"]: _parameter(item) for item in statement.parameters}
    frame = session.sql(parts[0], args=values or None)
    document = _result(frame, statement) if frame.columns else _nothing()
    path = Path(task.specification.run_directory, STATEMENT)
    write_json(path, task.vault.redactor.data(document))
    return Outcome()


def _nothing() -> dict[str, Any]:
    return {"columns": [], "rows": [], "truncated": False}


def _result(frame: DataFrame, statement: StatementTask) -> dict[str, Any]:
    fields = frame.schema.fields
    limited = frame if statement.row_limit is None else frame.limit(statement.row_limit + 1)
    rows: list[list[str | None]] = []
    size, truncated = 0, False
    for row in limited.toLocalIterator():
        if statement.row_limit is not None and len(rows) == statement.row_limit:
            truncated = True
            break
        texts = [text_of(row[i], field.dataType) for i, field in enumerate(fields)]
        size += sum(len(text.encode()) for text in texts if text is not None)
        if size > statement.byte_limit:
            if not statement.cut:
                raise StatementError(
                    "Inline byte limit exceeded. Statements executed with disposition=INLINE can "
                    f"have a result size of at most {statement.byte_limit} bytes."
                )
            truncated = True
            break
        rows.append(texts)
    columns = [_column(i, field.name, field.dataType) for i, field in enumerate(fields)]
    return {"columns": columns, "rows": rows, "truncated": truncated}


def _column(position: int, name: str, kind: DataType) -> dict[str, Any]:
    text = kind.simpleString()
    column = {
        "name": name,
        "position": position,
        "type_name": type_name(text),
        "type_text": text if "<" in text else text.upper(),
    }
    for key, attribute in (("type_precision", "precision"), ("type_scale", "scale")):
        value = getattr(kind, attribute, None)
        if isinstance(value, int):
            column[key] = value
    return column


def type_name(text: str) -> str:
    """Return the base name of a type that Spark writes as ``text``."""
    base = text.partition("<")[0].partition("(")[0].partition(" ")[0]
    if base in TYPE_NAMES:
        return TYPE_NAMES[base]
    return base.upper() if base in BASES else "USER_DEFINED_TYPE"


def text_of(value: Any, kind: DataType) -> str | None:
    """Return a value as the API's ``JSON_ARRAY`` has it: text, or null."""
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        if kind.simpleString() == "timestamp_ntz":
            return value.isoformat(timespec="milliseconds")
        # pyspark hands out instants in the zone of this process, without naming it.
        moment = value.astimezone(dt.UTC).isoformat(timespec="milliseconds")
        return moment.replace("+00:00", "Z")
    if isinstance(value, int):
        return str(value)
    plain = json_value(value)
    if isinstance(plain, (list, dict)):
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return str(plain)


def _parameter(item: dict[str, Any]) -> Any:
    text = item.get("value")
    if text is None:
        return None
    name = str(item.get("type") or "STRING").upper()
    base = name.partition("(")[0].strip()
    convert = PARAMETERS.get(base)
    if convert is None:
        known = ", ".join(sorted(PARAMETERS))
        raise StatementError(
            f"Parameter {item['name']} has the type {name}, which is not supported; "
            f"supported are: {known}"
        )
    try:
        return convert(str(text))
    except (ValueError, KeyError, decimal.InvalidOperation):
        raise StatementError(f"Parameter {item['name']}: {text!r} is no {name}") from None


PARAMETERS: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(WHOLE, int),
    **dict.fromkeys(("DOUBLE", "FLOAT", "REAL"), float),
    **dict.fromkeys(("DECIMAL", "DEC", "NUMERIC"), decimal.Decimal),
    "STRING": str,
    "BOOLEAN": lambda text: {"true": True, "false": False}[text.lower()],
    "DATE": dt.date.fromisoformat,
    "TIMESTAMP": dt.datetime.fromisoformat,
}
