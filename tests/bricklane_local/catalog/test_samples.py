"""The catalog that every workspace has and nobody may change."""

from __future__ import annotations

import json
import random
import time
from typing import TYPE_CHECKING

import psutil
import pytest
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service.catalog import TableInfo, TableOperation, VolumeType
from deltalake import DeltaTable

from bricklane_local.catalog.sampledata.tables import NAMES, SCHEMAS
from bricklane_local.catalog.trips import ROWS, columns

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

TRIPS = "samples.nyctaxi.trips"


def wait_for_trips(client: WorkspaceClient) -> TableInfo:
    """Return the table, which is written while the server already answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return client.tables.get(TRIPS)
        except NotFound:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_trips_have_the_published_columns(client: WorkspaceClient) -> None:
    table = wait_for_trips(client)
    assert [(c.name, c.type_text) for c in table.columns or []] == [
        ("tpep_pickup_datetime", "timestamp"),
        ("tpep_dropoff_datetime", "timestamp"),
        ("trip_distance", "double"),
        ("fare_amount", "double"),
        ("pickup_zip", "int"),
        ("dropoff_zip", "int"),
    ]
    assert (table.comment or "").startswith("Synthetic taxi trips")
    data = DeltaTable(table.storage_location or "").to_pyarrow_table()
    assert data.num_rows == ROWS == 21_932


def test_trips_are_plausible_and_always_the_same() -> None:
    trips = columns()
    assert trips == columns()
    pickups, dropoffs = trips["tpep_pickup_datetime"], trips["tpep_dropoff_datetime"]
    assert all(start < end for start, end in zip(pickups, dropoffs, strict=True))
    assert 0 <= min(trips["trip_distance"]) < max(trips["trip_distance"]) <= 30
    assert min(trips["fare_amount"]) >= 2.5


def test_nobody_may_change_the_samples(client: WorkspaceClient) -> None:
    table = wait_for_trips(client)
    credentials = client.temporary_table_credentials
    assert credentials.generate_temporary_table_credentials(
        operation=TableOperation.READ, table_id=table.table_id
    ).url
    with pytest.raises(PermissionDenied, match=f"MODIFY on Table '{TRIPS}'"):
        credentials.generate_temporary_table_credentials(
            operation=TableOperation.READ_WRITE, table_id=table.table_id
        )
    with pytest.raises(PermissionDenied, match=f"MANAGE on Table '{TRIPS}'"):
        client.tables.delete(TRIPS)
    with pytest.raises(PermissionDenied, match="CREATE SCHEMA on Catalog 'samples'"):
        client.schemas.create("mine", "samples")
    with pytest.raises(PermissionDenied, match=r"CREATE VOLUME on Schema 'samples\.nyctaxi'"):
        client.volumes.create("samples", "nyctaxi", "v", VolumeType.MANAGED)
    with pytest.raises(PermissionDenied, match="MANAGE on Catalog 'samples'"):
        client.catalogs.delete("samples", force=True)


def test_writing_that_was_interrupted_is_done_at_the_next_start(fresh: Server) -> None:
    fresh.up()
    process = psutil.Process(json.loads((fresh.state / "server.json").read_text())["pid"])
    for part in [*process.children(recursive=True), process]:
        part.kill()
        part.wait(10)
    client = fresh.up().client()
    assert wait_for_trips(client).columns


def test_every_sample_table_is_there_and_says_that_it_is_synthetic(client: WorkspaceClient) -> None:
    deadline = time.monotonic() + 60
    for name in NAMES:
        while not client.tables.exists(f"samples.{name}").table_exists:
            assert time.monotonic() < deadline, name
            time.sleep(0.05)
    for schema, tables in SCHEMAS.items():
        for table in tables:
            found = client.tables.get(f"samples.{schema}.{table.name}")
            assert [(c.name, c.type_text) for c in found.columns or []] == table.described()
            assert (found.comment or "").startswith("Synthetic")


def test_orders_and_their_lines_fit() -> None:
    generator = random.Random(1)  # noqa: S311  (no secret)
    rows = {table.name: list(table.rows(generator, 0.0001)) for table in SCHEMAS["tpch"]}
    assert len(rows["nation"]) == 25
    assert {line[0] for line in rows["lineitem"]} == {order[0] for order in rows["orders"]}
    offers = {(offer[0], offer[1]) for offer in rows["partsupp"]}
    assert {(line[1], line[2]) for line in rows["lineitem"]} <= offers
