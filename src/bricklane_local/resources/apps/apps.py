"""Apps: their compute starts and stops, their deployments succeed, and no process runs.

Source: https://docs.databricks.com/api/workspace/apps. Each app has a service principal of its own,
which is real: it can be granted what the app needs.
"""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity
from bricklane_local.identity.members import TYPES
from bricklane_local.permissions.levels import MANAGE, USE
from bricklane_local.resources.apps.deployments import (
    active,
    deploy,
    get_deployment,
    list_deployments,
)
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, named_by
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, Own, routes
from bricklane_local.resources.records import Records
from bricklane_local.resources.states import Machine, Move

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

STARTING, ACTIVE, STOPPING, STOPPED = "STARTING", "ACTIVE", "STOPPING", "STOPPED"
COMPUTE = Machine(
    "app",
    actions={
        "start": {STOPPED: STARTING, STARTING: STARTING, ACTIVE: ACTIVE},
        "stop": {ACTIVE: STOPPING, STARTING: STOPPING, STOPPING: STOPPING, STOPPED: STOPPED},
    },
    moves={STARTING: Move(ACTIVE), STOPPING: Move(STOPPED)},
)
MESSAGES = {
    STARTING: "App compute is starting.",
    ACTIVE: "App compute is running.",
    STOPPING: "App compute is stopping.",
    STOPPED: "App compute is stopped.",
}
NAME = re.compile(r"[a-z][a-z0-9-]{0,28}[a-z0-9]")
NO_COMPUTE, UPDATE = "no_compute", "_update"
NOTHING_RUNS = "Deployed; the local workspace runs no app."
SERVICE_PRINCIPALS = TYPES["ServicePrincipals"]


def _made(act: Act, body: Body) -> Body:
    name = str(body["name"])
    if not NAME.fullmatch(name):
        raise invalid(
            f"name must be 2 to 30 lower-case letters, digits and dashes, beginning with a letter; "
            f"got {name!r}"
        )
    identity = str(uuid.uuid4())
    principal = act.workspace.members.create(
        SERVICE_PRINCIPALS,
        {"displayName": f"app-{identity[:6]} {name}"},
        act.workspace.cloud.administrator,
    )
    return {
        **COMPUTE.begin(STARTING, act.time),
        "id": identity,
        "create_time": act.iso,
        "creator": act.caller.user_name,
        "default_source_code_path": "",
        "service_principal_client_id": principal.user_name,
        "service_principal_id": int(principal.id),
        "service_principal_name": principal.display_name,
        UPDATE: None,
    }


def _changed(act: Act, _body: Body) -> Body:
    return {"update_time": act.iso, "updater": act.caller.user_name}


def _removed(act: Act, body: Body) -> None:
    workspace, client_id = act.workspace, str(body["service_principal_client_id"])
    principal = workspace.cloud.directory.find(workspace.name, client_id)
    if principal is not None:
        workspace.members.delete(SERVICE_PRINCIPALS, principal)
    workspace.space.delete_children("app_deployment", str(body["name"]))


def _shown(workspace: Workspace, body: Body) -> Body:
    time = workspace.cloud.clock.now()
    state, _since = COMPUTE.now(body, time)
    deployed, pending = active(workspace, str(body["name"]), time)
    shown = {
        **body,
        "url": f"{workspace.host}/apps/{body['name']}",
        "compute_status": {"state": state, "message": MESSAGES[state]},
        "app_status": {
            "state": "RUNNING" if deployed and state == ACTIVE else "UNAVAILABLE",
            "message": NOTHING_RUNS if deployed else "App has not been deployed.",
        },
    }
    if deployed:
        shown |= {
            "active_deployment": deployed,
            "default_source_code_path": deployed.get("source_code_path") or "",
        }
    return shown | ({"pending_deployment": pending} if pending else {})


class _Create(Create):
    """Make an app, with or without starting its compute."""

    def answer(self, call: Call, records: Records, _kind: Kind) -> Body:
        """Make one."""
        stopped = call.flag(NO_COMPUTE)
        with call.cloud.database.transaction():
            body = records.create(call.body, call.caller)
            if stopped:
                body |= COMPUTE.begin(STOPPED, call.cloud.clock.now())
                records.put(body)
        return records.show(body)


def start(call: Call, records: Records, body: Body) -> Body:
    """Start the compute of an app."""
    started = {**body, **COMPUTE.act("start", body, call.cloud.clock.now())}
    records.put(started)
    return records.show(started)


def stop(call: Call, records: Records, body: Body) -> Body:
    """Stop the compute of an app."""
    stopped = {**body, **COMPUTE.act("stop", body, call.cloud.clock.now())}
    records.put(stopped)
    return records.show(stopped)


def begin_update(call: Call, records: Records, body: Body) -> Body:
    """Change an app, as the API does in the background."""
    mask, wanted = call.text("update_mask"), call.body.get("app") or {}
    names = [name.partition(".")[0] for name in mask.split(",")] if mask != "*" else list(wanted)
    sent = {name: wanted.get(name) for name in names}
    gone = [name for name, value in sent.items() if value is None]
    changed = records.change(body, sent, call.caller, gone)
    records.put({**changed, UPDATE: {name: changed.get(name) for name in names}})
    return {**sent, "status": {"state": "IN_PROGRESS"}}


def get_update(_call: Call, _records: Records, body: Body) -> Body:
    """Return the latest change of an app."""
    if body[UPDATE] is None:
        return {"status": {"state": "NOT_UPDATED"}}
    return {**body[UPDATE], "status": {"state": "SUCCEEDED"}}


API, SDK = "/api/2.0/apps", "apps.AppsAPI"
STATE = Fidelity.STATE_ONLY
APP = Kind(
    name="app",
    document="app",
    key="name",
    new_key=named_by("name"),
    guard=Guard("apps", EVERYBODY, USE),
    required=("name",),
    defaults={"compute_size": "MEDIUM", "description": ""},
    outputs=(
        "active_deployment",
        "app_status",
        "compute_status",
        "create_time",
        "creator",
        "default_source_code_path",
        "id",
        "pending_deployment",
        "service_principal_client_id",
        "service_principal_id",
        "service_principal_name",
        "update_time",
        "updater",
        "url",
    ),
    controls=(NO_COMPUTE,),
    made=_made,
    changed=_changed,
    shown=_shown,
    removed=_removed,
    missing_text="App with name {value} does not exist or is deleted.",
    operations=(
        _Create(f"POST {API}", "apps.App", fidelity=STATE, note="no process runs"),
        List(f"GET {API}", items="apps", size="page_size", fidelity=STATE),
        Get(f"GET {API}/{{name}}", fidelity=STATE),
        Change(f"PATCH {API}/{{name}}", "apps.App", fidelity=STATE),
        Delete(f"DELETE {API}/{{name}}", fidelity=STATE),
        *(
            Own(f"{method} {API}/{{name}}/{end}", sdk, level=level, fidelity=STATE, do=do)
            for method, end, sdk, level, do in (
                ("POST", "start", None, MANAGE, start),
                ("POST", "stop", None, MANAGE, stop),
                ("POST", "update", f"{SDK}.create_update", MANAGE, begin_update),
                ("GET", "update", None, USE, get_update),
                ("POST", "deployments", "apps.AppDeployment", MANAGE, deploy),
                ("GET", "deployments", None, USE, list_deployments),
                ("GET", "deployments/{deployment}", None, USE, get_deployment),
            )
        ),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([APP])
