"""The pytest plugin on a deployed project: its workspace, jobs, data, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane.project.rendering import ask, render
from bricklane.testing.marks import comment, mark
from bricklane.tools.cache import cache_root

if TYPE_CHECKING:
    from conftest import AcceptanceCloud

pytestmark = pytest.mark.real

SECONDS = 300

EVERYWHERE = """
from decimal import Decimal

import pytest

ROWS = [(1, "it's", Decimal("2.50"), [1, 2]), (2, None, None, [])]
COLUMNS = "id INT, name STRING, price DECIMAL(10,2), parts ARRAY<INT>"


def test_tables_from_rows_and_queries(make_schema, make_table, sql_fetch_all, sql_fetch_one):
    schema = make_schema()
    table = make_table(ROWS, columns=COLUMNS, schema_name=schema.full_name)
    first, second = sql_fetch_all(f"SELECT * FROM {table.full_name} ORDER BY id")
    assert (first.name, first.price, list(first.parts)) == ("it's", Decimal("2.50"), [1, 2])
    assert (second.name, second.price, list(second.parts)) == (None, None, [])
    query = make_table(ctas=f"SELECT count(*) AS n FROM {table.full_name}")
    assert sql_fetch_one(f"SELECT n FROM {query.full_name}").n == 2
    assert sql_fetch_one("SELECT :x + 1 AS y", x=4).y == 5
    assert sql_fetch_one("SELECT 1 WHERE false") is None


def test_everything_of_the_test_before_is_gone(schema, sql_fetch_all):
    assert sql_fetch_all(f"SHOW TABLES IN {schema.full_name}") == []
"""
WORKSPACE = """
from databricks.sdk.service.jobs import NotebookTask, Task

NOTEBOOK = "# Databricks notebook source\\ndbutils.notebook.exit(\\"forty-two\\")\\n"


def test_the_target_and_what_is_deployed(target, bundle, ws):
    assert (target.name, target.mode, target.catalog) == ("dev", "development", "dev")
    assert target.host == ws.config.host
    assert bundle.jobs["daily"].name == "[dev developer] sales-days daily"
    assert bundle.variable("catalog") == "dev"
    assert bundle.user == ws.current_user.me().user_name
    assert ws.workspace.get_status(bundle.files).object_type.value == "DIRECTORY"


def test_what_only_a_workspace_has(
    ws, make_volume, make_volume_file, make_notebook, make_job, make_secret_scope
):
    path = make_volume_file(make_volume(), "deep/file.txt", "content")
    assert ws.files.download(path).contents.read() == b"content"
    job = make_job(tasks=[Task("main", notebook_task=NotebookTask(make_notebook(NOTEBOOK)))])
    run = ws.jobs.run_now(job).result()
    output = ws.jobs.get_run_output(run.tasks[0].run_id)
    assert output.notebook_output.result == "forty-two"
    scope = make_secret_scope({"key": "value"})
    assert [secret.key for secret in ws.secrets.list_secrets(scope)] == ["key"]


def test_the_deployed_job(run_job, bundle, sql_fetch_one, schema):
    result = run_job("daily", catalog=schema.catalog_name, schema=schema.name)
    assert result.succeeded
    assert set(result.tasks) == {"days"}
    assert sql_fetch_one(f"SELECT count(*) > 0 AS it FROM {schema.full_name}.days").it is True


def test_a_failure_that_is_expected(run_job):
    result = run_job("daily", {"catalog": "nowhere"}, expect_failure=True)
    assert result.tasks["days"].state == "FAILED"
    assert "nowhere" in result.error
"""
SPARK = """
import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def test_tables_are_those_of_the_workspace(spark, make_table, ws):
    table = make_table([(1, "a"), (2, "b")], columns="id INT, name STRING")
    assert spark.table(table.full_name).count() == 2
    spark.range(3).createOrReplaceTempView("mine")
    copy = f"{table.full_name}_copy"
    spark.sql(f"CREATE TABLE {copy} AS SELECT * FROM mine WHERE id > :low", {"low": 0})
    assert ws.tables.get(copy).columns[0].name == "id"
    assert SparkSession.builder.getOrCreate().table(copy).count() == 2


def test_the_view_of_the_test_before_is_gone(spark):
    assert spark.catalog.currentCatalog() == "dev"
    with pytest.raises(PySparkException, match="TABLE_OR_VIEW_NOT_FOUND"):
        spark.table("mine").count()
"""
FAILING = """
def test_a_failing_run(run_job):
    run_job("daily", catalog="nowhere")


def test_an_unknown_job(run_job):
    run_job("dayly")


def test_a_bad_statement(sql_exec):
    sql_exec("SELEC 1")


def test_rows_that_do_not_fit(make_table):
    make_table([(1,)], columns="a INT, b INT")


def test_cleaning_up_that_fails(make_schema, ws, _made):
    ws.schemas.delete(make_schema().full_name, force=True)  # is no problem
    _made.add("some thing", lambda: 1 / 0)


def test_a_slow_run(run_job):
    run_job("daily", timeout=0)
"""
HANGING = """
import pathlib, time

def test_hangs(
    make_schema, make_table, make_volume, make_notebook, make_job, make_secret_scope, bundle, target
):
    made = [
        make_schema().full_name,
        make_table(ctas="SELECT 1 AS one", schema_name=f"{target.catalog}.default").full_name,
        make_volume(schema_name=f"{target.catalog}.default").full_name,
        make_notebook().rpartition("/")[0],
        make_secret_scope(),
    ]
    make_job(tasks=[])
    pathlib.Path("made").write_text("\\n".join(made))
    time.sleep(300)
"""


@dataclass(frozen=True)
class DeployedProject:
    """The skeleton project, deployed to dev.

    Args:
        cloud: where.
        folder: of the project.
        state: of the Spark of this machine.
    """

    cloud: AcceptanceCloud
    folder: Path
    state: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {
            name: text
            for name, text in self.cloud.environment.items()
            if not name.startswith(("BRICKLANE_", "SPARK_", "PYTEST_"))
        }
        own = {
            "DATABRICKS_CLI_PATH": str(self.cloud.databricks),
            "BRICKLANE_STATE_DIR": str(self.state),
            "BRICKLANE_CACHE_DIR": str(cache_root(os.environ)),
            "BRICKLANE_SPARK_MEMORY": "1g",
        }
        return {**kept, **own, **more}

    def command(self, name: str, text: str) -> list[str]:
        file = self.folder / "tests" / "plugin" / f"test_{name}.py"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, "utf-8")
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rA", str(file)]

    def pytest(self, name: str, text: str, *, code: int = 0, **variables: str) -> str:
        return self._run(self.command(name, text), code, **variables)

    def sweep(self, *arguments: str) -> str:
        bricklane = str(Path(sys.executable).with_name("bricklane"))
        return self._run([bricklane, "sweep", "-t", "dev", *arguments], 0)

    def _run(self, command: list[str], code: int, **variables: str) -> str:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def deployed(
    acceptance_cloud: AcceptanceCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DeployedProject]:
    folder = tmp_path_factory.mktemp("plugin")
    render(ask({"project": "sales-days", "sample": "none"}, defaults=True), folder / "project")
    project = DeployedProject(acceptance_cloud, folder / "project", folder / "state")
    acceptance_cloud.run(project.folder, "bundle", "deploy").expect()
    try:
        yield project
    finally:
        acceptance_cloud.run(project.folder, "bundle", "destroy", "--auto-approve").expect()
        bricklane = str(Path(sys.executable).with_name("bricklane"))
        stop = [bricklane, "spark", "stop", "--all"]
        subprocess.run(stop, env=project.environment(), check=True, capture_output=True)


def test_the_same_tests_pass_on_this_machine_and_in_the_workspace(
    deployed: DeployedProject,
) -> None:
    assert "2 passed" in deployed.pytest("both", EVERYWHERE, BRICKLANE_TEST_LEVEL="unit")
    assert "2 passed" in deployed.pytest("both", EVERYWHERE, BRICKLANE_TEST_LEVEL="integration")


def test_jobs_and_things_of_the_workspace(deployed: DeployedProject) -> None:
    assert "4 passed" in deployed.pytest("workspace", WORKSPACE, BRICKLANE_TARGET="dev")
    assert "nothing is left" in deployed.sweep("--dry-run")


def test_spark_is_that_of_the_workspace(deployed: DeployedProject) -> None:
    assert "2 passed" in deployed.pytest("spark", SPARK, BRICKLANE_TEST_LEVEL="integration")


def test_what_fails_says_what_it_was(deployed: DeployedProject) -> None:
    told = deployed.pytest("failing", FAILING, code=1, BRICKLANE_TARGET="dev")
    for said in (
        'run_job("daily", catalog="nowhere")',
        "task days: ",
        "Traceback (most recent call last)",
        "did not end within 0 seconds, and is cancelled",
        "jobs 'dayly' is not deployed to target dev",
        "hint: did you mean `daily`?",
        "`SELEC 1` failed: [PARSE_SYNTAX_ERROR]",
        "make_table: the row (1,) has 1 values for 2 columns",
        "what the test has made could not be removed:",
        "some thing: division by zero",
    ):
        assert said in told, told
    assert "src/bricklane" not in told


def test_after_a_kill_sweep_leaves_nothing_of_the_tests_and_all_that_is_not_theirs(
    deployed: DeployedProject,
) -> None:
    client = deployed.cloud.client
    process = subprocess.Popen(
        deployed.command("hanging", HANGING),
        cwd=deployed.folder,
        env=deployed.environment(BRICKLANE_TARGET="dev", BRICKLANE_TEST_KEEP="0s"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    made = _wait_for(deployed.folder / "made", process).splitlines()
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    alike = _look_alikes(deployed)

    planned = json.loads(deployed.sweep("--dry-run", "--json"))
    kinds = {left["kind"] for left in planned}
    assert kinds == {"job", "table", "volume", "schema", "folder", "secret scope"}
    assert {left["name"] for left in planned} >= set(made)
    assert json.loads(deployed.sweep("--older-than", "1h", "--json")) == []

    told = deployed.sweep("--yes")
    assert told.count(": removed") == len(planned)
    assert "nothing is left" in deployed.sweep("--yes")
    assert made[0] not in {schema.full_name for schema in client.schemas.list("dev")}
    assert {schema.full_name for schema in client.schemas.list("dev")} >= alike
    for full in alike:
        client.schemas.delete(full, force=True)


def _look_alikes(deployed: DeployedProject) -> set[str]:
    """Make schemas that look as tests make them, and are not, or are needed yet."""
    from datetime import UTC, datetime, timedelta

    client, now = deployed.cloud.client, datetime.now(UTC)
    past = now - timedelta(hours=1)
    abouts = {
        "test_someones": "Made by a test",
        "test_copied": comment("test_original", past),
        "test_needed": comment("test_needed", now + timedelta(hours=1)),
        f"test_named_{mark('test_named', past)}": "",
    }
    return {
        str(client.schemas.create(name, "dev", comment=about or None).full_name)
        for name, about in abouts.items()
    }


def _wait_for(file: Path, process: subprocess.Popen[bytes]) -> str:
    until = time.monotonic() + 120
    while not (file.exists() and file.read_text()):
        assert process.poll() is None, "the tests ended"
        assert time.monotonic() < until, f"{file} never came"
        time.sleep(0.1)
    return file.read_text()
