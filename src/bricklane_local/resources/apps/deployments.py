"""Deployments of apps: each succeeds when the source code is there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, missing
from bricklane_local.permissions.access import READ
from bricklane_local.resources.kind import Body, iso
from bricklane_local.resources.states import STATE, Machine, Move

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.resources.records import Records

DOCUMENT, SOURCE = "app_deployment", "source_code_path"
IN_PROGRESS, SUCCEEDED = "IN_PROGRESS", "SUCCEEDED"
DEPLOYMENTS = Machine("deployment", actions={}, moves={IN_PROGRESS: Move(SUCCEEDED)})
MESSAGES = {IN_PROGRESS: "Preparing source code", SUCCEEDED: "App deployed successfully"}


def _shown(body: Body, time: int) -> Body:
    state, _since = DEPLOYMENTS.now(body, time)
    shown = {name: value for name, value in body.items() if name != STATE}
    return {**shown, "status": {"state": state, "message": MESSAGES[state]}}


def active(workspace: Workspace, app: str, time: int) -> tuple[Body | None, Body | None]:
    """Return the deployment of an app that is active, and the one that is under way."""
    found = [
        _shown(document.body, time)
        for document in workspace.space.select(DOCUMENT, parent=app, descending=True, limit=2)
    ]
    done = (item for item in found if item["status"]["state"] == SUCCEEDED)
    waiting = (item for item in found if item["status"]["state"] == IN_PROGRESS)
    return next(done, None), next(waiting, None)


def deploy(call: Call, _records: Records, body: Body) -> Body:
    """Deploy source code of the workspace to an app."""
    path = str(call.body.get(SOURCE) or body.get("default_source_code_path") or "")
    if not path and not call.body.get("git_source"):
        raise missing(SOURCE)
    if path:
        call.workspace.objects.get(path)
        call.workspace.access.require_path(call.caller, path, READ)
    name, time = str(body["name"]), call.cloud.clock.now()
    deployment = {
        "mode": "SNAPSHOT",
        **call.body,
        SOURCE: path,
        "deployment_id": secrets.token_hex(16),
        "creator": call.caller.user_name,
        "create_time": iso(time),
        "update_time": iso(time),
        "deployment_artifacts": {SOURCE: path},
        **DEPLOYMENTS.begin(IN_PROGRESS, time),
    }
    number = call.cloud.database.next_number(DOCUMENT)
    key = f"{name}/{deployment['deployment_id']}"
    call.workspace.space.insert(DOCUMENT, key, deployment, parent=name, position=number)
    return _shown(deployment, time)


def list_deployments(call: Call, _records: Records, body: Body) -> Body:
    """List the deployments of an app, newest first."""
    time = call.cloud.clock.now()
    found = call.workspace.space.select(DOCUMENT, parent=str(body["name"]), descending=True)
    return {"app_deployments": [_shown(document.body, time) for document in found]}


def get_deployment(call: Call, _records: Records, body: Body) -> Body:
    """Return a deployment of an app."""
    wanted = call.path["deployment"]
    found = call.workspace.space.get(DOCUMENT, f"{body['name']}/{wanted}")
    if found is None:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST", f"The app {body['name']} has no deployment {wanted}"
        )
    return _shown(found, call.cloud.clock.now())
