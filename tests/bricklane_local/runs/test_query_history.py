"""The query history through the SDK: statements of the API and of the connector, on real Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service.sql import QueryFilter, QueryInfo, QueryStatus, TimeRange
from databricks.sdk.service.workspace import ImportFormat

from tests.bricklane_local.resources.callers import give

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Workbench

pytestmark = pytest.mark.real


def run(client: WorkspaceClient, statement: str, warehouse_id: str) -> str:
    answer = client.statement_execution.execute_statement(
        statement, warehouse_id, wait_timeout="50s"
    )
    return str(answer.statement_id)


def history(client: WorkspaceClient, **filters: Any) -> list[QueryInfo]:
    found = client.query_history.list(filter_by=QueryFilter(**filters), include_metrics=True)
    return list(found.res or [])


def test_the_history_has_every_statement(bench: Workbench) -> None:
    client = bench.client
    warehouse = str(client.warehouses.create(name="history", cluster_size="Small").id)
    try:
        ids = [
            run(client, statement, warehouse)
            for statement in (
                "SELECT id FROM range(3)",
                "-- why\nWITH a AS (SELECT 1) SELECT * FROM a",
                "SELECT * FROM nowhere.nothing",
            )
        ]
        found = history(client, warehouse_ids=[warehouse])
        assert [item.query_id for item in found] == ids[::-1]
        assert [item.status for item in found] == [
            *(QueryStatus.FAILED, QueryStatus.FINISHED, QueryStatus.FINISHED)
        ]
        assert "TABLE_OR_VIEW_NOT_FOUND" in str(found[0].error_message)
        assert str(found[1].statement_type and found[1].statement_type.value) == "SELECT"
        first = found[2]
        assert (first.rows_produced, first.user_name) == (3, "developer@bricklane.local")
        assert first.metrics
        assert (first.metrics.rows_produced_count, first.is_final) == (3, True)
        failed = history(client, warehouse_ids=[warehouse], statuses=[QueryStatus.FAILED])
        assert [item.query_id for item in failed] == ids[2:]
        assert [i.query_id for i in history(client, statement_ids=[ids[1]])] == [ids[1]]
        begun = int(found[1].query_start_time_ms or 0)
        later = TimeRange(start_time_ms=begun + 1)
        after = history(client, warehouse_ids=[warehouse], query_start_time_range=later)
        assert [item.query_id for item in after] == ids[2:]
        mine = QueryFilter(warehouse_ids=[warehouse])
        page = client.query_history.list(filter_by=mine, max_results=2)
        assert page.has_next_page
        rest = client.query_history.list(filter_by=mine, page_token=page.next_page_token)
        assert [i.query_id for i in [*(page.res or []), *(rest.res or [])]] == ids[::-1]
        with pytest.raises(InvalidParameterValue, match=r"must be of CANCELED.*got STARTED"):
            history(client, statuses=[QueryStatus.STARTED])
        _others_need_a_level(bench, warehouse, ids)
    finally:
        client.warehouses.delete(warehouse)


def _others_need_a_level(bench: Workbench, warehouse: str, ids: list[str]) -> None:
    made = bench.client.service_principals.create(display_name="monitor")
    secret = bench.client.service_principal_secrets_proxy.create(str(made.id)).secret
    machine = bench.server.machine(str(made.application_id), str(secret))
    give(bench.client, "warehouses", warehouse, "CAN_USE", machine)
    own = run(machine, "SELECT 1", warehouse)
    assert [i.query_id for i in history(machine, warehouse_ids=[warehouse])] == [own]
    give(bench.client, "warehouses", warehouse, "CAN_MONITOR", machine)
    seen = [item.query_id for item in history(machine, warehouse_ids=[warehouse])]
    assert seen == [own, *ids[::-1]]
    assert [i.query_id for i in history(bench.client, user_ids=[int(made.id or 0)])] == [own]


def test_the_history_has_the_statements_of_sql_files(bench: Workbench) -> None:
    client = bench.client
    text = b"SELECT id FROM range(4);\nSELECT * FROM nowhere.nothing;\nSELECT 'never'"
    client.workspace.upload("/Shared/history.sql", text, format=ImportFormat.RAW)
    (warehouse,) = client.warehouses.list()
    body = {"warehouse_id": warehouse.id, "file": {"path": "/Shared/history.sql"}}
    run = bench.run({"task_key": "main", "sql_task": body})
    output = bench.output(run)["sql_output"]["query_output"]
    keys = [item["lookup_key"] for item in output["sql_statements"]]
    failed, succeeded = history(client, statement_ids=keys)
    assert [failed.query_id, succeeded.query_id] == keys[::-1]
    assert (succeeded.rows_produced, succeeded.status) == (4, QueryStatus.FINISHED)
    assert "TABLE_OR_VIEW_NOT_FOUND" in str(failed.error_message)
    source: Any = failed.as_dict()
    assert source["query_source"]["job_info"]["job_run_id"] == str(run["run_id"])
