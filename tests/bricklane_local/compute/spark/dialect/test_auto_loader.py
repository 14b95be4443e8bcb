"""Auto Loader reads each file once, over restarts, and lets schemas grow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from bricklane_local.paths import StatePaths

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]


class HasPaths(Protocol):
    """The engine, of which the files are needed."""

    paths: StatePaths


class Loader:
    """A stream from a volume into the table ``loaded``.

    Args:
        spark: runs it.
        volume: path of the volume.
        folder: the same on this machine.
    """

    def __init__(self, spark: SparkSession, volume: str, folder: Path) -> None:
        self._spark, self._volume, self._folder = spark, volume, folder
        (folder / "in").mkdir()

    def write(self, name: str, text: str) -> None:
        """Put a file where the stream looks."""
        (self._folder / "in" / name).write_text(text)

    def run(self, **options: str) -> None:
        """Read all that is new, as a stream that starts and ends."""
        reader = self._spark.readStream.format("cloudFiles").option("cloudFiles.format", "csv")
        reader = reader.option("header", "true")
        reader = reader.option("cloudFiles.schemaLocation", f"{self._volume}/schema")
        for key, value in options.items():
            reader = reader.option(f"cloudFiles.{key}", value)
        rows = reader.load(f"{self._volume}/in").select("*", "_metadata.file_name")
        writer = rows.writeStream.option("checkpointLocation", f"{self._volume}/checkpoint")
        writer = writer.option("mergeSchema", "true").trigger(availableNow=True)
        writer.toTable("loaded").awaitTermination()


@pytest.fixture
def loader(engine: HasPaths, spark: SparkSession, volume: str) -> Loader:
    """A stream from the new volume."""
    return Loader(spark, volume, engine.paths.volumes / volume.removeprefix("/Volumes/"))


def test_files_are_read_once_and_new_columns_end_the_stream_until_it_starts_again(
    loader: Loader, sql: Sql
) -> None:
    from pyspark.errors import PySparkException

    options = {"schemaHints": "id INT", "maxFilesPerTrigger": "1"}
    loader.write("a.csv", "id,name\n1,x\n")
    loader.run(**options)
    loader.run(**options)
    assert sql("SELECT id, name, file_name FROM loaded") == [(1, "x", "a.csv")]
    loader.write("b.csv", "id,name,more\nbad,y,m\n")
    with pytest.raises(PySparkException, match="new columns: more"):
        loader.run(**options)
    loader.run(**options)
    found = sql("SELECT id, name, more, _rescued_data:id FROM loaded WHERE name = 'y'")
    assert found == [(None, "y", "m", "bad")]


@pytest.mark.parametrize(
    ("mode", "rescued", "wanted"),
    [
        ("rescue", "_rescued_data:more", [("1", None), ("2", "m")]),
        ("none", "NULL", [("1", None), ("2", None)]),
    ],
)
def test_new_columns_are_rescued_or_passed_over(
    loader: Loader, sql: Sql, mode: str, rescued: str, wanted: list[tuple[str, str | None]]
) -> None:
    loader.write("a.csv", "id\n1\n")
    loader.run(schemaEvolutionMode=mode)
    loader.write("b.csv", "id,more\n2,m\n")
    loader.run(schemaEvolutionMode=mode)
    assert sql(f"SELECT id, {rescued} FROM loaded ORDER BY id") == wanted  # noqa: S608
    assert "more" not in [row[0] for row in sql("SHOW COLUMNS IN loaded")]


def test_new_columns_may_fail_the_stream_until_the_files_are_gone(loader: Loader, sql: Sql) -> None:
    from pyspark.errors import PySparkException

    loader.write("a.csv", "id\n1\n")
    loader.run(schemaEvolutionMode="failOnNewColumns")
    loader.write("b.csv", "id,more\n2,m\n")
    for _ in range(2):
        with pytest.raises(PySparkException, match=r"new columns: more.*failOnNewColumns"):
            loader.run(schemaEvolutionMode="failOnNewColumns")
    assert sql("SELECT id FROM loaded") == [("1",)]


def test_a_stream_needs_to_know_where_its_schema_is_kept(spark: SparkSession, volume: str) -> None:
    from pyspark.errors import AnalysisException

    reader = spark.readStream.format("cloudFiles").option("cloudFiles.format", "csv")
    with pytest.raises(AnalysisException, match=r"cloudFiles\.schemaLocation"):
        reader.load(volume).printSchema()
    refused = reader.option("cloudFiles.useNotifications", "true")
    with pytest.raises(AnalysisException, match="useNotifications = true is not supported"):
        refused.load(volume).printSchema()
