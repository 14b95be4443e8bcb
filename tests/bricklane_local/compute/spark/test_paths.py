"""Files in Spark: volumes, the workspace's tree and DBFS."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pyspark.sql.connect.session import SparkSession

    from conftest import Engine

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]


def folder(engine: Engine, volume: str) -> Path:
    return engine.paths.volumes / volume.removeprefix("/Volumes/")


def test_a_volume_is_one_place_under_all_its_names(
    engine: Engine, spark: SparkSession, volume: str
) -> None:
    spark.range(3).write.csv(f"{volume}/numbers")
    for scheme in ("", "dbfs:", "file:"):
        assert spark.read.csv(f"{scheme}{volume}/numbers").count() == 3
    names = [path.name for path in (folder(engine, volume) / "numbers").iterdir()]
    assert "_SUCCESS" in names
    assert not [name for name in names if name.endswith(".crc")]


def test_files_keep_their_volume_path(spark: SparkSession, volume: str, engine: Engine) -> None:
    (folder(engine, volume) / "a b.txt").write_text("hello\n")
    [row] = spark.read.text(volume).selectExpr("value", "_metadata.file_path").collect()
    assert row.value == "hello"
    assert row.file_path == f"dbfs:{volume}/a%20b.txt"


def test_files_are_queried_by_path(sql: Sql, spark: SparkSession, volume: str) -> None:
    spark.range(2).write.parquet(f"{volume}/p")
    spark.range(4).write.format("delta").save(f"{volume}/d")
    assert sql(f"SELECT count(*) FROM parquet.`{volume}/p`") == [(2,)]  # noqa: S608
    assert sql(f"SELECT count(*) FROM delta.`{volume}/d`") == [(4,)]  # noqa: S608


def test_nothing_is_written_to_a_volume_that_does_not_exist(spark: SparkSession) -> None:
    from pyspark.errors import PySparkException

    with pytest.raises(PySparkException, match=r"Volume 'dev\.default\.nowhere' does not exist"):
        spark.range(1).write.csv("/Volumes/dev/default/nowhere/x")


def test_the_tree_of_the_sessions_workspace_is_read(engine: Engine, spark: SparkSession) -> None:
    view = engine.paths.view("dev")
    (view / "Shared").mkdir(parents=True, exist_ok=True)
    (view / "Shared" / "data.csv").write_text("a\n1\n")
    for scheme in ("", "dbfs:", "file:"):
        frame = spark.read.csv(f"{scheme}/Workspace/Shared/data.csv", header=True)
        assert [row.a for row in frame.collect()] == ["1"]


def test_dbfs_belongs_to_the_workspace(engine: Engine, spark: SparkSession) -> None:
    spark.range(2).write.mode("overwrite").format("delta").save("dbfs:/tmp/t")
    assert (engine.paths.dbfs("dev") / "tmp" / "t" / "_delta_log").is_dir()
    assert spark.read.format("delta").load("/tmp/t").count() == 2
    assert spark.read.format("delta").load("file:/dbfs/tmp/t").count() == 2
    other = engine.session(**of_workspace(engine, "staging"))
    try:
        other.range(5).write.mode("overwrite").format("delta").save("dbfs:/tmp/t")
        assert other.read.format("delta").load("dbfs:/tmp/t").count() == 5
    finally:
        other.stop()
    assert spark.read.format("delta").load("dbfs:/tmp/t").count() == 2


def of_workspace(engine: Engine, name: str) -> dict[str, str]:
    profile = engine.cloud.profile_of(name)
    return {
        "spark__bricklane__workspace": name,
        "spark__bricklane__host": profile["host"],
        "spark__bricklane__token": profile["token"],
    }


def test_a_session_is_of_the_workspace_that_its_token_is_of(
    engine: Engine, spark: SparkSession
) -> None:
    from pyspark.errors import PySparkException

    spark.range(1).write.mode("overwrite").format("delta").save("dbfs:/tmp/own")
    there = of_workspace(engine, "staging")
    dev = of_workspace(engine, "dev")
    folder = engine.paths.dbfs("staging") / "tmp"
    token, elsewhere = {**there, "spark__bricklane__token": "wrong"}, "http://127.0.0.1:9"
    for settings, path, message in (
        # The name alone, name and address without a token of there, and an address of nobody.
        ({**dev, "spark__bricklane__workspace": "staging"}, "dbfs:/tmp", "not the address of"),
        (
            {**there, "spark__bricklane__token": dev["spark__bricklane__token"]},
            "dbfs:/tmp",
            "token",
        ),
        (token, "dbfs:/tmp", "Invalid access token"),
        ({**dev, "spark__bricklane__host": elsewhere}, "dbfs:/tmp", "not the address of"),
        # Another workspace by the names of its paths.
        (dev, "dbfs://staging/tmp", "cannot be used in a session of 'dev'"),
        (dev, f"file:{folder}", "cannot be used in a session of 'dev'"),
    ):
        session = engine.session(**settings)
        try:
            with pytest.raises(PySparkException, match=message):
                session.read.text(path).collect()
        finally:
            session.stop()
    session = engine.session(**{**dev, "spark__bricklane__host": elsewhere})
    try:
        with pytest.raises(PySparkException, match="not the address of"):
            session.sql("SHOW SCHEMAS IN dev").collect()
    finally:
        session.stop()


@pytest.mark.parametrize("name", ["../secret", "", "a/b"])
def test_a_workspace_that_is_no_name_is_refused(engine: Engine, name: str) -> None:
    from pyspark.errors import PySparkException

    session = engine.session(spark__bricklane__workspace=name)
    try:
        with pytest.raises(PySparkException, match=r"spark\.bricklane\.workspace|not the name"):
            session.read.text("dbfs:/x").collect()
    finally:
        session.stop()


def test_a_stream_goes_from_table_to_table(sql: Sql, spark: SparkSession, volume: str) -> None:
    sql("CREATE TABLE source AS SELECT id FROM range(3)")

    def copy() -> None:
        stream = spark.readStream.table("source").writeStream.trigger(availableNow=True)
        query = stream.option("checkpointLocation", f"{volume}/checkpoint").toTable("target")
        assert query.awaitTermination(120)
        assert query.exception() is None

    copy()
    sql("INSERT INTO source VALUES (10)")
    copy()
    assert sql("SELECT count(*), sum(id) FROM target") == [(4, 13)]
