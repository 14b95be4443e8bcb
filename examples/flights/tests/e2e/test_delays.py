"""The deployed job: it runs to its end and leaves what it promises."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bricklane.testing.runs import JobResult
    from bricklane.testing.target import Deployed
    from databricks.sdk import WorkspaceClient

TASKS = {"land", "bronze", "silver", "days", "gold", "published", "checks"}
TABLES = {
    *(f"bronze_{name}" for name in ("airlines", "airports", "flights", "planes", "weather")),
    *(f"silver_{name}" for name in ("airlines", "airports", "flights", "weather")),
    *(f"gold_{name}" for name in ("airline_delays", "days", "route_delays", "weather_effect")),
    *("check_results", "weather_and_delays", "worst_airlines"),
}
FLIGHTS = {1: 27_004, 12: 336_776}  # by the months that were loaded


@pytest.mark.smoke
def test_the_job_is_there_and_names_its_tasks(ws: "WorkspaceClient", bundle: "Deployed") -> None:
    job = ws.jobs.get(int(bundle.jobs["delays"].id))

    assert job.settings is not None
    assert {task.task_key for task in job.settings.tasks or []} == TASKS


def test_the_job_leaves_every_table_and_counts_every_flight(
    ws: "WorkspaceClient",
    bundle: "Deployed",
    run_job: "Callable[..., JobResult]",
    sql_fetch_one: Callable[..., Any],
) -> None:
    place = bundle.resource("schemas", "flights").settings
    catalog, schema = place["catalog_name"], place["name"]

    run = run_job("delays")

    assert run.tasks.keys() == TASKS
    assert {table.name for table in ws.tables.list(catalog, schema)} >= TABLES
    counted = sql_fetch_one(
        "SELECT sum(flights) AS flights FROM worst_airlines", catalog=catalog, schema=schema
    )
    assert counted.flights == FLIGHTS[int(bundle.variable("months"))]
