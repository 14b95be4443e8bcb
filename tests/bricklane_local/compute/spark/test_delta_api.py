"""``delta.tables``, Delta's Python API, as notebooks use it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from delta.tables import DeltaTable
    from pyspark.sql.connect.session import SparkSession

    from conftest import Engine

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture(autouse=True)
def remote(monkeypatch: pytest.MonkeyPatch) -> None:
    """What makes the API take the session for one of Spark Connect; a run sets it too."""
    monkeypatch.setenv("SPARK_CONNECT_MODE_ENABLED", "1")


@pytest.fixture
def people(sql: Sql, spark: SparkSession) -> DeltaTable:
    """A table with three rows."""
    from delta.tables import DeltaTable

    sql("CREATE TABLE people AS SELECT * FROM VALUES (1, 'a'), (2, 'b'), (3, 'c') AS v(id, name)")
    return DeltaTable.forName(spark, "people")


def rows(table: DeltaTable) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in table.toDF().orderBy("id").collect()]


def test_rows_are_merged_with_aliases_and_columns(people: DeltaTable, spark: SparkSession) -> None:
    from pyspark.sql.functions import col, concat, lit

    changes = spark.createDataFrame([(2, "B"), (3, None), (4, "d")], "id int, name string")
    result = (
        people.alias("t")
        .merge(changes.alias("s"), "t.id = s.id")
        .whenMatchedDelete(col("s.name").isNull())
        .whenMatchedUpdate(set={"name": concat(col("s.name"), lit("!"))})
        .whenNotMatchedInsertAll()
        .whenNotMatchedBySourceUpdate("t.id = 1", {"name": "upper(t.name)"})
        .execute()
    )
    assert rows(people) == [(1, "A"), (2, "B!"), (4, "d")]
    [counts] = result.collect()
    assert (counts.num_updated_rows, counts.num_deleted_rows, counts.num_inserted_rows) == (2, 1, 1)


def test_all_columns_are_merged_and_new_ones_added(people: DeltaTable, spark: SparkSession) -> None:
    changes = spark.createDataFrame([(3, "z", 1.5), (4, "d", 2.5)], "id int, name string, x double")
    (
        people.merge(changes, people.toDF().id == changes.id)
        .withSchemaEvolution()
        .whenMatchedUpdateAll()
        .whenNotMatchedInsertAll()
        .execute()
    )
    assert rows(people) == [(1, "a", None), (2, "b", None), (3, "z", 1.5), (4, "d", 2.5)]


def test_rows_are_updated_and_deleted(people: DeltaTable) -> None:
    from pyspark.sql.functions import col, lit

    people.update("id = 1", {"name": "'one'"})
    people.update(col("id") == 2, {"name": lit("it's two")})
    people.delete("id > 2")
    assert rows(people) == [(1, "one"), (2, "it's two")]
    people.delete()
    assert rows(people) == []


def test_history_is_shown_restored_and_cleaned(people: DeltaTable, spark: SparkSession) -> None:
    people.delete("id = 1")
    assert [row.operation for row in people.history(1).collect()] == ["DELETE"]
    people.restoreToVersion(0)
    assert len(rows(people)) == 3
    [detail] = people.detail().collect()
    assert detail.format == "delta"
    people.optimize().executeZOrderBy("id", "name")
    people.vacuum()
    people.vacuum(200)
    operations = [row.operation for row in people.history().collect()]
    assert {"RESTORE", "OPTIMIZE", "VACUUM END"} <= set(operations)
    assert spark.sql("DESCRIBE HISTORY people").count() == len(operations)


@pytest.mark.parametrize("how", ["create", "createIfNotExists", "replace", "createOrReplace"])
def test_a_table_is_made_column_by_column(
    how: str, sql: Sql, spark: SparkSession, schema: str, engine: Engine
) -> None:
    from delta.tables import DeltaTable, IdentityGenerator
    from pyspark.sql.types import DateType

    if how == "replace":
        sql("CREATE TABLE made AS SELECT 1 AS other")
    (
        getattr(DeltaTable, how)(spark)
        .tableName(f"{schema}.made")
        .comment("it's made")
        .addColumn("key", "BIGINT", generatedAlwaysAs=IdentityGenerator(start=5, step=5))
        .addColumn("at", "TIMESTAMP", nullable=False)
        .addColumn("day", DateType(), generatedAlwaysAs="CAST(at AS DATE)", comment="of at")
        .property("team", "blue")
        .clusterBy("day")
        .execute()
    )
    sql("INSERT INTO made (at) VALUES (TIMESTAMP'2024-05-06 07:08:09'), (now())")
    assert sql("SELECT min(key), min(day) FROM made")[0][0] == 5
    answer = engine.cloud.request("GET", f"/api/2.1/unity-catalog/tables/{schema}.made").json()
    assert answer["comment"] == "it's made"
    assert answer["properties"]["team"] == "blue"
    assert [column["name"] for column in answer["columns"]] == ["key", "at", "day"]


def test_a_folder_of_a_volume_is_a_table(spark: SparkSession, volume: str) -> None:
    from delta.tables import DeltaTable

    folder = f"{volume}/a folder"
    assert not DeltaTable.isDeltaTable(spark, folder)
    spark.range(3).write.format("delta").save(folder)
    assert DeltaTable.isDeltaTable(spark, folder)
    table = DeltaTable.forPath(spark, folder)
    table.delete("id = 0")
    assert rows(table) == [(1,), (2,)]


def test_files_become_a_table(spark: SparkSession, volume: str) -> None:
    from delta.tables import DeltaTable

    folder = f"{volume}/parts"
    spark.range(4).selectExpr("id", "id % 2 AS odd").write.partitionBy("odd").parquet(folder)
    table = DeltaTable.convertToDelta(spark, f"parquet.`{folder}`", "odd BIGINT")
    assert rows(table) == [(0, 0), (1, 1), (2, 0), (3, 1)]


def test_features_and_clones(people: DeltaTable, sql: Sql, schema: str) -> None:
    people.addFeatureSupport("deletionVectors")
    assert "deletionVectors" in people.detail().collect()[0].tableFeatures
    people.upgradeTableProtocol(3, 7)
    people.delete("id = 1")
    people.cloneAtVersion(0, f"{schema}.before", isShallow=True, properties={"a": "b"})
    assert sql("SELECT count(*) FROM before") == [(3,)]


def test_a_deep_clone_has_files_of_its_own(people: DeltaTable, sql: Sql, schema: str) -> None:
    people.clone(f"{schema}.deep")
    assert sql("SELECT count(*) FROM deep EXCEPT SELECT count(*) FROM people") == []
    files = sql("SELECT DISTINCT _metadata.file_path FROM deep")
    assert files
    assert not set(files) & set(sql("SELECT DISTINCT _metadata.file_path FROM people"))


def test_what_cannot_be_done_is_said(people: DeltaTable, spark: SparkSession) -> None:
    from delta.tables import DeltaTable
    from pyspark.errors import AnalysisException

    with pytest.raises(AnalysisException, match="TABLE_OR_VIEW_NOT_FOUND"):
        DeltaTable.forName(spark, "nowhere").toDF().collect()
    with pytest.raises(AnalysisException, match="nothing"):
        people.delete("nothing = 1")
