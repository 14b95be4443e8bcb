"""Grants and volumes in Spark SQL, and that no statement changes what its caller may only read."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from conftest import Engine

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]

TRIPS = "samples.nyctaxi.trips"


@pytest.fixture
def trips(engine: Engine) -> str:
    """A table that everybody may read and nobody may change, made soon after a cloud's start."""
    deadline = time.monotonic() + 120
    while not engine.cloud.request("GET", f"/api/2.1/unity-catalog/tables/{TRIPS}").ok:
        assert time.monotonic() < deadline, "the sample data is not there"
        time.sleep(0.5)
    return TRIPS


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO {} SELECT * FROM {} LIMIT 1",
        "INSERT OVERWRITE {} SELECT * FROM {} LIMIT 1",
        "UPDATE {} SET fare_amount = 0",
        "DELETE FROM {}",
        "MERGE INTO {} t USING (SELECT 1 AS a) s ON false WHEN MATCHED THEN DELETE",
        "TRUNCATE TABLE {}",
        "CREATE OR REPLACE TABLE {} AS SELECT 1 AS a",
        "ALTER TABLE {} SET TBLPROPERTIES ('a' = 'b')",
        "ALTER TABLE {} ADD COLUMN a INT",
        "COMMENT ON TABLE {} IS 'mine'",
        "OPTIMIZE {}",
        "VACUUM {}",
        "DROP TABLE {}",
    ],
)
def test_who_may_only_read_a_table_does_not_change_it(sql: Sql, trips: str, statement: str) -> None:
    from pyspark.errors import AnalysisException

    with pytest.raises(AnalysisException, match="PERMISSION_DENIED"):
        sql(statement.replace("{}", trips))


def test_data_frames_do_not_change_it_either(
    sql: Sql, spark: SparkSession, trips: str, volume: str
) -> None:
    from pyspark.errors import AnalysisException

    frame = spark.table(trips).limit(1)
    before = sql(f"SELECT count(*) FROM {trips}")  # noqa: S608
    writes: list[Callable[[], object]] = [
        lambda: frame.write.mode("append").saveAsTable(trips),
        lambda: frame.write.mode("overwrite").saveAsTable(trips),
        lambda: frame.write.insertInto(trips),
        lambda: frame.writeTo(trips).append(),
        lambda: frame.writeTo(trips).createOrReplace(),
        lambda: (
            spark.readStream.table(trips)
            .writeStream.trigger(availableNow=True)
            .option("checkpointLocation", f"{volume}/checkpoint")
            .toTable(trips)
            .awaitTermination(120)
        ),
    ]
    for write in writes:
        with pytest.raises(AnalysisException, match="PERMISSION_DENIED"):
            write()
    assert sql(f"SELECT count(*) FROM {trips}") == before  # noqa: S608


def test_deltas_own_api_does_not_change_it_either(
    spark: SparkSession, trips: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from delta.tables import DeltaTable
    from pyspark.errors import AnalysisException

    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")
    table = DeltaTable.forName(spark, trips)
    assert table.history().count() >= 1
    writes: list[Callable[[], object]] = [
        table.delete,
        table.alias("t").delete,
        lambda: table.update(set={"fare_amount": "0"}),
        lambda: table.merge(spark.range(1), "false").whenMatchedDelete().execute(),
        table.optimize().executeCompaction,
        table.vacuum,
        lambda: table.addFeatureSupport("deletionVectors"),
        lambda: DeltaTable.replace(spark).tableName(trips).addColumn("a", "INT").execute(),
    ]
    for write in writes:
        with pytest.raises(AnalysisException, match="PERMISSION_DENIED"):
            write()


def test_volumes_are_made_listed_and_dropped(sql: Sql, schema: str, engine: Engine) -> None:
    sql("CREATE VOLUME raw COMMENT 'as it came'")
    sql("CREATE VOLUME IF NOT EXISTS raw")
    answer = engine.cloud.request("GET", f"/api/2.1/unity-catalog/volumes/{schema}.raw").json()
    assert answer["comment"] == "as it came"
    assert sql("SHOW VOLUMES") == [(schema.partition(".")[2], "raw")]
    sql(f"DROP VOLUME {schema}.raw")
    sql("DROP VOLUME IF EXISTS raw")
    assert sql(f"SHOW VOLUMES IN {schema}") == []


def test_names_are_found_whatever_their_case(sql: Sql, schema: str) -> None:
    sql("CREATE TABLE Mixed AS SELECT 1 AS a")
    name = f"{schema}.mixed".upper()
    assert sql(f"SELECT * FROM {name}") == [(1,)]  # noqa: S608
    sql("USE CATALOG DEV")
    assert sql("SELECT current_catalog()") == [("dev",)]
