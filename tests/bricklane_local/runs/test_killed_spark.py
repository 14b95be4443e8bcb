"""Tables are whole or not there when Spark is killed while they are made, on real Spark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.service.sql import StatementState

from benchmarks.endurance.jobs import Cloud

if TYPE_CHECKING:
    from conftest import Desk, Workbench

pytestmark = pytest.mark.real
FILES = 60


@pytest.fixture(scope="module")
def source(pipelines: Desk) -> Iterator[str]:
    """A table of many files, which takes a while to copy."""
    pipelines.client.schemas.create("killed", "dev")
    rows = f"SELECT /*+ REPARTITION({FILES}) */ id FROM range(6000)"  # noqa: S608
    pipelines.sql(f"CREATE TABLE dev.killed.source AS {rows}")
    yield "dev.killed.source"
    pipelines.client.schemas.delete("dev.killed", force=True)


def begin(desk: Desk, statement: str) -> str:
    """Start a statement and return its id."""
    (warehouse,) = desk.client.warehouses.list()
    execution = desk.client.statement_execution
    begun = execution.execute_statement(statement, str(warehouse.id), wait_timeout="0s")
    return str(begun.statement_id)


def kill_during(desk: Desk, bench: Workbench, statement: str, tables: Path) -> None:
    """Kill Spark when a statement has written files of a table, and wait until it has failed."""
    before, number = set(tables.rglob("*.parquet")), begin(desk, statement)

    def ended() -> bool:
        status = desk.client.statement_execution.get_statement(number).status
        assert status
        assert status.state is not StatementState.SUCCEEDED, "it was faster than this test"
        return status.state is StatementState.FAILED

    while len(set(tables.rglob("*.parquet")) - before) < FILES // 20:
        assert not ended()
    assert Cloud(bench.server.state, bench.compute).kill_spark()
    bench.wait(ended)


def test_tables_are_whole_or_not_there(pipelines: Desk, bench: Workbench, source: str) -> None:
    client, tables = bench.client, bench.server.state / "metastore"
    root = Path(str(client.tables.get(source).storage_location).removeprefix("file://")).parent
    assert root.is_relative_to(tables)
    clone, copy, old = (f"dev.killed.{name}" for name in ("clone", "copy", "old"))
    pipelines.sql(f"CREATE TABLE {old} AS SELECT -1 AS id")
    rows = f"SELECT /*+ REPARTITION({FILES}) */ id FROM range(6000)"  # noqa: S608
    statements = (
        f"CREATE TABLE {clone} DEEP CLONE {source}",
        f"CREATE OR REPLACE TABLE {old} DEEP CLONE {source}",
        f"CREATE TABLE {copy} AS {rows}",
    )
    for statement in statements:
        kill_during(pipelines, bench, statement, root)
    assert {table.full_name for table in client.tables.list("dev", "killed")} == {source, old}
    assert pipelines.sql(f"SELECT * FROM {old}") == [["-1"]]  # noqa: S608
    for statement in statements:
        pipelines.sql(statement)
    for table in (clone, copy, old):
        assert pipelines.sql(f"SELECT count(*), sum(id) FROM {table}") == [["6000", "17997000"]]  # noqa: S608
        record = client.tables.get(table)
        assert record.table_type
        assert record.table_type.value == "MANAGED"
    files = pipelines.sql(f"SELECT DISTINCT _metadata.file_path FROM {clone}")  # noqa: S608
    location = str(client.tables.get(clone).storage_location).removeprefix("file://")
    assert len(files) == FILES
    assert all(location in path for (path,) in files)
