"""Materialized views and streaming tables that statements make, on real Spark."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.service.pipelines import UpdateStateInfoState
from databricks.sdk.service.sql import StatementState

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
PENDING, RUNNING = StatementState.PENDING, StatementState.RUNNING
_NUMBERS = itertools.count()
SLOW = "SELECT count(*) AS n FROM range(100000000000) a JOIN range(100000000000) b ON a.id > b.id"


class Warehouse:
    """Runs statements in one schema.

    Args:
        bench: the cloud.
        schema: its full name.
    """

    def __init__(self, bench: Workbench, schema: str) -> None:
        self.client = bench.client
        self.catalog, self.name = schema.split(".")
        (warehouse,) = bench.client.warehouses.list()
        self.id = str(warehouse.id)

    def __call__(self, statement: str) -> list[list[str]]:
        """Run a statement and return its rows."""
        state, said, found = self.run(statement)
        assert state is StatementState.SUCCEEDED, said
        return found

    def refused(self, statement: str) -> str:
        """Run a statement that fails, and return why."""
        state, said, _ = self.run(statement)
        assert state is StatementState.FAILED
        return said

    def run(self, statement: str) -> tuple[StatementState, str, list[list[str]]]:
        execution = self.client.statement_execution
        answer = execution.execute_statement(
            statement, self.id, catalog=self.catalog, schema=self.name, wait_timeout="50s"
        )
        while answer.status and answer.status.state in (PENDING, RUNNING):
            answer = execution.get_statement(str(answer.statement_id))
        assert answer.status
        assert answer.status.state
        error = answer.status.error
        data = answer.result.data_array if answer.result else None
        return answer.status.state, str(error.message) if error else "", data or []

    def described(self, table: str) -> dict[str, str]:
        """Return what DESCRIBE EXTENDED says of a table, by name."""
        return {row[0]: row[1] for row in self(f"DESCRIBE TABLE EXTENDED {table}")}

    def running(self, table: str) -> tuple[str, str]:
        """Return the pipeline of a table and its update, once this is running."""
        name = f"{self.catalog}.{self.name}.{table}"
        while True:
            for found in self.client.pipelines.list_pipelines(filter=f"name LIKE '{name}'"):
                for update in found.latest_updates or []:
                    if update.state is UpdateStateInfoState.RUNNING:
                        return str(found.pipeline_id), str(update.update_id)
            time.sleep(0.2)

    def ended(self, pipeline_id: str, update_id: str) -> str:
        """Return the state in which an update has ended."""
        while True:
            found = self.client.pipelines.get_update(pipeline_id, update_id).update
            state = str(found and found.state and found.state.value)
            if state in ("COMPLETED", "FAILED", "CANCELED"):
                return state
            time.sleep(0.2)


@pytest.fixture
def warehouse(bench: Workbench) -> Iterator[Warehouse]:
    catalog = "dev"
    made = bench.client.schemas.create(f"single{next(_NUMBERS)}", str(catalog))
    warehouse = Warehouse(bench, str(made.full_name))
    warehouse("CREATE TABLE orders AS SELECT 1 AS id, 10 AS amount")
    yield warehouse
    bench.client.schemas.delete(str(made.full_name), force=True)


def test_a_materialized_view_is_made_and_refreshed(warehouse: Warehouse) -> None:
    create = "MATERIALIZED VIEW totals COMMENT 'by hand' AS SELECT sum(amount) AS total FROM orders"
    warehouse(f"CREATE {create}")
    assert warehouse("SELECT * FROM totals") == [["10"]]
    full_name = f"{warehouse.catalog}.{warehouse.name}.totals"
    table = warehouse.client.tables.get(full_name)
    assert table.table_type
    assert (table.table_type.value, table.comment) == ("MATERIALIZED_VIEW", "by hand")
    pipeline = warehouse.client.pipelines.get(str(table.pipeline_id))
    assert pipeline.name == full_name
    warehouse("INSERT INTO orders VALUES (2, 5)")
    assert warehouse("SELECT * FROM totals") == [["10"]]
    warehouse("REFRESH MATERIALIZED VIEW totals")
    assert warehouse("SELECT * FROM totals") == [["15"]]
    assert "already exists" in warehouse.refused(f"CREATE {create}")
    warehouse("CREATE MATERIALIZED VIEW IF NOT EXISTS totals AS SELECT 0 AS nothing")
    warehouse("CREATE OR REPLACE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders")
    assert warehouse("SELECT n FROM totals") == [["2"]]
    warehouse("DROP MATERIALIZED VIEW totals")
    known = {each.pipeline_id for each in warehouse.client.pipelines.list_pipelines()}
    assert table.pipeline_id not in known


def test_a_streaming_table_takes_what_is_new(warehouse: Warehouse) -> None:
    create = "CREATE OR REFRESH STREAMING TABLE seen AS SELECT id FROM STREAM orders"
    warehouse(create)
    warehouse("INSERT INTO orders VALUES (2, 5)")
    warehouse(create)
    assert warehouse("SELECT id FROM seen ORDER BY id") == [["1"], ["2"]]
    warehouse("REFRESH STREAMING TABLE seen FULL")
    assert warehouse("SELECT count(*) FROM seen") == [["2"]]
    assert "cannot become a MATERIALIZED_VIEW" in warehouse.refused(
        "CREATE OR REPLACE MATERIALIZED VIEW seen AS SELECT 1 AS a"
    )
    warehouse("DROP TABLE seen")


def test_what_cannot_be_made_says_why_and_leaves_nothing(warehouse: Warehouse) -> None:
    bad = warehouse.refused("CREATE MATERIALIZED VIEW bad AS SELECT missing FROM orders")
    assert "UNRESOLVED_COLUMN" in bad
    assert "PARSE_EMPTY_STATEMENT" in warehouse.refused("CREATE STREAMING TABLE bad AS")
    for clause, problem in (
        ("SCHEDULE EVERY 1 MINUTE", "EVERY takes a number of HOURS, DAYS or WEEKS"),
        ("SCHEDULE EVERY 73 HOURS", "takes 1 to 72 HOURS, got 73"),
        ("SCHEDULE CRON 'noon'", "Invalid quartz_cron_expression 'noon'"),
        ("TRIGGER ON UPDATE", "TRIGGER ON UPDATE needs a query that reads tables"),
    ):
        create = f"CREATE MATERIALIZED VIEW bad {clause} AS SELECT 1 AS a"
        assert problem in warehouse.refused(create)
    assert "needs none" not in warehouse.refused("REFRESH MATERIALIZED VIEW bad")
    assert "others need none" in warehouse.refused("REFRESH MATERIALIZED VIEW orders")
    warehouse("CREATE MATERIALIZED VIEW bad AS SELECT 1 AS a")
    assert warehouse("SELECT a FROM bad") == [["1"]]


def test_what_is_cancelled_stops_its_update(warehouse: Warehouse, bench: Workbench) -> None:
    execution = warehouse.client.statement_execution
    begun = execution.execute_statement(
        f"CREATE MATERIALIZED VIEW slow AS {SLOW}",
        warehouse.id,
        catalog=warehouse.catalog,
        schema=warehouse.name,
        wait_timeout="0s",
    )
    pipeline_id, update_id = warehouse.running("slow")
    execution.cancel_execution(str(begun.statement_id))
    assert warehouse.ended(pipeline_id, update_id) == "CANCELED"
    full_name = f"{warehouse.catalog}.{warehouse.name}.slower"
    cell = f"spark.sql('CREATE MATERIALIZED VIEW {full_name} AS {SLOW}')"
    run = bench.start(bench.create(bench.task(cell)))
    pipeline_id, update_id = warehouse.running("slower")
    bench.cancel(run)
    assert warehouse.ended(pipeline_id, update_id) == "CANCELED"
    assert bench.finish(run)["state"]["result_state"] == "CANCELED"


def test_an_update_ends_with_a_killed_process_that_waits_for_it(
    warehouse: Warehouse, bench: Workbench, tmp_path: Path
) -> None:
    full_name = f"{warehouse.catalog}.{warehouse.name}.slowest"
    warehouse(f"CREATE MATERIALIZED VIEW {full_name} AS SELECT 1 AS n")
    file = tmp_path / "process"
    for number, statement in enumerate(
        (
            f"CREATE OR REPLACE MATERIALIZED VIEW {full_name} AS {SLOW}",
            f"REFRESH MATERIALIZED VIEW {full_name}",
        )
    ):
        cell = f"import os\nopen({str(file)!r}, 'w').write(str(os.getpid()))\n"
        run = bench.start(bench.create(bench.task(f"{cell}spark.sql({statement!r})")))
        pipeline_id, update_id = warehouse.running("slowest")
        os.kill(int(file.read_text()), signal.SIGKILL)
        assert bench.finish(run)["state"]["result_state"] == "FAILED"
        assert warehouse.ended(pipeline_id, update_id) == "CANCELED", number
    assert warehouse("SELECT n FROM slowest") == [["1"]]
    # Whoever does not wait leaves an update that goes on.
    warehouse(f"REFRESH MATERIALIZED VIEW {full_name} ASYNC")
    pipeline_id, update_id = warehouse.running("slowest")
    bench.client.pipelines.stop(pipeline_id)
    assert warehouse.ended(pipeline_id, update_id) == "CANCELED"


def test_a_table_refreshes_itself_when_others_change(
    warehouse: Warehouse, bench: Workbench
) -> None:
    clause = "TRIGGER ON UPDATE AT MOST EVERY INTERVAL 1 MINUTE"
    warehouse("CREATE VIEW seen_through AS SELECT id FROM orders")
    assert "only Delta tables are watched" in warehouse.refused(
        f"CREATE MATERIALIZED VIEW watching {clause} AS SELECT * FROM seen_through"  # noqa: S608
    )
    warehouse(
        f"CREATE OR REPLACE MATERIALIZED VIEW watching {clause} AS "  # noqa: S608
        "WITH some AS (SELECT id FROM orders) SELECT count(*) AS n FROM some"
    )
    described = warehouse.described("watching")
    assert described["Refresh Schedule"] == f"{clause.replace('1 MINUTE', '60 SECOND')}"
    name = f"Refresh of {warehouse.catalog}.{warehouse.name}.watching"
    (job,) = bench.client.jobs.list(name=name)
    watched = f"{warehouse.catalog}.{warehouse.name}.orders"
    assert job.settings
    trigger = bench.client.jobs.get(int(job.job_id or 0)).settings
    assert trigger
    assert trigger.trigger
    assert trigger.trigger.table_update
    assert trigger.trigger.table_update.table_names == [watched]
    before = warehouse("SELECT n FROM watching")

    def refreshed() -> bool:
        # More than once, because the first look only remembers what is there.
        warehouse("INSERT INTO orders VALUES (77, 1)")
        return warehouse("SELECT n FROM watching") != before

    bench.wait(refreshed)
    warehouse("ALTER MATERIALIZED VIEW watching DROP SCHEDULE")
    assert not list(bench.client.jobs.list(name=name))


def test_a_table_refreshes_itself_by_its_schedule(warehouse: Warehouse, bench: Workbench) -> None:
    cron = "CRON '0 0 4 * * ?' AT TIME ZONE 'Europe/Berlin'"
    create = f"CREATE OR REFRESH STREAMING TABLE seen COMMENT 'all' SCHEDULE {cron}"
    warehouse(f"{create} AS SELECT id FROM STREAM orders")  # noqa: S608
    described = warehouse.described("seen")
    assert described["Type"] == "STREAMING_TABLE"
    assert described["Latest Refresh Status"] == "Succeeded"
    assert described["Refresh Schedule"] == cron
    (job,) = bench.client.jobs.list(name=f"Refresh of {warehouse.catalog}.{warehouse.name}.seen")
    settings = bench.client.jobs.get(int(job.job_id or 0)).settings
    assert settings
    assert settings.schedule
    assert settings.schedule.timezone_id == "Europe/Berlin"
    warehouse("INSERT INTO orders VALUES (2, 5)")
    run = bench.finish(bench.start(int(job.job_id or 0)))
    assert run["state"]["result_state"] == "SUCCESS"
    assert warehouse("SELECT id FROM seen ORDER BY id") == [["1"], ["2"]]
    assert "has a refresh schedule already" in warehouse.refused(
        "ALTER STREAMING TABLE seen ADD SCHEDULE EVERY 2 DAYS"
    )
    warehouse("ALTER STREAMING TABLE seen ALTER SCHEDULE REFRESH EVERY 2 DAYS")
    assert warehouse.described("seen")["Refresh Schedule"] == "EVERY 2 DAYS"
    warehouse("ALTER STREAMING TABLE seen DROP SCHEDULE")
    assert warehouse.described("seen")["Refresh Schedule"] == "MANUAL"
    assert not list(bench.client.jobs.list(name=str(settings.name)))
    warehouse("ALTER STREAMING TABLE seen ADD SCHEDULE EVERY 1 WEEK")
    assert "Refresh Schedule" not in warehouse.described("orders")
    warehouse("DROP TABLE seen")
    assert not list(bench.client.jobs.list(name=str(settings.name)))
