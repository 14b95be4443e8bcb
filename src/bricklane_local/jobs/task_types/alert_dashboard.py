"""Alert tasks evaluate an alert; dashboard tasks refresh a dashboard.

Source: ``alert_task`` and ``dashboard_task`` of
https://docs.databricks.com/api/workspace/jobs/create.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.task_types.saved_sql import evaluate, refresh, require_all
from bricklane_local.jobs.task_types.sql_rows import output_of
from bricklane_local.jobs.task_types.statements import Desk, at_desk
from bricklane_local.jobs.task_types.task_type import Body, TaskType

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import Run, TaskRun


async def _alert(desk: Desk) -> Body:
    body = desk.body
    if body.get("parameters"):
        raise invalid("parameters of an alert_task are not supported here: alerts have none")
    return await evaluate(desk, body["alert_id"])


def _alert_output(_engine: JobEngine, _run: Run, task_run: TaskRun) -> Body:
    shown = task_run.output.get("sql") or {}
    state = (shown.get("alert_output") or shown).get("alert_state")
    return {"alert_output": {"alert_state": state}} if state else {}


async def _dashboard(desk: Desk) -> Body:
    body = desk.body
    if body.get("filters"):
        raise invalid("filters of a dashboard_task are not supported here: leave them out")
    ran = await refresh(desk, body["dashboard_id"], {})
    errors = [
        {"message": item["statement"].error["message"]} for item in ran if item["statement"].error
    ]
    output: Body = {"page_snapshots": [{"widget_error_details": errors}] if errors else []}
    require_all(ran, output)
    return output


def _dashboard_output(_engine: JobEngine, _run: Run, task_run: TaskRun) -> Body:
    return {"dashboard_output": task_run.output.get("sql") or {}}


ALERT_TASK = TaskType(
    "alert_task",
    at_desk(_alert),
    required=("alert_id",),
    output=_alert_output,
    referred=output_of,
)
DASHBOARD_TASK = TaskType(
    "dashboard_task", at_desk(_dashboard), required=("dashboard_id",), output=_dashboard_output
)
