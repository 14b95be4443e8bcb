"""Pipelines that take snapshots of their sources, and that write into sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Desk

pytestmark = pytest.mark.real
SNAPSHOTS = """
import dlt
from pyspark import pipelines as dp

def later(latest):
    found = spark.read.table("dev.snaps.versions").where("version > " + str(latest or 0))
    version = found.selectExpr("min(version)").first()[0]
    return version and (found.where(f"version = {version}").drop("version"), version)

@dp.temporary_view
def present():
    return spark.read.table("dev.snaps.source")

for name, kind, source in (
    ("periodic", 1, "present"), ("by_version", 1, later), ("with_history", "2", later),
):
    dp.create_streaming_table(name)
    dp.create_auto_cdc_from_snapshot_flow(
        target=name, source=source, keys=["id"], stored_as_scd_type=kind
    )
"""
SINKS = """
import dlt

dlt.create_sink("by_name", "delta", {"tableName": "dev.snaps.written"})
dlt.create_sink("by_path", "delta", {"path": "/Volumes/dev/snaps/files/written"})

@dlt.append_flow(target="by_name", name="numbers")
def numbers():
    return spark.readStream.table("dev.snaps.source")

@dlt.append_flow(target="by_path")
def names():
    return spark.readStream.table("dev.snaps.source").select("name")
"""
TABLE = "dlt.create_streaming_table('s')\n"
SINK = "dlt.create_sink('s', 'delta', {'path': '/Volumes/dev/snaps/files/s'})\n"


@pytest.fixture(scope="module")
def desk(pipelines: Desk) -> Desk:
    """A desk with tables whose rows change."""
    pipelines.sql(
        "CREATE SCHEMA dev.snaps",
        "CREATE VOLUME dev.snaps.files",
        "CREATE TABLE dev.snaps.source AS SELECT * FROM VALUES (1, 'a'), (2, 'b') AS t(id, name)",
        "CREATE TABLE dev.snaps.versions AS SELECT * FROM VALUES "
        "(1, 'a', 1), (2, 'b', 1), (1, 'a', 2), (2, 'x', 2), (3, 'c', 2), (3, 'c', 3), (2, 'x', 3) "
        "AS t(id, name, version)",
    )
    return pipelines


def changed(desk: Desk, update: dict[str, Any]) -> dict[str, int]:
    """Return how many changes each flow of an update found."""
    assert update["state"] == "COMPLETED", desk.errors(update)
    return {
        name.removeprefix("dev.snaps."): counts[0] for name, counts in desk.quality(update).items()
    }


def test_snapshots_make_the_present_and_the_history(desk: Desk) -> None:
    path = desk.file("/Workspace/Shared/snaps/snapshots.py", SNAPSHOTS)
    number = desk.create("snapshots", path, schema="snaps")
    assert changed(desk, desk.update(number)) == {"periodic": 2, "by_version": 5, "with_history": 5}
    rows = "SELECT * FROM dev.snaps.{} ORDER BY ALL"
    assert desk.sql(rows.format("periodic")) == [["1", "a"], ["2", "b"]]
    assert desk.sql(rows.format("by_version")) == [["2", "x"], ["3", "c"]]
    assert desk.sql(rows.format("with_history")) == [
        ["1", "a", "1", "3"],
        ["2", "b", "1", "2"],
        ["2", "x", "2", None],
        ["3", "c", "2", None],
    ]
    desk.sql(
        "DELETE FROM dev.snaps.source WHERE id = 1",
        "UPDATE dev.snaps.source SET name = 'bb' WHERE id = 2",
        "INSERT INTO dev.snaps.versions VALUES (2, 'x', 4), (1, 'again', 4)",
    )
    assert changed(desk, desk.update(number)) == {"periodic": 2, "by_version": 2, "with_history": 2}
    assert desk.sql(rows.format("periodic")) == [["2", "bb"]]
    assert desk.sql(rows.format("with_history"))[:2] == [
        ["1", "a", "1", "3"],
        ["1", "again", "4", None],
    ]
    assert changed(desk, desk.update(number)) == {"periodic": 0, "by_version": 0, "with_history": 0}
    again = desk.update(number, full_refresh_selection=["by_version"])
    assert changed(desk, again) == {"by_version": 7}
    assert desk.sql(rows.format("by_version")) == [["1", "again"], ["2", "x"]]
    desk.client.pipelines.delete(number)


def test_append_flows_write_into_sinks(desk: Desk) -> None:
    path = desk.file("/Workspace/Shared/snaps/sinks.py", SINKS)
    number = desk.create("sinks", path, schema="snaps")
    desk.sql("CREATE OR REPLACE TABLE dev.snaps.source AS SELECT 1 AS id, 'a' AS name")
    assert changed(desk, desk.update(number)) == {"numbers": 1, "names": 1}
    desk.sql("INSERT INTO dev.snaps.source VALUES (2, 'b')")
    assert changed(desk, desk.update(number)) == {"numbers": 1, "names": 1}
    written = "SELECT count(*) FROM dev.snaps.written"
    files = "SELECT name FROM delta.`/Volumes/dev/snaps/files/written` ORDER BY 1"
    assert desk.sql(written) == [["2"]]
    assert desk.sql(files) == [["a"], ["b"]]
    assert changed(desk, desk.update(number, full_refresh=True)) == {"numbers": 2, "names": 2}
    assert desk.sql(written) == [["4"]]
    desk.client.pipelines.delete(number)
    assert desk.sql(written) == [["4"]]


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("dlt.create_sink('s', 'kafka', {})", "reaches no Kafka"),
        ("dlt.create_sink('s', 'delta', {})", "needs one of the options path and tableName"),
        ("dlt.create_sink('s', 'delta', {'tableName': 'b.c'})", "such as catalog.schema.table"),
        (
            TABLE + "dlt.apply_changes_from_snapshot('s', lambda _: 1, ['id'])",
            "must return a DataFrame and its version",
        ),
        (
            TABLE + "dlt.apply_changes_from_snapshot('s', lambda _: None, ['id'])",
            "returns no snapshot yet",
        ),
        (
            SINK + "dlt.append_flow(target='s', name='f')(lambda: spark.range(1))",
            "has a batch query",
        ),
    ],
)
def test_what_cannot_be_written_or_taken_says_why(desk: Desk, source: str, problem: str) -> None:
    path = desk.file("/Workspace/Shared/snaps/bad.py", f"import dlt\n{source}\n")
    number = desk.create("bad", path, schema="snaps")
    assert problem in desk.errors(desk.update(number))
    desk.client.pipelines.delete(number)
