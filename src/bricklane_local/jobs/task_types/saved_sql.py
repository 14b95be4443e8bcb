"""What SQL tasks do with saved objects: run a query, evaluate an alert, refresh a dashboard.

Source: ``sql_task`` of https://docs.databricks.com/api/workspace/jobs/create and ``sql_output`` of
``getrunoutput``. Nothing draws a dashboard: to refresh one is to run its datasets.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.task_types.sql_rows import keep
from bricklane_local.jobs.task_types.statements import Desk, StatementFailed, require_success
from bricklane_local.permissions.levels import READ, RUN
from bricklane_local.resources.records import Records
from bricklane_local.resources.sql.alerts import ALERT, LEGACY
from bricklane_local.resources.sql.dashboards import CONTENT, DASHBOARD
from bricklane_local.resources.sql.queries import QUERY
from bricklane_local.sql.conditions import ERROR, TRIGGERED, UNKNOWN, of_alert, state_of
from bricklane_local.sql.model import Statement, StatementState
from bricklane_local.sql.saved import (
    dataset_parameters,
    dataset_text,
    query_parameters,
    with_markers,
)

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.resources.kind import Kind

Body = dict[str, Any]
WIDGET_STATES = {
    StatementState.SUCCEEDED: "SUCCESS",
    StatementState.FAILED: "FAILED",
    StatementState.CANCELED: "CANCELLED",
}


def _wanted(desk: Desk, kind: Kind, identifier: Any, level: str) -> Body:
    return Records(desk.workspace, kind).wanted(str(identifier), desk.principal, level)


def _given(desk: Desk) -> dict[str, str]:
    given = desk.body.get("parameters") or {}
    return {str(name): str(value) for name, value in given.items()}


def _ran(desk: Desk, found: Statement, text: str) -> Body:
    return {
        "warehouse_id": desk.warehouse_id,
        "query_text": text,
        "sql_statements": [{"lookup_key": found.id}],
    }


async def run_query(desk: Desk) -> Body:
    """Run the saved query of a task."""
    query = _wanted(desk, QUERY, desk.body["query"].get("query_id"), RUN)
    text = str(query["query_text"])
    parameters = query_parameters(query, _given(desk))
    source = {"sql_query_id": query["id"]}
    found = await desk.run(with_markers(text), parameters, query, source)
    output = {"query_output": {**_ran(desk, found, text), "endpoint_id": desk.warehouse_id}}
    require_success(found, output)
    if desk.folder is not None:
        keep(desk.folder, *desk.result(found))
    return output


async def evaluate_alert(desk: Desk) -> Body:
    """Evaluate the alert of a task, of either generation."""
    identifier = desk.body["alert"].get("alert_id")
    records = Records(desk.workspace, LEGACY)
    if records.find(str(identifier)) is None:
        return {"alert_output": await evaluate(desk, identifier)}
    alert = records.wanted(str(identifier), desk.principal, RUN)
    query = _wanted(desk, QUERY, alert["query_id"], RUN)
    text = str(query["query_text"])
    source = {"alert_id": alert["id"], "sql_query_id": query["id"]}
    found = await desk.run(with_markers(text), query_parameters(query, {}), query, source)
    output = {"alert_output": {**_ran(desk, found, text), "alert_state": UNKNOWN}}
    if found.state is not StatementState.SUCCEEDED:
        records.put({**alert, "state": UNKNOWN})
    require_success(found, output)
    state = state_of(of_alert(alert["condition"]), *desk.result(found))
    changed: Body = {"state": state}
    if state == TRIGGERED:
        changed["trigger_time"] = _now(desk.workspace)
    records.put({**alert, **changed})
    output["alert_output"]["alert_state"] = state
    return output


async def evaluate(desk: Desk, identifier: Any) -> Body:
    """Evaluate an alert of the second generation, and keep its state.

    Returns:
        What the task shows: state, query and statement.
    """
    workspace = desk.workspace
    records = Records(workspace, ALERT)
    alert = records.wanted(str(identifier), desk.principal, RUN)
    text = str(alert["query_text"])
    place = desk if desk.warehouse_id else _at(desk, str(alert["warehouse_id"]))
    found = await place.run(text, [], {}, {"alert_id": alert["id"]})
    output = {**_ran(place, found, text), "alert_state": ERROR}
    try:
        require_success(found, {"alert_output": output})
        output["alert_state"] = state_of(alert["evaluation"], *place.result(found))
    finally:
        _keep(workspace, str(alert["id"]), str(output["alert_state"]))
    return output


def fail(workspace: Workspace, identifier: str) -> None:
    """Note of an alert that it could not be evaluated."""
    _keep(workspace, identifier, ERROR)


def _keep(workspace: Workspace, identifier: str, state: str) -> None:
    records = Records(workspace, ALERT)
    # As it is by now: it may have been changed or deleted while its query ran.
    alert = records.find(identifier)
    if alert is not None:
        evaluated = {"state": state, "last_evaluated_at": _now(workspace)}
        records.put({**alert, "evaluation": {**alert["evaluation"], **evaluated}})


def _at(desk: Desk, warehouse_id: str) -> Desk:
    return replace(desk, warehouse_id=warehouse_id)


def _now(workspace: Workspace) -> str:
    moment = workspace.cloud.clock.now() / 1000
    return dt.datetime.fromtimestamp(moment, dt.UTC).isoformat().replace("+00:00", "Z")


async def refresh(desk: Desk, identifier: Any, given: dict[str, str]) -> list[Body]:
    """Run the datasets of a dashboard, all of them though one fails.

    Args:
        desk: runs them.
        identifier: of the dashboard.
        given: values of parameters, by name.

    Returns:
        For each dataset its name, title and statement.
    """
    dashboard = _wanted(desk, DASHBOARD, identifier, READ)
    place = _at(desk, desk.warehouse_id or str(dashboard.get("warehouse_id") or ""))
    if not place.warehouse_id:
        raise invalid(f"The dashboard {identifier} has no warehouse: name one in the task")
    content = orjson.loads(dashboard[CONTENT])
    ran = []
    for dataset in content.get("datasets") or []:
        parameters = dataset_parameters(dataset, given)
        defaults = {"catalog": dataset.get("catalog"), "schema": dataset.get("schema")}
        source = {"dashboard_id": dashboard["dashboard_id"]}
        found = await place.run(dataset_text(dataset), parameters, defaults, source)
        title = dataset.get("displayName") or dataset.get("name")
        ran.append({"name": dataset.get("name"), "title": title, "statement": found})
    return ran


async def refresh_dashboard(desk: Desk) -> Body:
    """Refresh the dashboard of a SQL task."""
    identifier = desk.body["dashboard"].get("dashboard_id")
    ran = await refresh(desk, identifier, _given(desk))
    widgets = [_widget(item) for item in ran]
    output = {"dashboard_output": {"warehouse_id": desk.warehouse_id, "widgets": widgets}}
    require_all(ran, output)
    return output


def _widget(item: Body) -> Body:
    found: Statement = item["statement"]
    widget: Body = {
        "widget_id": item["name"],
        "widget_title": item["title"],
        "status": WIDGET_STATES[found.state],
        "start_time": found.started,
        "end_time": found.ended,
    }
    return widget | ({"error": {"message": found.error["message"]}} if found.error else {})


def require_all(ran: list[Body], output: Body) -> None:
    """Fail a task when a dataset has failed, and name it.

    Raises:
        StatementFailed: one has.
    """
    failed = [
        f"dataset {item['title']}: {item['statement'].error.get('message') or 'cancelled'}"
        for item in ran
        if item["statement"].state is not StatementState.SUCCEEDED
    ]
    if failed:
        raise StatementFailed("; ".join(failed), output)
