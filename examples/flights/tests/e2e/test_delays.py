"""The deployed job: it runs to its end and leaves what it promises."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import Run

    from conftest import Deployment

TASKS = {"land", "bronze", "silver", "gold", "published", "checks"}
TABLES = {
    *(f"bronze_{name}" for name in ("airlines", "airports", "flights", "planes", "weather")),
    *(f"silver_{name}" for name in ("airlines", "airports", "flights", "weather")),
    *(f"gold_{name}" for name in ("airline_delays", "route_delays", "weather_effect")),
    *("check_results", "weather_and_delays", "worst_airlines"),
}
FLIGHTS = {1: 27_004, 12: 336_776}  # by the months that were loaded


@pytest.mark.smoke
def test_the_job_is_there_and_names_its_tasks(
    workspace: "WorkspaceClient", deployed: "Deployment"
) -> None:
    job = workspace.jobs.get(int(deployed.resource("jobs", "delays")["id"]))

    assert job.settings is not None
    assert {task.task_key for task in job.settings.tasks or []} == TASKS


def test_the_job_leaves_every_table_and_counts_every_flight(
    workspace: "WorkspaceClient", deployed: "Deployment", finished: "Callable[[int], Run]"
) -> None:
    job = int(deployed.resource("jobs", "delays")["id"])
    schema = deployed.resource("schemas", "flights")

    run = finished(workspace.jobs.run_now(job).run_id)

    assert {task.task_key for task in run.tasks or []} == TASKS
    tables = workspace.tables.list(schema["catalog_name"], schema["name"])
    assert {table.name for table in tables} >= TABLES
    answer = workspace.statement_execution.execute_statement(
        warehouse_id=deployed.variable("warehouse_id"),
        catalog=schema["catalog_name"],
        schema=schema["name"],
        statement="SELECT sum(flights) FROM worst_airlines",
        wait_timeout="50s",
    )
    assert answer.result is not None, answer.status
    assert answer.result.data_array == [[str(FLIGHTS[int(deployed.variable("months"))])]]
