"""All sample tables by schema, and how they are written."""

from __future__ import annotations

import random
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from bricklane_local.catalog import trips
from bricklane_local.catalog.sampledata import bakehouse, tpch
from bricklane_local.catalog.sampledata.model import Row, SampleTable

if TYPE_CHECKING:
    from arro3.core import Array

SCHEMAS: dict[str, tuple[SampleTable, ...]] = {
    "tpch": tpch.TABLES,
    "bakehouse": bakehouse.TABLES,
}
TRIPS = "nyctaxi.trips"
NAMES = (TRIPS, *(f"{schema}.{table.name}" for schema in SCHEMAS for table in SCHEMAS[schema]))
EPOCH = date(1970, 1, 1)


def write(name: str, folder: str, scale: float) -> None:
    """Write one table as Delta.

    Args:
        name: its schema and name, one of :data:`NAMES`.
        folder: where to, a folder that does not exist.
        scale: size of the tables of ``tpch``; 1 is a million and a half orders.
    """
    if name == TRIPS:
        trips.write(folder)
        return
    from arro3.core import Table
    from deltalake import write_deltalake

    schema, _, last = name.partition(".")
    (table,) = (found for found in SCHEMAS[schema] if found.name == last)
    generator = random.Random(name)  # noqa: S311  (no secret; it must be the same everywhere)
    rows: Iterable[Row] = table.rows(generator, scale)
    described = table.described()
    values = list(zip(*rows, strict=True))
    arrays = [
        _array(list(column), kind) for column, (_, kind) in zip(values, described, strict=True)
    ]
    names = [column for column, _ in described]
    write_deltalake(folder, Table.from_arrays(arrays, names=names), description=table.comment)


def _array(values: list[Any], kind: str) -> Array:
    from arro3.core import Array, DataType

    if kind == "date":
        days = [(value - EPOCH).days for value in values]
        return Array(days, DataType.int32()).cast(DataType.date32())
    if kind == "timestamp":
        zero = datetime(1970, 1, 1, tzinfo=UTC)
        micros = [int((value - zero).total_seconds() * 1_000_000) for value in values]
        return Array(micros, DataType.int64()).cast(DataType.timestamp("us", tz="UTC"))
    if kind == "decimal(18,2)":
        return Array(values, DataType.float64()).cast(DataType.decimal128(18, 2))
    types = {
        "bigint": DataType.int64,
        "int": DataType.int32,
        "double": DataType.float64,
        "string": DataType.utf8,
    }
    return Array(values, types[kind]())
