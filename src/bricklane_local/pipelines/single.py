"""Materialized views and streaming tables that a SQL statement makes: each has its own pipeline.

Source: https://docs.databricks.com/en/ldp/dbsql/materialized and
https://docs.databricks.com/en/ldp/dbsql/streaming (a pipeline is made for each, and refreshes it).
The routes are none of Databricks: what runs the statement calls them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.faults import PREFIX
from bricklane_local.app.routing import Route
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.kinds import TABLE
from bricklane_local.catalog.names import full_name_of
from bricklane_local.pipelines import schedules
from bricklane_local.pipelines.pipelines import DOCUMENT, PIPELINE
from bricklane_local.pipelines.updates import STARTED_BY
from bricklane_local.resources.kind import Body, iso
from bricklane_local.resources.records import Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.identity.principals import Principal

# Fields of a pipeline: the table that it makes, and the statement that says how.
MAKES, STATEMENT = "_makes", "_statement"
# States in which an update has ended, as DESCRIBE EXTENDED names them.
STATUSES = {"COMPLETED": "Succeeded", "FAILED": "Failed", "CANCELED": "Canceled"}
TYPES = {"MATERIALIZED_VIEW": "MV", "STREAMING_TABLE": "ST"}


def define(call: Call) -> Body:
    """Define a table by its statement and start the update that fills it.

    The body has the table's full ``name``, its ``table_type``, the ``statement``, the ``catalog``
    and ``schema`` that the statement's names begin with, ``if_exists``: ``error``, ``keep``,
    ``refresh`` or ``replace``, and the ``schedule``, if the statement has one.

    Returns:
        ``name``, ``pipeline_id`` and ``update_id``; nothing when the table is there and is kept.

    Raises:
        ApiError: TABLE_ALREADY_EXISTS, or what is there is no such table.
    """
    name = full_name_of(call.text("name"), TABLE)
    if_exists = call.text("if_exists")
    there = call.cloud.metastore.space.get(TABLE.name, name)
    if there is not None and if_exists in ("error", "keep"):
        if if_exists == "keep":
            return {}
        raise TABLE.duplicate(name)
    with call.cloud.database.transaction():
        if there is None:
            forget(call.workspace, name, call.caller)
            pipeline = _made(call, name)
        else:
            pipeline = _redefined(call, _of(call, name), there)
        schedule = call.body.get("schedule")
        if schedule is not None or if_exists == "replace":
            pipeline = schedules.keep(call, pipeline, name, schedule)
    sent = {"full_refresh": if_exists == "replace" and there is not None}
    return _started(call, pipeline, sent, waits=True)


def _made(call: Call, name: str) -> Body:
    records = Records(call.workspace, PIPELINE)
    settings = {
        "name": name,
        "catalog": call.text("catalog"),
        "schema": call.text("schema"),
        "serverless": True,
        "pipeline_type": TYPES[call.text("table_type")],
    }
    body = records.create(settings, call.caller)
    body |= {MAKES: name, STATEMENT: call.text("statement")}
    call.workspace.space.update(DOCUMENT, body["pipeline_id"], body)
    return body


def _redefined(call: Call, pipeline: Body, table: Body) -> Body:
    if pipeline["pipeline_type"] != TYPES[call.text("table_type")]:
        raise ApiError(
            "INVALID_PARAMETER_VALUE",
            f"'{pipeline[MAKES]}' is a {table['table_type']} and cannot become a "
            f"{call.text('table_type')}: drop it first",
        )
    changed = {STATEMENT: call.text("statement")}
    changed |= {field: call.text(field) for field in ("catalog", "schema")}
    body = {**pipeline, **changed}
    call.workspace.space.update(DOCUMENT, body["pipeline_id"], body)
    return body


def refresh(call: Call) -> Body:
    """Start an update of a table that a statement has made.

    The body has the table's ``name``, ``full`` to make it anew, and ``waits`` when the caller's
    process waits for the update, which then ends with that process.

    Raises:
        ApiError: TABLE_DOES_NOT_EXIST; PERMISSION_DENIED to whom may not manage the table.
    """
    name = full_name_of(call.text("name"), TABLE)
    waits = call.flag("waits")
    return _started(call, _of(call, name), {"full_refresh": call.flag("full")}, waits=waits)


def schedule(call: Call) -> None:
    """Change when a table refreshes itself.

    The body has the table's ``name``, the ``change``, ``ADD``, ``ALTER`` or ``DROP``, and the
    ``schedule``.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE where there is one to be added, or none to be changed;
            PERMISSION_DENIED to whom may not manage the table.
    """
    name, change = full_name_of(call.text("name"), TABLE), call.text("change")
    pipeline = _of(call, name)
    if (change == "ADD") == bool(pipeline.get(schedules.SCHEDULE)):
        state = "has a refresh schedule already" if change == "ADD" else "has no refresh schedule"
        raise invalid(f"'{name}' {state}: {change} SCHEDULE is not for it")
    schedules.keep(call, pipeline, name, call.body.get("schedule"))


def refresh_information(call: Call) -> Body:
    """Return what DESCRIBE EXTENDED says of the refreshes of a table: names with values.

    The query has the table's full name as ``table``. Nothing is said of other tables.
    """
    name = full_name_of(call.text("table"), TABLE)
    metastore = call.cloud.metastore
    metastore.standing(caller_of(call), TABLE, name).require_seen()
    number = metastore.body(TABLE, name).get("pipeline_id")
    pipeline = call.workspace.space.get(DOCUMENT, str(number)) if number else None
    if pipeline is None:
        return {"rows": []}
    updates = call.workspace.pipelines.updates.page(pipeline["pipeline_id"], limit=1)[0]
    rows = [["Refresh Schedule", schedules.described(pipeline)]]
    if updates:
        page = f"{call.workspace.host}/pipelines/{number}/updates/{updates[0]['update_id']}"
        rows = [
            ["Last Refreshed", iso(updates[0]["creation_time"])],
            ["Latest Refresh Status", STATUSES.get(updates[0]["state"], "Running")],
            ["Latest Refresh", page],
            *rows,
        ]
    return {"rows": rows}


def _of(call: Call, name: str) -> Body:
    """Return the pipeline of a table that the caller may manage."""
    metastore = call.cloud.metastore
    metastore.standing(caller_of(call), TABLE, name).require_management()
    found = _making(call.workspace, name)
    if found is None:
        raise ApiError(
            "INVALID_PARAMETER_VALUE",
            f"'{name}' was not made by CREATE MATERIALIZED VIEW or CREATE STREAMING TABLE: a table "
            "of a pipeline is refreshed by an update of the pipeline, others need none",
        )
    return found


def _making(workspace: Workspace, name: str) -> Body | None:
    records = Records(workspace, PIPELINE)
    return next((body for body in records.all() if body.get(MAKES) == name), None)


def _started(call: Call, pipeline: Body, sent: Body, *, waits: bool) -> Body:
    engine, waiter = call.workspace.pipelines, ""
    if waits:
        token = call.request.headers.get("authorization", "").partition(" ")[2]
        waiter = call.cloud.tokens.key_of_run(token)
    update = engine.start_update(pipeline, sent, call.caller.user_name, "USER_ACTION", waiter)
    return {
        "name": pipeline[MAKES],
        "pipeline_id": pipeline["pipeline_id"],
        "update_id": update["update_id"],
    }


def stop(call: Call) -> None:
    """Stop the update that a statement has started, unless it has ended.

    The body has what :func:`define` and :func:`refresh` return.

    Raises:
        ApiError: PERMISSION_DENIED to whom did not start the update.
    """
    engine = call.workspace.pipelines
    update = engine.updates.get(call.text("pipeline_id"), call.text("update_id"))
    if update.get(STARTED_BY) != call.caller.user_name:
        raise ApiError(
            "PERMISSION_DENIED", f"The update {update['update_id']} was started by somebody else"
        )
    engine.stop_update(update)


def forget(workspace: Workspace, name: str, caller: Principal) -> None:
    """Drop the pipeline, if there is one, that made a table which is no more."""
    pipeline = _making(workspace, name)
    if pipeline is not None:
        engine, number = workspace.pipelines, pipeline["pipeline_id"]
        engine.stop_updates(number)
        schedules.forget(workspace, pipeline)
        Records(workspace, PIPELINE).delete(pipeline, caller)
        engine.drop_files(number)


ROUTES = [
    Route(
        "POST",
        f"{PREFIX}/tables/schedule",
        schedule,
        proved_by="SQL statements",
        note="not a route of Databricks: ALTER MATERIALIZED VIEW and ALTER STREAMING TABLE",
    ),
    Route(
        "GET",
        f"{UNITY}/refresh-information",
        refresh_information,
        proved_by="Spark",
        note="of the local cloud alone: DESCRIBE EXTENDED",
    ),
    Route(
        "POST",
        f"{PREFIX}/tables",
        define,
        proved_by="SQL statements",
        note="not a route of Databricks: CREATE MATERIALIZED VIEW and CREATE STREAMING TABLE",
    ),
    Route(
        "POST",
        f"{PREFIX}/tables/stop",
        stop,
        proved_by="SQL statements",
        note="not a route of Databricks: a statement was cancelled",
    ),
    Route(
        "POST",
        f"{PREFIX}/tables/refresh",
        refresh,
        proved_by="SQL statements",
        note="not a route of Databricks: REFRESH",
    ),
]
