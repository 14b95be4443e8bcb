"""Refresh schedules of materialized views and streaming tables: each is a job that refreshes one.

Source: https://docs.databricks.com/en/ldp/dbsql/schedule-refreshes (a job is made for each) and
https://docs.databricks.com/en/sql/language-manual/sql-ref-syntax-ddl-alter-materialized-view.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.catalog.calls import caller_of
from bricklane_local.jobs.triggers.changes import BETWEEN
from bricklane_local.jobs.triggers.tables import delta_log
from bricklane_local.pipelines.pipelines import DOCUMENT
from bricklane_local.resources.kind import Body

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

# Fields of a pipeline: the schedule of its table, and the job that keeps it.
SCHEDULE, JOB = "_schedule", "_schedule_job"
# The longest period of each unit.
LONGEST = {"HOURS": 72, "DAYS": 31, "WEEKS": 8}
MANUAL = "MANUAL"


def described(pipeline: Body) -> str:
    """Return the schedule of a table as a statement says it."""
    schedule = pipeline.get(SCHEDULE)
    if not schedule:
        return MANUAL
    if "tables" in schedule:
        return f"TRIGGER ON UPDATE AT MOST EVERY INTERVAL {schedule['seconds']} SECOND"
    if "cron" in schedule:
        return f"CRON '{schedule['cron']}' AT TIME ZONE '{schedule['zone']}'"
    return f"EVERY {schedule['interval']} {schedule['unit']}"


def keep(call: Call, pipeline: Body, name: str, schedule: Body | None) -> Body:
    """Have a table refreshed by a schedule, or by none; return its pipeline.

    Args:
        call: of whoever sets it.
        pipeline: of the table.
        name: of the table.
        schedule: ``cron`` and ``zone``, ``interval`` and ``unit``, or the watched ``tables`` and
            the ``seconds`` between two refreshes at least; None for none.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a schedule that cannot be.
    """
    if schedule == pipeline.get(SCHEDULE):
        return pipeline
    for table in (schedule or {}).get("tables", ()):
        delta_log(call.cloud.metastore, caller_of(call), table)
    settings = None if schedule is None else _settings(pipeline, name, schedule)
    jobs, number = call.workspace.engine.jobs, pipeline.get(JOB)
    with call.cloud.database.transaction():
        if settings is None:
            forget(call.workspace, pipeline)
            number = None
        elif number is not None and jobs.find(number) is not None:
            jobs.reset(number, settings)
        else:
            number = jobs.create(settings, call.caller)
            call.workspace.permissions.grant_at_creation("jobs", str(number), call.caller, [])
        body = {**pipeline, SCHEDULE: schedule, JOB: number}
        call.workspace.space.update(DOCUMENT, pipeline["pipeline_id"], body)
    return body


def _settings(pipeline: Body, name: str, schedule: Body) -> Body:
    task = {"task_key": "refresh", "pipeline_task": {"pipeline_id": pipeline["pipeline_id"]}}
    settings: Body = {"name": f"Refresh of {name}", "tasks": [task], "max_concurrent_runs": 1}
    if "tables" in schedule:
        watched = {"table_names": schedule["tables"], BETWEEN: schedule["seconds"]}
        return settings | {"trigger": {"table_update": watched, "pause_status": "UNPAUSED"}}
    if "cron" in schedule:
        cron = {"quartz_cron_expression": schedule["cron"], "timezone_id": schedule["zone"]}
        return settings | {"schedule": {**cron, "pause_status": "UNPAUSED"}}
    interval, unit = schedule["interval"], schedule["unit"]
    if not 1 <= interval <= LONGEST[unit]:
        raise invalid(f"SCHEDULE EVERY takes 1 to {LONGEST[unit]} {unit}, got {interval}")
    periodic = {"periodic": {"interval": interval, "unit": unit}}
    return settings | {"trigger": {**periodic, "pause_status": "UNPAUSED"}}


def forget(workspace: Workspace, pipeline: Body) -> None:
    """Delete the job of a schedule, if there is one, inside of the caller's transaction."""
    number = pipeline.get(JOB)
    if number is not None and workspace.engine.jobs.find(number) is not None:
        workspace.engine.jobs.delete(number)
        workspace.permissions.forget("jobs", str(number))
