"""Tasks on a real Spark."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING, Any

import pytest

from bricklane_runtime.session import RunSession, quoted, remote_environment, session_settings
from bricklane_runtime.specification import parse

if TYPE_CHECKING:
    from tests.bricklane_runtime.conftest import Tasks

REQUIRED = {"kind": "notebook", "run_directory": "/r", "host": "http://h", "token": "t"}


def test_settings_name_the_workspace_and_the_default_catalog() -> None:
    specification = parse(
        {**REQUIRED, "workspace": "dev", "catalog": "main", "spark": {"conf": {"a": "b"}}}
    )
    settings = session_settings(specification)
    assert settings["spark.bricklane.host"] == "http://h"
    assert settings["spark.bricklane.token"] == "t"
    assert settings["spark.bricklane.workspace"] == "dev"
    assert settings["spark.sql.defaultCatalog"] == "main"
    assert settings["a"] == "b"


def test_names_are_quoted() -> None:
    assert quoted("a`b") == "`a``b`"


def test_other_processes_find_spark_by_variables() -> None:
    specification = parse(
        {**REQUIRED, "spark": {"remote": "sc://127.0.0.1:15002", "token": "secret"}}
    )
    assert remote_environment(specification) == {
        "SPARK_REMOTE": "sc://localhost:15002",
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": "secret",
        "SPARK_CONNECT_MODE_ENABLED": "1",
    }
    assert remote_environment(parse(REQUIRED)) == {}


def test_a_session_that_is_collected_does_not_connect_to_close() -> None:
    connected = []

    class Observed(RunSession):
        def _connect(self) -> Any:
            connected.append(self)
            raise ConnectionError

    session: Any = Observed(parse({**REQUIRED, "spark": {"remote": "sc://127.0.0.1:1"}}))
    del session
    gc.collect()
    assert connected == []


def test_without_spark_its_use_says_so(tasks: Tasks) -> None:
    ran = tasks.notebook("print(spark)", "spark.range(1).count()")
    assert ran.error["message"] == "This run has no Spark: the local cloud was started without it"
    assert ran.error["cell_index"] == 1


@pytest.mark.real
def test_all_ways_lead_to_one_session(tasks: Tasks, spark: dict[str, Any]) -> None:
    ran = tasks.notebook(
        """
import threading
from pyspark.sql import SparkSession
spark.sql("create temp view v as select 1 as a")
same = SparkSession.builder.appName("x").config("spark.sql.ansi.enabled", "true").getOrCreate()
print(same is spark, SparkSession.getActiveSession() is spark, SparkSession.active() is spark)
thread = threading.Thread(target=lambda: print(SparkSession.builder.getOrCreate() is spark))
thread.start(); thread.join()
print(same.table("v").collect(), spark.conf.get("spark.bricklane.workspace"))
""",
        "import subprocess, sys\nprint(subprocess.run([sys.executable, '-c', 'from pyspark.sql "
        "import SparkSession as S; print(S.builder.getOrCreate().range(3).count())'],"
        " capture_output=True, text=True).stdout)",
        spark=spark,
    )
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.text(0) == "True True True\nTrue\n[Row(a=1)] dev\n"
    assert ran.text(1) == "3\n\n"


@pytest.mark.real
def test_a_stopped_session_begins_anew(tasks: Tasks, spark: dict[str, Any]) -> None:
    ran = tasks.notebook(
        "spark.sql('create temp view v as select 1')\nspark.stop()",
        "print(spark.range(2).count(), spark.catalog.tableExists('v'))",
        spark=spark,
    )
    assert ran.text(1) == "2 False\n"


@pytest.mark.real
def test_sessions_of_runs_do_not_see_each_other(tasks: Tasks, spark: dict[str, Any]) -> None:
    tasks.notebook("spark.sql('create temp view mine as select 1')", spark=spark)
    ran = tasks.notebook("print(spark.catalog.tableExists('mine'))", spark=spark)
    assert ran.text(0) == "False\n"


@pytest.mark.real
def test_the_schema_of_the_run_is_the_current_one(tasks: Tasks, spark: dict[str, Any]) -> None:
    tasks.notebook("spark.sql('create database if not exists `oddly`')", spark=spark)
    ran = tasks.notebook(
        "print(spark.catalog.currentDatabase())",
        spark=spark,
        catalog="spark_catalog",
        schema="oddly",
    )
    assert ran.text(0) == "oddly\n", ran.log
    ran = tasks.notebook("spark.range(1).count()", spark=spark, schema="absent")
    assert "SCHEMA_NOT_FOUND" in ran.error["message"]


@pytest.mark.real
def test_sql_cells_show_the_last_of_their_statements(tasks: Tasks, spark: dict[str, Any]) -> None:
    ran = tasks.notebook(
        "dbutils.widgets.text('n', '2')",
        "# MAGIC %sql\n# MAGIC create temp view t as select id from range(5); -- five; rows\n"
        "# MAGIC select id from t where id < :n;",
        "print(_sqldf.count())",
        "# MAGIC %sql select ${n} as a, getArgument('n') as b",
        "# MAGIC %sql drop view t",
        "# MAGIC %sql\n# MAGIC begin declare x int default 1; set x = x + 1; select x; end;",
        "# MAGIC %sql select raise_error('first'); select 1",
        spark=spark,
        parameters={"n": "3"},
    )
    assert ran.outputs(1, "table")[0]["rows"] == [[0], [1], [2]]
    assert ran.text(2) == "3\n"
    assert ran.outputs(3, "table")[0]["rows"] == [[3, "3"]]
    assert ran.text(4) == "OK\n"
    assert ran.outputs(5, "table")[0]["rows"] == [[2]]
    assert "first" in ran.error["message"]
    assert "JVM stacktrace" not in ran.log


@pytest.mark.real
def test_sql_notebooks(tasks: Tasks, spark: dict[str, Any]) -> None:
    source = (
        "-- Databricks notebook source\nselect :who as who\n-- COMMAND ----------\n"
        "-- MAGIC %python\n-- MAGIC print(_sqldf.first().who)\n-- COMMAND ----------\n"
        "select * from absent"
    )
    ran = tasks.notebook_source(source, language="SQL", parameters={"who": "you"}, spark=spark)
    assert ran.outputs(0, "table")[0]["rows"] == [["you"]]
    assert ran.text(1) == "you\n"
    assert ran.error["message"].startswith("[TABLE_OR_VIEW_NOT_FOUND]")
    assert ran.error["cell_index"] == 2


@pytest.mark.real
def test_data_frames_are_shown_as_tables(tasks: Tasks, spark: dict[str, Any]) -> None:
    ran = tasks.notebook(
        "display(spark.range(1500))",
        """
display(spark.sql('''select cast(1.50 as decimal(10,2)) d, date'2024-01-02' day, map('k', 1) m,
  array(1, null) a, named_struct('x', X'01') s, double('nan') n, 9007199254740993 big, null z,
  timestamp'2024-01-02 03:04:05' at, parse_json('{"a": 1}') v, interval '1' day i'''))
""",
        "spark.range(1)",
        "display(spark.readStream.format('rate').load())",
        spark=spark,
    )
    assert ran.error["cell_index"] == 3, ran.log
    (large,) = ran.outputs(0, "table")
    assert (len(large["rows"]), large["truncated"]) == (1000, True)
    (types,) = ran.outputs(1, "table")
    assert [column["type"] for column in types["columns"]] == [
        *("decimal(10,2)", "date", "map<string,int>", "array<int>"),
        *("struct<x:binary>", "double", "bigint", "void", "timestamp", "variant"),
        "interval day",
    ]
    assert types["rows"] == [
        [
            *("1.50", "2024-01-02", {"k": 1}, [1, None], {"x": "AQ=="}, "NaN"),
            *("9007199254740993", None, "2024-01-02T03:04:05", '{"a":1}', "1 day, 0:00:00"),
        ]
    ]
    assert ran.text(2) == "DataFrame[id: bigint]\n"
    assert ran.error["message"].startswith("display() of a streaming DataFrame is not available")


@pytest.mark.real
def test_functions_bring_the_modules_and_paths_of_the_run(
    tasks: Tasks, spark: dict[str, Any]
) -> None:
    for name, text in (("Workspace/mine.py", "FACTOR = 10"), ("site/overlay.py", "OFFSET = 7")):
        path = tasks.folder / name
        path.parent.mkdir()
        path.write_text(text)
    (tasks.folder / "Volumes").mkdir()
    (tasks.folder / "Volumes/add.txt").write_text("100")
    ran = tasks.notebook(
        """
import mine, overlay
from pyspark.sql.functions import udf
@udf("int")
def compute(x):
    return x * mine.FACTOR + overlay.OFFSET + int(open("/Volumes/add.txt").read())
print([row[0] for row in spark.range(2).select(compute("id")).collect()])
def double(frames):
    for frame in frames:
        yield frame * mine.FACTOR
print([row[0] for row in spark.range(2).mapInPandas(double, "id long").collect()])
""",
        spark=spark,
        sys_path=[str(tasks.folder / "site")],
        working_directory=str(tasks.folder / "Workspace"),
    )
    assert ran.result["state"] == "SUCCESS", ran.log
    assert ran.text(0) == "[107, 117]\n[0, 10]\n"


@pytest.mark.real
def test_the_current_catalog_is_set_by_name(tasks: Tasks, spark: dict[str, Any]) -> None:
    ran = tasks.notebook(
        "spark.catalog.setCurrentCatalog('spark_catalog')\nprint(spark.catalog.currentCatalog())",
        "spark.catalog.setCurrentCatalog('absent')",
        spark=spark,
    )
    assert ran.text(0) == "spark_catalog\n"
    assert "CATALOG_NOT_FOUND" in ran.error["message"]
    assert ran.error["line"] == 1


@pytest.mark.real
def test_a_query_is_interrupted_with_its_task(tasks: Tasks, spark: dict[str, Any]) -> None:
    content = tasks.folder / "nb"
    content.write_text(
        "# Databricks notebook source\nprint('began', flush=True)\n"
        "spark.sql('select count(*) from range(1e13)').collect()"
    )
    notebook = {"path": "/nb", "content_file": str(content)}
    specification = tasks.specification(kind="notebook", notebook=notebook, spark=spark)
    identity = tasks.zygote.start(specification)
    time.sleep(2)
    tasks.zygote.send(op="kill", id=identity, grace_seconds=20)
    event = tasks.zygote.event()
    assert event["exit_code"] == 143
    # It would keep both cores of this Spark busy for an hour.
    began = time.monotonic()
    assert tasks.notebook("print(spark.range(10).count())", spark=spark).text(0) == "10\n"
    assert time.monotonic() - began < 20


@pytest.mark.real
def test_a_wrong_token_is_refused(tasks: Tasks, spark: dict[str, Any]) -> None:
    ran = tasks.notebook("spark.range(1).count()", spark={**spark, "token": "wrong-token"})
    assert ran.error["type"] == "SparkConnectGrpcException"
    assert "wrong-token" not in ran.log
