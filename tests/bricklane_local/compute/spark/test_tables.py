"""Tables of Unity Catalog in Spark: what SQL and data frames do to them, and where it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from conftest import Engine

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]


def described(engine: Engine, name: str) -> dict[str, Any]:
    answer = engine.cloud.request("GET", f"/api/2.1/unity-catalog/tables/{name}")
    assert answer.ok, answer.text
    return dict(answer.json())


def test_a_created_table_is_in_the_catalog_with_its_columns(
    sql: Sql, schema: str, engine: Engine
) -> None:
    sql("CREATE TABLE people (id BIGINT, name STRING COMMENT 'as written') COMMENT 'all of them'")
    table = described(engine, f"{schema}.people")
    columns = [(c["name"], c["type_text"], c.get("comment")) for c in table["columns"]]
    assert columns == [("id", "bigint", None), ("name", "string", "as written")]
    assert table["table_type"] == "MANAGED"
    assert table["data_source_format"] == "DELTA"
    assert table["comment"] == "all of them"
    assert table["storage_location"].startswith(engine.paths.tables.as_uri())


def test_rows_are_inserted_updated_deleted_and_merged(sql: Sql) -> None:
    sql("CREATE TABLE t (id BIGINT, name STRING)")
    sql("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    sql("UPDATE t SET name = upper(name) WHERE id = 1")
    sql("DELETE FROM t WHERE id = 2")
    sql(
        "MERGE INTO t USING (SELECT * FROM VALUES (3, 'z'), (4, 'd') AS v(id, name)) AS s "
        "ON t.id = s.id WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
    )
    assert sql("SELECT * FROM t ORDER BY id") == [(1, "A"), (3, "z"), (4, "d")]
    sql("INSERT OVERWRITE t VALUES (9, 'only')")
    assert sql("SELECT * FROM t") == [(9, "only")]


def test_a_table_is_made_and_replaced_from_a_query(sql: Sql, schema: str, engine: Engine) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    before = described(engine, f"{schema}.t")
    sql("CREATE OR REPLACE TABLE t CLUSTER BY (b) AS SELECT 2 AS a, 'two' AS b")
    after = described(engine, f"{schema}.t")
    assert sql("SELECT * FROM t") == [(2, "two")]
    assert after["table_id"] == before["table_id"]
    assert [column["name"] for column in after["columns"]] == ["a", "b"]


def test_earlier_versions_can_be_read_and_restored(sql: Sql, spark: SparkSession) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql("INSERT INTO t VALUES (2)")
    assert sql("SELECT * FROM t VERSION AS OF 0") == [(1,)]
    history = spark.sql("DESCRIBE HISTORY t")
    [(timestamp,)] = history.selectExpr("CAST(max(timestamp) AS STRING)").collect()
    assert sql(f"SELECT count(*) FROM t TIMESTAMP AS OF '{timestamp}'") == [(2,)]  # noqa: S608
    sql("RESTORE TABLE t TO VERSION AS OF 0")
    assert sql("SELECT * FROM t") == [(1,)]
    sql("OPTIMIZE t")
    sql("VACUUM t")
    assert "RESTORE" in [row.operation for row in spark.sql("DESCRIBE HISTORY t").collect()]


def test_columns_are_added_renamed_and_dropped(sql: Sql, schema: str, engine: Engine) -> None:
    sql("CREATE TABLE t (id BIGINT) TBLPROPERTIES ('delta.columnMapping.mode' = 'name')")
    sql("ALTER TABLE t ADD COLUMNS (one INT COMMENT 'first', two INT)")
    sql("ALTER TABLE t RENAME COLUMN one TO uno")
    sql("ALTER TABLE t DROP COLUMN two")
    sql("ALTER TABLE t SET TBLPROPERTIES ('team' = 'blue')")
    sql("COMMENT ON TABLE t IS 'counted'")
    table = described(engine, f"{schema}.t")
    assert [column["name"] for column in table["columns"]] == ["id", "uno"]
    assert table["properties"]["team"] == "blue"
    assert table["comment"] == "counted"
    assert ("team", "blue") in sql("SHOW TBLPROPERTIES t")
    assert [row[0] for row in sql("SHOW COLUMNS IN t")] == ["id", "uno"]


def test_data_frames_write_tables(sql: Sql, spark: SparkSession, schema: str) -> None:
    frame = spark.range(3)
    frame.write.saveAsTable("t")
    frame.write.mode("append").saveAsTable(f"{schema}.t")
    wider = frame.withColumn("double", frame.id * 2)
    wider.write.mode("append").option("mergeSchema", "true").saveAsTable("t")
    assert sql("SELECT count(*), count(double) FROM t") == [(9, 3)]
    frame.write.mode("overwrite").option("overwriteSchema", "true").saveAsTable("t")
    assert spark.table("t").columns == ["id"]
    frame.writeTo(f"{schema}.u").createOrReplace()
    frame.writeTo("u").append()
    assert spark.table("u").count() == 6


def test_the_data_of_a_dropped_table_is_gone(sql: Sql, schema: str, engine: Engine) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    location = described(engine, f"{schema}.t")["storage_location"].removeprefix("file://")
    assert (engine.paths.tables / location).is_dir()
    sql("DROP TABLE t")
    assert not (engine.paths.tables / location).exists()
    sql("DROP TABLE IF EXISTS t")


def test_a_table_is_renamed(sql: Sql, schema: str) -> None:
    sql("CREATE TABLE t AS SELECT 1 AS a")
    sql(f"ALTER TABLE t RENAME TO {schema}.u")
    assert sql("SELECT * FROM u") == [(1,)]
    assert [row[1] for row in sql("SHOW TABLES")] == ["u"]


@pytest.mark.parametrize("kind", ["parquet", "csv", "json"])
def test_tables_of_other_formats_hold_rows(
    sql: Sql, schema: str, engine: Engine, kind: str
) -> None:
    sql(f"CREATE TABLE t (id INT, region STRING) USING {kind} PARTITIONED BY (region)")
    sql("INSERT INTO t VALUES (1, 'north'), (2, 'south')")
    assert sql("SELECT id FROM t WHERE region = 'south'") == [(2,)]
    assert described(engine, f"{schema}.t")["data_source_format"] == kind.upper()


def test_an_external_table_keeps_its_data(sql: Sql, tmp_path: Any) -> None:
    place = (tmp_path / "data").as_uri()
    sql(f"CREATE TABLE t USING delta LOCATION '{place}' AS SELECT 1 AS a")
    sql("DROP TABLE t")
    sql(f"CREATE TABLE again LOCATION '{place}'")
    assert sql("SELECT * FROM again") == [(1,)]


def test_names_of_missing_things_are_reported_as_spark_does(sql: Sql, spark: SparkSession) -> None:
    from pyspark.errors import AnalysisException

    sql("CREATE TABLE t AS SELECT 1 AS a")
    assert spark.catalog.tableExists("t")
    assert not spark.catalog.tableExists("u")
    assert not spark.catalog.tableExists("dev.no_such_schema.t")
    for statement, condition in (
        ("SELECT * FROM u", "TABLE_OR_VIEW_NOT_FOUND"),
        ("DROP TABLE u", "TABLE_OR_VIEW_NOT_FOUND"),
        ("CREATE TABLE t (a INT)", "TABLE_OR_VIEW_ALREADY_EXISTS"),
        ("CREATE TABLE no_such_schema.t (a INT)", "SCHEMA_NOT_FOUND"),
        ("USE SCHEMA no_such_schema", "SCHEMA_NOT_FOUND"),
    ):
        with pytest.raises(AnalysisException) as caught:
            sql(statement)
        assert caught.value.getCondition() == condition, statement
    sql("CREATE TABLE IF NOT EXISTS t (a INT)")


def test_parameters_and_computed_names_work(sql: Sql, schema: str) -> None:
    sql("CREATE TABLE t AS SELECT id FROM range(5)")
    assert sql("SELECT id FROM t WHERE id > :low", args={"low": 3}) == [(4,)]
    assert sql("SELECT count(*) FROM IDENTIFIER(:name)", args={"name": f"{schema}.t"}) == [(5,)]
    assert sql("SELECT ? + 1", args=[41]) == [(42,)]
