"""SQL tasks with saved queries, alerts and dashboards; alert and dashboard tasks: on real Spark."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service import sql

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
CLIENT = "Databricks SQL Alerts"
STARTER = "Serverless Starter Warehouse"


def starter(bench: Workbench) -> str:
    return next(str(w.id) for w in bench.client.warehouses.list() if w.name == STARTER)


def sql_task(bench: Workbench, key: str = "main", **body: Any) -> dict[str, Any]:
    return {"task_key": key, "sql_task": {"warehouse_id": starter(bench), **body}}


def query(bench: Workbench, text: str, *parameters: sql.QueryParameter) -> str:
    made = bench.client.queries.create(
        query=sql.CreateQueryRequestQuery(
            display_name="saved",
            query_text=text,
            catalog="dev",
            schema="default",
            warehouse_id=starter(bench),
            parameters=list(parameters),
        )
    )
    return str(made.id)


def test_a_saved_query_runs_with_parameters(bench: Workbench) -> None:
    number = sql.QueryParameter(name="n", numeric_value=sql.NumericValue(value=2))
    text = sql.QueryParameter(name="t", text_value=sql.TextValue(value="unset"))
    saved = query(
        bench,
        "CREATE OR REPLACE TABLE of_query AS SELECT '{{ t }}' AS t, {{n}} + 1 AS n, :more AS more",
        number,
        text,
    )
    run = bench.run(
        sql_task(bench, query={"query_id": saved}, parameters={"t": "it's", "more": "x"})
    )
    output = bench.output(run)
    assert run["state"]["result_state"] == "SUCCESS", output
    shown = output["sql_output"]["query_output"]
    assert shown["warehouse_id"] == starter(bench)
    (key,) = [item["lookup_key"] for item in shown["sql_statements"]]
    answer = bench.client.statement_execution.execute_statement(
        "SELECT * FROM dev.default.of_query", starter(bench), wait_timeout="50s"
    )
    assert answer.result
    assert answer.result.data_array == [["it's", "3", "x"]]
    wanted = sql.QueryFilter(statement_ids=[key])
    (found,) = bench.client.query_history.list(filter_by=wanted).res or []
    assert found.query_source
    assert found.query_source.sql_query_id == saved
    assert found.query_source.job_info
    assert found.query_source.job_info.job_run_id == str(run["run_id"])
    failing = bench.run(sql_task(bench, query={"query_id": query(bench, "SELECT * FROM gone")}))
    assert "TABLE_OR_VIEW_NOT_FOUND" in bench.output(failing)["error"]


def test_tasks_name_the_rows_of_a_query_before_them(bench: Workbench) -> None:
    text = "SELECT id AS n, 'it''s' AS word, id > 0 AS more, array(id) AS list FROM range(2)"
    after = [{"task_key": "query"}]
    condition = {"op": "EQUAL_TO", "left": "{{tasks.query.output.first_row.word}}", "right": "it's"}
    inputs = "{{tasks.query.output.rows}}"
    fields = "{{input.n}} {{input.word}} {{input.more}} {{input.list}}"
    nested = {"task_key": "one", "condition_task": condition | {"left": fields}}
    wide = "SELECT repeat('x', 50000) AS x"
    run = bench.run(
        sql_task(bench, "query", query={"query_id": query(bench, text)}),
        {"task_key": "word", "depends_on": after, "condition_task": condition},
        {
            "task_key": "each",
            "depends_on": after,
            "for_each_task": {"inputs": inputs, "task": nested},
        },
        sql_task(bench, "wide", query={"query_id": query(bench, wide)}),
        {
            "task_key": "too_wide",
            "depends_on": [{"task_key": "wide"}],
            "condition_task": condition | {"left": "{{tasks.wide.output.first_row.x}}"},
        },
    )
    tasks = {task["task_key"]: task for task in run["tasks"]}
    assert tasks["word"]["condition_task"]["outcome"] == "true"
    iterations = bench.get(tasks["each"]["run_id"])["iterations"]
    assert sorted(item["condition_task"]["left"] for item in iterations) == [
        "0 it's false [0]",
        "1 it's true [1]",
    ]
    assert "references reach at most 49152" in tasks["too_wide"]["state"]["state_message"]


def test_alerts_are_evaluated(bench: Workbench) -> None:
    def alert(operator: sql.AlertOperator, limit: float) -> str:
        operand = sql.AlertConditionOperand(column=sql.AlertOperandColumn(name="n"))
        threshold = sql.AlertConditionThreshold(value=sql.AlertOperandValue(double_value=limit))
        made = bench.client.alerts.create(
            alert=sql.CreateAlertRequestAlert(
                display_name="watched",
                query_id=query(bench, "SELECT 5 AS n"),
                condition=sql.AlertCondition(op=operator, operand=operand, threshold=threshold),
            )
        )
        return str(made.id)

    low, high = alert(sql.AlertOperator.GREATER_THAN, 4), alert(sql.AlertOperator.EQUAL, 4)
    run = bench.run(
        sql_task(bench, "low", alert={"alert_id": low}),
        sql_task(bench, "high", alert={"alert_id": high}),
    )
    states = [
        bench.output(run, key)["sql_output"]["alert_output"]["alert_state"]
        for key in ("low", "high")
    ]
    assert states == ["TRIGGERED", "OK"]
    assert bench.client.alerts.get(low).state is sql.AlertState.TRIGGERED
    assert bench.client.alerts.get(low).trigger_time


def test_alerts_of_the_second_generation_are_evaluated(bench: Workbench) -> None:
    source = sql.AlertV2OperandColumn(name="n", aggregation=sql.Aggregation.SUM)
    threshold = sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=6))
    made = bench.client.alerts_v2.create_alert(
        sql.AlertV2(
            display_name="second",
            query_text="SELECT id AS n FROM range(4)",
            warehouse_id=starter(bench),
            evaluation=sql.AlertV2Evaluation(
                source=source,
                comparison_operator=sql.ComparisonOperator.GREATER_THAN_OR_EQUAL,
                threshold=threshold,
            ),
            schedule=sql.CronSchedule(quartz_cron_schedule="0 0 0 * * ?", timezone_id="UTC"),
        )
    )
    run = bench.run({"task_key": "main", "alert_task": {"alert_id": made.id}})
    assert bench.output(run)["alert_output"] == {"alert_state": "TRIGGERED"}
    evaluated = bench.client.alerts_v2.get_alert(str(made.id)).evaluation
    assert evaluated
    assert evaluated.state is sql.AlertEvaluationState.TRIGGERED
    assert evaluated.last_evaluated_at


def test_alerts_are_evaluated_by_their_schedule(bench: Workbench) -> None:
    alerts = bench.client.alerts_v2

    def alert(cron: str, text: str = "SELECT 5 AS n") -> sql.AlertV2:
        return sql.AlertV2(
            display_name=f"scheduled {text}",
            query_text=text,
            warehouse_id=starter(bench),
            evaluation=sql.AlertV2Evaluation(
                source=sql.AlertV2OperandColumn(name="n"),
                comparison_operator=sql.ComparisonOperator.GREATER_THAN,
                threshold=sql.AlertV2Operand(value=sql.AlertV2OperandValue(double_value=4)),
            ),
            schedule=sql.CronSchedule(quartz_cron_schedule=cron, timezone_id="UTC"),
        )

    with pytest.raises(InvalidParameterValue, match="Invalid quartz_cron_expression 'often'"):
        alerts.create_alert(alert("often"))
    often = "0/5 * * * * ?"
    ids = [str(alerts.create_alert(alert(often, text)).id) for text in ("SELECT 5 AS n", "SELECT")]
    wanted = [sql.AlertEvaluationState.TRIGGERED, sql.AlertEvaluationState.ERROR]
    for identifier, state in zip(ids, wanted, strict=True):
        while (
            found := alerts.get_alert(identifier).evaluation
        ) is None or found.state is not state:
            time.sleep(0.2)
        assert found.last_evaluated_at
        alerts.trash_alert(identifier)
    sent = bench.client.query_history.list(max_results=50).res or []
    assert {item.query_text for item in sent if item.client_application == CLIENT} == {
        "SELECT 5 AS n",
        "SELECT",
    }


def test_dashboards_run_their_datasets(bench: Workbench) -> None:
    from databricks.sdk.service.dashboards import Dashboard

    def dashboard(*texts: str) -> str:
        datasets = [
            {"name": f"d{i}", "displayName": f"Set {i}", "queryLines": [text]}
            for i, text in enumerate(texts)
        ]
        content = json.dumps({"datasets": datasets, "pages": []})
        made = bench.client.lakeview.create(
            Dashboard(
                display_name=f"shown {len(texts)}",
                serialized_dashboard=content,
                warehouse_id=starter(bench),
            )
        )
        return str(made.dashboard_id)

    good, bad = dashboard("SELECT 1 AS a"), dashboard("SELECT 1 AS a", "SELECT * FROM gone")
    run = bench.run(
        {"task_key": "good", "dashboard_task": {"dashboard_id": good}},
        {"task_key": "bad", "dashboard_task": {"dashboard_id": bad}},
        sql_task(bench, "old", dashboard={"dashboard_id": good}),
    )
    states = {task["task_key"]: task["state"]["result_state"] for task in run["tasks"]}
    assert states == {"good": "SUCCESS", "bad": "FAILED", "old": "SUCCESS"}
    assert "dataset Set 1: [TABLE_OR_VIEW_NOT_FOUND]" in bench.output(run, "bad")["error"]
    (widget,) = bench.output(run, "old")["sql_output"]["dashboard_output"]["widgets"]
    assert (widget["widget_title"], widget["status"]) == ("Set 0", "SUCCESS")
