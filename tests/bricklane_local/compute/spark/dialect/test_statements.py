"""Every statement of the ledger of SQL does what the ledger says."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from bricklane_local.paths import StatePaths

pytestmark = pytest.mark.real
Sql = Callable[..., list[tuple[Any, ...]]]
GROUPS = tomllib.loads(Path(__file__).with_name("statements.toml").read_text())["group"]
CSV = {"a.csv": "id,name\n1,x\n", "b.csv": "name,id\ny,2\nz,none\n"}


class HasPaths(Protocol):
    """The engine, of which the files are needed, and further sessions."""

    paths: StatePaths

    def session(self, **settings: str) -> SparkSession: ...


@pytest.fixture
def folder(engine: HasPaths, volume: str) -> Path:
    """The folder of the new volume, with some files."""
    found = engine.paths.volumes / volume.removeprefix("/Volumes/")
    (found / "csv").mkdir()
    for name, text in CSV.items():
        (found / "csv" / name).write_text(text)
    return found


def run(sql: Sql, volume: str, case: dict[str, Any]) -> None:
    """Run one statement and compare."""
    from pyspark.errors import PySparkException

    schema = volume.split("/")[3]
    statement = case["sql"].replace("{volume}", volume).replace("{schema}", schema)
    if "refused" in case:
        with pytest.raises(PySparkException) as refusal:
            sql(statement)
        assert case["refused"] in str(refusal.value), statement
        return
    found = sql(statement)
    if "rows" in case:
        wanted = [tuple(None if cell == "NULL" else cell for cell in row) for row in case["rows"]]
        assert found == wanted, statement
    if "contains" in case:
        assert case["contains"] in str(found), statement


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["name"])
def test_statements(sql: Sql, volume: str, group: dict[str, Any]) -> None:
    for case in group["statements"]:
        run(sql, volume, case)


@pytest.mark.usefixtures("folder")
def test_files_that_two_copy_at_once_are_loaded_once(
    engine: HasPaths, sql: Sql, schema: str, volume: str
) -> None:
    sql("CREATE TABLE twice (id STRING, name STRING)")
    copy = f"COPY INTO {schema}.twice FROM '{volume}/csv' FILEFORMAT = CSV "
    copy += "FORMAT_OPTIONS ('header' = 'true')"
    sessions = [engine.session() for _ in range(3)]
    with ThreadPoolExecutor(len(sessions)) as threads:
        loaded = list(threads.map(lambda one: one.sql(copy).collect()[0][0], sessions))
    assert sorted(loaded) == [0, 0, 3]
    assert sql("SELECT count(*) FROM twice") == [(3,)]


def test_a_clone_that_fails_leaves_the_table_as_it_was(folder: Path, sql: Sql, volume: str) -> None:
    from pyspark.errors import PySparkException

    sql(f"CREATE TABLE delta.`{volume}/source` AS SELECT 7 AS other")
    sql("CREATE TABLE kept AS SELECT 1 AS id")
    for file in (folder / "source").glob("*.parquet"):
        file.unlink()
    with pytest.raises(PySparkException):
        sql(f"CREATE OR REPLACE TABLE kept DEEP CLONE delta.`{volume}/source`")
    assert sql("SELECT id FROM kept") == [(1,)]
    with pytest.raises(PySparkException):
        sql(f"CREATE TABLE fresh DEEP CLONE delta.`{volume}/source`")
    assert sql("SHOW TABLES LIKE 'fresh'") == []
