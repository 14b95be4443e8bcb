"""Typed parameters of statements, as Spark takes them.

Source: https://docs.databricks.com/api/workspace/statementexecution/executestatement
(``parameters``) and https://docs.databricks.com/en/dev-tools/python-sql-connector.html (native
parameters).
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
from collections.abc import Callable
from typing import Any

from pyspark.sql import types as t
from pyspark.sql.connect.column import Column
from pyspark.sql.connect.expressions import LiteralExpression
from pyspark.sql.connect.functions import builtin as functions

DECIMAL = re.compile(r"(?:DECIMAL|DEC|NUMERIC)\s*\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)")


# From the fifth on Spark 4.1.1 takes them in another order, such as those of SELECT ?, ?, ?, ?, ?.
POSITIONS = 4


class ParameterError(Exception):
    """A parameter of a statement cannot be used."""


def _boolean(text: str) -> bool:
    return {"true": True, "false": False}[text.lower()]


def _moment(text: str) -> dt.datetime:
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


Convert = Callable[[str], Any]
# Name of a type → the type and how its values are read.
TYPES: dict[str, tuple[t.DataType, Convert]] = {
    **dict.fromkeys(("BYTE", "TINYINT"), (t.ByteType(), int)),
    **dict.fromkeys(("SHORT", "SMALLINT"), (t.ShortType(), int)),
    **dict.fromkeys(("INT", "INTEGER"), (t.IntegerType(), int)),
    **dict.fromkeys(("LONG", "BIGINT"), (t.LongType(), int)),
    **dict.fromkeys(("FLOAT", "REAL"), (t.FloatType(), float)),
    "DOUBLE": (t.DoubleType(), float),
    "STRING": (t.StringType(), str),
    "BINARY": (t.BinaryType(), lambda text: text.encode()),
    "BOOLEAN": (t.BooleanType(), _boolean),
    "DATE": (t.DateType(), dt.date.fromisoformat),
    "TIMESTAMP": (t.TimestampType(), _moment),
    "TIMESTAMP_NTZ": (t.TimestampNTZType(), dt.datetime.fromisoformat),
    **dict.fromkeys(("VOID", "NULL"), (t.NullType(), str)),
}
DECIMALS = ("DECIMAL", "DEC", "NUMERIC")


def arguments(items: list[dict[str, Any]]) -> dict[str, Any] | list[Any] | None:
    """Return what ``SparkSession.sql`` takes for the parameters of a request.

    Args:
        items: each with ``type`` and ``value``, and all with ``name`` or none; ``arguments`` holds
            the elements of an array, or keys and values of a map in turn.

    Raises:
        ParameterError: a type that is not supported, a value that is none of its type, or more
            parameters without names than Spark can keep in order.
    """
    if not items:
        return None
    if items[0].get("name"):
        return {str(item["name"]): _column(item, str(item["name"])) for item in items}
    if len(items) > POSITIONS:
        raise ParameterError(
            f"The statement has {len(items)} parameters without names, and Spark confuses the "
            f"order of more than {POSITIONS}: give them names, such as :first"
        )
    return [_column(item, str(position)) for position, item in enumerate(items, 1)]


def _column(item: dict[str, Any], name: str) -> Any:
    wanted = str(item.get("type") or "STRING").upper().strip()
    nested = item.get("arguments")
    if nested is not None and wanted.startswith("ARRAY"):
        return functions.array(*(_column(part, name) for part in nested))
    if nested is not None and wanted.startswith("MAP"):
        return functions.create_map(*(_column(part, name) for part in nested))
    kind, convert = _type(wanted, item.get("value"), name)
    return Column(LiteralExpression(_value(item.get("value"), convert, wanted, name), kind))


def _value(text: Any, convert: Convert, wanted: str, name: str) -> Any:
    if text is None:
        return None
    try:
        value = convert(str(text))
    except (ValueError, KeyError, decimal.InvalidOperation):
        value = None
    if value is None:
        raise ParameterError(f"Parameter {name}: {text!r} is no {wanted}")
    # Spark's literals of moments are told by the zone of this process.
    return value.astimezone().replace(tzinfo=None) if getattr(value, "tzinfo", None) else value


def _type(wanted: str, text: Any, name: str) -> tuple[t.DataType, Convert]:
    if wanted in TYPES:
        return TYPES[wanted]
    match = DECIMAL.fullmatch(wanted)
    if match:
        return t.DecimalType(int(match[1]), int(match[2] or 0)), decimal.Decimal
    if wanted in DECIMALS:
        return _fitting(str(text)), decimal.Decimal
    known = ", ".join(sorted([*TYPES, *DECIMALS]))
    raise ParameterError(
        f"Parameter {name} has the type {wanted}, which is not supported; supported are: {known}"
    )


def _fitting(text: str) -> t.DecimalType:
    """Return the smallest decimal type that holds a number as it is written."""
    try:
        parts = decimal.Decimal(text).as_tuple()
    except decimal.InvalidOperation:
        return t.DecimalType()
    if not isinstance(parts.exponent, int):
        return t.DecimalType()
    scale = max(0, -parts.exponent)
    precision = max(len(parts.digits) + max(0, parts.exponent), scale, 1)
    return t.DecimalType(min(precision, 38), min(scale, 38))
