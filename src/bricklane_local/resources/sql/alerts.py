"""Alerts of both generations. Tasks of jobs evaluate them, and the second's own schedules do.

Those of the second are files of the workspace tree too
(https://docs.databricks.com/en/dev-tools/bundles/resources, ``alert``: ``file_path``).

Source: https://docs.databricks.com/api/workspace/alertsv2, and …/alerts for those that watch a
saved query. Deleting one moves it to the trash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Fidelity
from bricklane_local.identity.principals import PrincipalKind
from bricklane_local.jobs.triggers.timed import SCHEDULE
from bricklane_local.permissions.levels import EDIT, READ
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, uuid_key
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, routes
from bricklane_local.resources.records import FOLDER, Records
from bricklane_local.resources.sql.common import PARENT, WAREHOUSE_ID, in_workspace, parent_folder
from bricklane_local.resources.sql.queries import OWNER, QUERY, check_owner, made
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

PAUSED, DEFAULT_ZONE = "PAUSED", "UTC"
# Where its file is, and what of an alert is in it, beside the lines of its query.
EXTENSION, PATH = ".dbalert.json", "_path"
DEFINITION = ("custom_description", "custom_summary", "evaluation", "parameters", "schedule")
STATE = Fidelity.STATE_ONLY
NOTE = "evaluated by tasks, and nobody is notified"
SCHEDULED = "evaluated by tasks and by its schedule; nobody is notified"


def _made_legacy(act: Act, body: Body) -> Body:
    return {**made(act, body), "state": "UNKNOWN"}


def _updated_legacy(act: Act, body: Body) -> Body:
    return {"update_time": act.iso, PARENT: in_workspace(body[FOLDER])}


def _check_legacy(act: Act, body: Body, old: Body | None) -> None:
    check_owner(act, body, old)
    Records(act.workspace, QUERY).wanted(str(body["query_id"]), act.caller, READ)


LEGACY_API, LEGACY_SDK = "/api/2.0/sql/alerts", "sql.AlertsAPI"
LEGACY = Kind(
    name="alert",
    document="alert",
    key="id",
    new_key=uuid_key,
    guard=Guard("sql/alerts", EVERYBODY, READ, EDIT),
    required=("display_name", "query_id", "condition"),
    outputs=("create_time", "lifecycle_state", "state", "trigger_time", "update_time"),
    folder=parent_folder,
    made=_made_legacy,
    changed=_updated_legacy,
    check=_check_legacy,
    trash={"lifecycle_state": "TRASHED"},
    brief=(PARENT,),
    sent_in="alert",
    operations=(
        Create(f"POST {LEGACY_API}", f"{LEGACY_SDK}.create", fidelity=STATE, note=NOTE),
        List(f"GET {LEGACY_API}", items="results", size="page_size", fidelity=STATE),
        Get(f"GET {LEGACY_API}/{{id}}", fidelity=STATE),
        Change(f"PATCH {LEGACY_API}/{{id}}", f"{LEGACY_SDK}.update", fidelity=STATE),
        Delete(f"DELETE {LEGACY_API}/{{id}}", fidelity=STATE, note="moves it to the trash"),
    ),
    proved_by="terraform databricks_alert",
)


def run_as(workspace: Workspace, body: Body) -> Body:
    """Return as whom an alert runs: whom it names, or its owner."""
    wanted = body.get("run_as") or {}
    if any(wanted.values()):
        return dict(wanted)
    owner = workspace.cloud.directory.find(workspace.name, str(body[OWNER]))
    machine = owner is not None and owner.kind is PrincipalKind.SERVICE_PRINCIPAL
    return {"service_principal_name" if machine else "user_name": body[OWNER]}


def _shown(workspace: Workspace, body: Body) -> Body:
    return {**body, "effective_run_as": run_as(workspace, body)}


def as_cron(body: Body) -> Body | None:
    """Return the schedule of an alert as that of a job; None while it is paused or has none."""
    schedule = body.get("schedule") or {}
    if not schedule.get("quartz_cron_schedule") or schedule.get("pause_status") == PAUSED:
        return None
    return {
        "quartz_cron_expression": schedule["quartz_cron_schedule"],
        "timezone_id": schedule.get("timezone_id") or DEFAULT_ZONE,
    }


def _updated(act: Act, _body: Body) -> Body:
    act.workspace.alert_schedules.wake()
    return {"update_time": act.iso}


def _write(act: Act, body: Body, old: Body | None) -> None:
    """Put the file of an alert where it belongs."""
    objects, before = act.workspace.objects, (old or {}).get(PATH, "")
    path = f"{body[FOLDER].rstrip('/')}/{body['display_name']}{EXTENSION}"
    content = {name: body[name] for name in DEFINITION if body.get(name) is not None}
    content["query_lines"] = str(body["query_text"]).splitlines()
    objects.write(
        path,
        act.workspace.cloud.blobs.put(orjson.dumps(content, option=orjson.OPT_INDENT_2)),
        act.caller,
        object_type=ObjectType.FILE,
        resource_id=str(body["id"]),
        overwrite=path == before,
    )
    if before and path != before:
        objects.forget(before)
    body[PATH] = path


def _removed(act: Act, body: Body) -> None:
    if body.get(PATH):
        act.workspace.objects.forget(body[PATH])


def _check(act: Act, body: Body, old: Body | None) -> None:
    if cron := as_cron(body):
        SCHEDULE.check({}, cron)
    # The folder is shown as it was named at creation, or not at all: Terraform expects it so.
    if old is not None and old.get(PARENT) != body.get(PARENT):
        body[PARENT] = old.get(PARENT)
    named = (body.get("run_as") or {}).get("service_principal_name")
    if named and act.workspace.cloud.directory.find(act.workspace.name, named) is None:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"run_as names {named}, who is not here")
    _write(act, body, old)


API = "/api/2.0/alerts"
ALERT = Kind(
    name="alert",
    document="alert_v2",
    key="id",
    new_key=uuid_key,
    guard=Guard("alertsv2", EVERYBODY, READ, EDIT),
    required=("display_name", "query_text", WAREHOUSE_ID, "evaluation", "schedule"),
    outputs=(
        "create_time",
        "effective_run_as",
        "lifecycle_state",
        OWNER,
        "run_as_user_name",
        "update_time",
    ),
    folder=parent_folder,
    made=made,
    changed=_updated,
    check=_check,
    removed=_removed,
    shown=_shown,
    trash={"lifecycle_state": "DELETED"},
    operations=(
        Create(f"POST {API}", "sql.AlertV2", fidelity=STATE, note=SCHEDULED),
        List(f"GET {API}", items="alerts", size="page_size", fidelity=STATE),
        Get(
            f"GET {API}/{{id}}",
            fidelity=STATE,
            note="`parent_path` as it was named at creation; `bundle generate alert` needs it",
        ),
        Change(f"PATCH {API}/{{id}}", "sql.AlertV2", fidelity=STATE),
        Delete(f"DELETE {API}/{{id}}", fidelity=STATE, note="moves it to the trash"),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([ALERT, LEGACY])


def follow_tree(workspace: Workspace) -> None:
    """Move to the trash each alert whose file is deleted from the workspace tree."""

    def deleted(item: WorkspaceObject) -> None:
        records = Records(workspace, ALERT)
        body = records.find(item.resource_id) if item.path.endswith(EXTENSION) else None
        if body is not None and body.get(PATH) == item.path:
            records.put({**body, **(ALERT.trash or {})})
            workspace.alert_schedules.wake()

    workspace.objects.on_deletion.append(deleted)
