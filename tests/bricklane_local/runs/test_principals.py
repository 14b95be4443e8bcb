"""Runs act as whom their job names, and SQL files run: on real Spark, with real grants."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.workspace import ImportFormat

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
SQL = """
-- what a team's file looks like; the semicolon; in a comment is none
CREATE SCHEMA IF NOT EXISTS IDENTIFIER('dev.' || :schema);
CREATE OR REPLACE TABLE IDENTIFIER('dev.' || :schema || '.gold') AS
SELECT 'a;b' AS text, CAST(:number AS INT) AS number, current_user() AS maker;
SELECT text, number, maker FROM IDENTIFIER('dev.' || :schema || '.gold');
"""


@pytest.fixture(scope="module")
def runner(bench: Workbench) -> str:
    """A service principal that may make schemas; returns its application id."""
    made = bench.client.service_principals.create(display_name="runner")
    grant = PermissionsChange(principal=made.application_id, add=[Privilege.CREATE_SCHEMA])
    bench.client.grants.update("catalog", "dev", changes=[grant])
    return str(made.application_id)


def sql_task(bench: Workbench, text: str, **parameters: str) -> dict[str, Any]:
    bench.client.workspace.upload(
        "/Shared/query.sql",
        text.encode(),  # type: ignore[arg-type]
        format=ImportFormat.RAW,
        overwrite=True,
    )
    (warehouse,) = bench.client.warehouses.list()
    file = {"path": "/Workspace/Shared/query.sql", "source": "WORKSPACE"}
    body = {"warehouse_id": warehouse.id, "file": file, "parameters": parameters}
    return {"task_key": "main", "sql_task": body}


def test_a_sql_file_runs_as_the_principal_of_its_job(bench: Workbench, runner: str) -> None:
    (warehouse,) = bench.client.warehouses.list()
    bench.client.warehouses.stop(str(warehouse.id))
    task = sql_task(bench, SQL, schema="{{job.parameters.schema}}", number="7")
    run = bench.run(
        task,
        run_as={"service_principal_name": runner},
        parameters=[{"name": "schema", "default": "by_runner"}],
    )
    output = bench.output(run)
    assert run["state"]["result_state"] == "SUCCESS", output
    query = output["sql_output"]["query_output"]
    assert query["query_text"] == SQL
    assert query["warehouse_id"] == warehouse.id
    assert len(query["sql_statements"]) == 3
    page = str((bench.client.jobs.export_run(run["run_id"]).views or [])[0].content)
    assert "a;b" in page
    assert runner in page
    assert bench.client.tables.get("dev.by_runner.gold").owner == runner
    assert bench.client.warehouses.get(str(warehouse.id)).num_clusters == 1


def test_a_failed_statement_is_named_and_later_ones_do_not_run(bench: Workbench) -> None:
    output = bench.output(bench.run(sql_task(bench, "SELECT 1; SELECT nothing; SELECT 3")))
    assert "UNRESOLVED_COLUMN" in output["error"]
    assert "(statement 2)" in output["error"]
    assert len(output["sql_output"]["query_output"]["sql_statements"]) == 2
    unbound = bench.output(bench.run(sql_task(bench, "SELECT :missing", other="1")))
    assert "UNBOUND_SQL_PARAMETER" in unbound["error"]
    assert "names the parameter :missing; the task gives: other" in unbound["error"]


def test_what_cannot_run_says_so(bench: Workbench) -> None:
    empty = bench.output(bench.run(sql_task(bench, "-- nothing\n;")))
    assert "holds no statement" in empty["error"]
    task = sql_task(bench, "SELECT 1")
    task["sql_task"]["warehouse_id"] = "7"
    assert "Warehouse 7 does not exist" in bench.output(bench.run(task))["error"]
    task = sql_task(bench, "SELECT 1")
    del task["sql_task"]["file"]
    task["sql_task"]["query"] = {"query_id": "1"}
    assert "There is no query with the id 1" in bench.output(bench.run(task))["error"]


def test_grants_decide_what_a_run_may_do(bench: Workbench, runner: str) -> None:
    bench.client.schemas.create("private", "dev")
    cells = ("spark.sql('CREATE TABLE dev.private.t AS SELECT 1 AS a')",)
    as_runner = {"run_as": {"service_principal_name": runner}}
    denied = bench.output(bench.run(bench.task(*cells), **as_runner))
    assert "PERMISSION_DENIED" in denied["error"]
    assert "USE SCHEMA on Schema 'dev.private'" in denied["error"]
    assert bench.run(bench.task(*cells))["state"]["result_state"] == "SUCCESS"


def test_the_run_knows_whom_it_acts_as(bench: Workbench, runner: str) -> None:
    cells = (
        "from databricks.sdk import WorkspaceClient",
        "me = WorkspaceClient().current_user.me().user_name",
        "dbutils.notebook.exit(me + ' ' + spark.sql('SELECT current_user()').first()[0])",
    )
    run = bench.run(bench.task(*cells), run_as={"service_principal_name": runner})
    output = bench.output(run)
    assert output["notebook_output"]["result"] == f"{runner} {runner}", output
    assert run["creator_user_name"] == "developer@bricklane.local"


def test_the_principal_of_a_run_must_be_able_to_read_its_code(
    bench: Workbench, runner: str
) -> None:
    path = bench.notebook("1", path="/Users/developer@bricklane.local/private")
    task = {"task_key": "main", "notebook_task": {"notebook_path": path}}
    output = bench.output(bench.run(task, run_as={"service_principal_name": runner}))
    assert f"{runner}, as whom the run acts, does not have CAN_READ permissions" in output["error"]
    assert "for a bundle with its permissions section" in output["error"]


def test_a_run_cannot_act_as_who_has_left(bench: Workbench) -> None:
    made = bench.client.service_principals.create(display_name="leaver")
    job_id = bench.create(bench.task("1"), run_as={"service_principal_name": made.application_id})
    bench.client.service_principals.delete(str(made.id))
    output = bench.output(bench.finish(bench.start(job_id)))
    assert f"cannot act as {made.application_id}" in output["error"]
