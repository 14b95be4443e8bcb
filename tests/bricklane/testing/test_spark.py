"""The fixture ``spark``: one warm server, shared by runs and workers, that survives kills."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.bricklane.testing.project import SETTINGS, Project, kill

pytestmark = pytest.mark.real

ISOLATED = """
import pytest
from chispa import assert_df_equality
from pyspark.sql import SparkSession, functions as F
from pyspark.testing import assertDataFrameEqual
from shop.prices import gross


@pytest.fixture(scope="module")
def people(spark):
    frame = spark.createDataFrame([(1, "a"), (2, "b")], "id int, name string")
    frame.createOrReplaceTempView("people")
    spark.conf.set("spark.sql.shuffle.partitions", "3")
    return frame


def test_changes_everything(spark, people):
    people.createOrReplaceTempView("mine")
    spark.conf.set("spark.sql.ansi.enabled", "false")
    spark.conf.set("spark.sql.shuffle.partitions", "7")
    spark.udf.register("gross", gross)
    spark.sql("CREATE SCHEMA elsewhere")
    spark.sql("USE elsewhere")
    assert spark.sql("SELECT gross(3) AS it").first().it == "4"
    spark.sql("DROP SCHEMA elsewhere")


def test_finds_nothing_of_it(spark, people):
    assert spark.table("people").count() == 2
    assert spark.conf.get("spark.sql.ansi.enabled") == "true"
    assert spark.conf.get("spark.sql.shuffle.partitions") == "3"
    assert spark.catalog.currentDatabase().startswith("bricklane_test_")
    assert not spark.catalog.tableExists("mine")
    with pytest.raises(Exception, match="UNRESOLVED_ROUTINE"):
        spark.sql("SELECT gross(3)").first()


def test_saves_a_table(spark, people):
    people.write.saveAsTable("kept")
    assert SparkSession.builder.getOrCreate() is spark
    SparkSession.builder.getOrCreate().stop()
    assertDataFrameEqual(spark.table("kept"), people)


def test_finds_no_table_and_uses_the_package_in_a_function(spark):
    assert not spark.catalog.tableExists("kept")
    function = F.udf(gross, "int")
    shown = spark.range(2).select(function(F.col("id").cast("int")).alias("it"))
    assert_df_equality(shown, spark.createDataFrame([(1,), (2,)], "it int"), ignore_nullable=True)
"""
PRICE = """
from pyspark.sql import functions as F
from shop.prices import gross

def test_price(spark):
    function = F.udf(gross, "int")
    assert spark.range(1).select(function(F.lit(1))).first()[0] == {expected}
"""
RELATIVE = """
import os
from pathlib import Path
from pyspark.sql import functions as F
from shop.prices import gross

def test_paths_and_code_are_those_of_this_job(spark):
    assert spark.read.text("tests/said.txt").first().value == "{said}"
    read = F.udf(lambda _: Path("tests/said.txt").read_text() + os.environ.get("SECRET", ""))
    assert spark.range(1).select(read("id")).first()[0] == "{said}"
    assert spark.range(1).select(F.udf(gross, "int")(F.lit(1))).first()[0] == {price}
"""
HANGING = """
import pathlib, time

def test_hangs(spark):
    spark.range(1).write.saveAsTable("t")
    pathlib.Path("here").write_text(spark.catalog.currentDatabase())
    time.sleep(300)
"""
SCHEMAS = """
def test_schemas(spark):
    for row in spark.sql("SHOW SCHEMAS LIKE 'bricklane_test_*'").collect():
        print("schema", row.namespace)
"""


def status(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.bricklane("spark", "status", "--json"))
    return found


def test_tests_are_isolated_from_each_other(project: Project) -> None:
    project.write("tests/test_isolated.py", ISOLATED)
    assert "4 passed" in project.pytest("tests/test_isolated.py")


def test_the_next_run_finds_the_same_spark_and_the_code_of_now(project: Project) -> None:
    project.write("tests/test_price.py", PRICE.format(expected=2))
    project.pytest("tests/test_price.py")
    (before,) = status(project)

    project.write("src/shop/prices.py", "def gross(net):\n    return net + 41\n")
    project.write("tests/test_price.py", PRICE.format(expected=42))
    project.pytest("tests/test_price.py")
    project.write("src/shop/prices.py", "def gross(net):\n    return net + 1\n")

    (after,) = status(project)
    assert after["pid"] == before["pid"]


def test_workers_share_it_with_schemas_of_their_own(project: Project) -> None:
    text = "import os, time\n\ndef test_own(spark):\n    print(spark.catalog.currentDatabase())\n"
    text += "    spark.range(1).write.saveAsTable('t')\n"
    for name in ("one", "two"):
        project.write(f"tests/parallel/test_{name}.py", text)
    printed = project.pytest("-n", "2", "--dist", "loadfile", "-rP", "tests/parallel")
    assert "2 passed" in printed
    names = {line for line in printed.splitlines() if line.startswith("bricklane_test_")}
    assert len(names) == 2
    assert len(status(project)) == 1


def test_jobs_of_a_runner_that_lasts_share_it(project: Project, tmp_path: Path) -> None:
    runner = tmp_path / "runner"
    runner.mkdir()
    found = []
    for number in (1, 2):
        workspace = tmp_path / f"job{number}"
        job = replace(
            project,
            root=workspace / "shop",
            environment={
                **project.environment,
                "BRICKLANE_STATE_DIR": str(runner),
                "BRICKLANE_RUNNER_DIR": str(runner),
                "GITHUB_WORKSPACE": str(workspace),
                "RUNNER_TRACKING_ID": f"job{number}",
                "SECRET": "of the job",
            },
        )
        job.write("pyproject.toml", SETTINGS)
        job.write("src/shop/__init__.py", "")
        job.write("src/shop/prices.py", f"def gross(net):\n    return net + {number}\n")
        job.write("tests/said.txt", f"job {number}")
        text = RELATIVE.format(said=f"job {number}", price=1 + number)
        job.write("tests/test_relative.py", text)
        job.pytest("tests/test_relative.py")
        found += status(job)
        shutil.rmtree(workspace)
    job.root.mkdir(parents=True)
    job.bricklane("spark", "stop", "--all")
    assert found[0]["pid"] == found[1]["pid"]


def test_what_it_leaves_on_disk_is_its_owners_alone(project: Project) -> None:
    project.write("tests/test_price.py", PRICE.format(expected=2))
    project.pytest("tests/test_price.py")
    (found,) = status(project)
    folder = Path(found["log"]).parent
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.*")}
    assert set(modes.values()) == {0o600}, modes
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    token = json.loads((folder / "server.json").read_text())["token"]
    assert token not in json.dumps(found)
    lines = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True)
    assert token not in lines.stdout


def test_a_client_without_the_token_is_refused(project: Project) -> None:
    project.write("tests/test_price.py", PRICE.format(expected=2))
    project.pytest("tests/test_price.py")
    (found,) = status(project)
    told = project.pytest("--spark", found["remote"], "tests/test_price.py", code=1)
    assert f"no Spark session could be opened at {found['remote']}" in told
    assert "hint: check the address given by --spark" in told
    assert "opening.py" not in told


def test_after_a_killed_run_the_next_goes_on_and_clears_up(project: Project) -> None:
    file = project.write("tests/test_hanging.py", HANGING)
    process = subprocess.Popen(
        project.command(str(file)),
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    schema = wait_for(project.root / "here")
    kill(process)

    project.write("tests/test_schemas.py", SCHEMAS)
    printed = project.pytest("-rP", "tests/test_schemas.py")

    assert "schema bricklane_test_" in printed
    assert schema not in printed


def test_after_spark_was_killed_the_next_run_starts_another(project: Project) -> None:
    project.write("tests/test_price.py", PRICE.format(expected=2))
    project.pytest("tests/test_price.py")
    (before,) = status(project)
    os.kill(before["pid"], signal.SIGKILL)

    project.pytest("tests/test_price.py")

    (after,) = status(project)
    assert after["pid"] != before["pid"]


def test_it_ends_itself_when_nobody_uses_it(project: Project) -> None:
    project.write("tests/test_price.py", PRICE.format(expected=2))
    project.bricklane("spark", "stop")
    assert "no Spark is warm" in project.bricklane("spark", "status")

    project.pytest("tests/test_price.py", variables={"BRICKLANE_SPARK_IDLE": "1s"})

    until = time.monotonic() + 60
    while status(project) and time.monotonic() < until:
        time.sleep(0.2)
    assert status(project) == []


def test_a_spark_of_the_process_alone_is_isolated_too(project: Project) -> None:
    # Nobody can be kept from stopping a session that the code under test has for itself.
    text = ISOLATED.replace("    SparkSession.builder.getOrCreate().stop()\n", "")
    project.write("tests/test_isolated.py", text)
    # Classic PySpark leaves sockets to the garbage collector.
    tolerant = ("-W", "ignore:unclosed <socket:ResourceWarning")
    told = project.pytest("--spark", "local-cold", "-v", *tolerant, "tests/test_isolated.py")
    assert "4 passed" in told
    assert "of this process alone (as asked)" in told


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("sc://localhost:1", "no Spark session could be opened at sc://localhost:1"),
        ("mars", "--spark: 'mars' is no place for Spark"),
        ("serverless", "no databricks.yml in"),
    ],
)
def test_a_place_that_cannot_be_used_is_named(project: Project, word: str, said: str) -> None:
    project.write("tests/test_price.py", PRICE.format(expected=2))
    told = project.pytest("--spark", word, "tests/test_price.py", code=1)
    assert said in told
    assert "  hint: " in told


def wait_for(file: Path) -> str:
    until = time.monotonic() + 120
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < until, f"{file} never came"
        time.sleep(0.1)
    text = file.read_text()
    file.unlink()
    return text
