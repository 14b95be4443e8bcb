"""Materialized views and streaming tables that statements make, on real Spark."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.service.sql import StatementState

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
_NUMBERS = itertools.count()


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
        answer = self.client.statement_execution.execute_statement(
            statement, self.id, catalog=self.catalog, schema=self.name, wait_timeout="50s"
        )
        assert answer.status
        assert answer.status.state
        error = answer.status.error
        data = answer.result.data_array if answer.result else None
        return answer.status.state, str(error.message) if error else "", data or []


@pytest.fixture
def warehouse(bench: Workbench) -> Iterator[Warehouse]:
    (catalog,) = {each.name for each in bench.client.catalogs.list()} - {"samples", "system"}
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
    assert "SCHEDULE" in warehouse.refused(
        "CREATE MATERIALIZED VIEW bad SCHEDULE EVERY 1 HOUR AS SELECT 1 AS a"
    )
    assert "needs none" not in warehouse.refused("REFRESH MATERIALIZED VIEW bad")
    assert "others need none" in warehouse.refused("REFRESH MATERIALIZED VIEW orders")
    warehouse("CREATE MATERIALIZED VIEW bad AS SELECT 1 AS a")
    assert warehouse("SELECT a FROM bad") == [["1"]]
