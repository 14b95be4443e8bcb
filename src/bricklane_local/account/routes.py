"""Routes of the account: workspaces, and who may enter them.

Source: https://docs.databricks.com/api/account/workspaces and
https://docs.databricks.com/api/account/workspaceassignment.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import Any

from starlette.responses import Response

from bricklane_local.account.assignments import LEVELS
from bricklane_local.account.registry import Status
from bricklane_local.app.asgi import json_response
from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Answer, Handler, Route

ACCOUNT = "/api/2.0/accounts/{account}"
# What of a running workspace can be changed here.
CHANGEABLE = ("custom_tags", "network_connectivity_config_id", "expected_workspace_status")


def guarded(route: Route) -> Route:
    """Let only administrators of the account use ``route``."""
    return replace(route, handler=_administrators(route.handler))


def _administrators(handler: Handler) -> Handler:
    def require_administrator(call: Call) -> Answer | Awaitable[Answer]:
        if not call.caller.is_admin:
            raise ApiError(
                "PERMISSION_DENIED",
                f"{call.caller.user_name} is no administrator of the account: "
                f"{call.request.method} {call.request.url.path} needs the role account_admin",
            )
        return handler(call)

    return require_administrator


def create_workspace(call: Call) -> dict[str, Any]:
    """Begin to make a workspace."""
    return call.cloud.provisioning.create(call.body, call.caller)


def list_workspaces(call: Call) -> Response:
    """List the workspaces, oldest first."""
    return json_response(
        [call.cloud.provisioning.show(row.name) for row in call.cloud.registry.rows()]
    )


def _workspace(call: Call) -> str:
    return call.cloud.registry.named(call.path["workspace"])


def get_workspace(call: Call) -> dict[str, Any]:
    """Describe a workspace."""
    return call.cloud.provisioning.show(_workspace(call))


def update_workspace(call: Call) -> dict[str, Any]:
    """Change what can be changed of a workspace; all else is refused by name."""
    fields = call.body.get("customer_facing_workspace") or call.body
    if unknown := [name for name in fields if name not in CHANGEABLE]:
        raise invalid(
            f"{', '.join(unknown)} of a workspace cannot be changed in the local cloud; "
            f"these can: {', '.join(CHANGEABLE)}"
        )
    name = _workspace(call)
    kept = {key: value for key, value in fields.items() if key != "expected_workspace_status"}
    call.cloud.registry.change(name, **kept)
    return call.cloud.provisioning.show(name)


async def delete_workspace(call: Call) -> None:
    """Delete a workspace with all it holds."""
    await call.cloud.provisioning.delete(_workspace(call))


def _running(call: Call) -> str:
    name = _workspace(call)
    body = call.cloud.registry.body(name)
    if body["workspace_status"] != Status.RUNNING:
        raise ApiError(
            "INVALID_STATE",
            f"The workspace {body['workspace_name']} is {body['workspace_status']}, not RUNNING",
        )
    return name


def list_assignments(call: Call) -> dict[str, Any]:
    """List who is assigned to a workspace."""
    return {"permission_assignments": call.account.assignments.of(_running(call))}


def put_assignment(call: Call) -> dict[str, Any]:
    """Assign a principal or group to a workspace, or change its level."""
    levels = call.body.get("permissions") or []
    return call.account.assignments.set(_running(call), call.path["principal"], levels)


def delete_assignment(call: Call) -> None:
    """Take an assignment away."""
    call.account.assignments.remove(_running(call), call.path["principal"])


def levels(call: Call) -> dict[str, Any]:
    """Return the levels on which one can be assigned."""
    _running(call)
    shown = [{"permission_level": level, "description": text} for level, text in LEVELS.items()]
    return {"permissions": shown}


def _routes() -> list[Route]:
    one = f"{ACCOUNT}/workspaces/{{workspace}}"
    principal = f"{one}/permissionassignments/principals/{{principal}}"
    sdk, proof = "provisioning.WorkspacesAPI", "databricks_mws_workspaces"
    assignment, assigned = "iam.WorkspaceAssignmentAPI", "databricks_mws_permission_assignment"
    return [
        Route(
            "POST",
            f"{ACCOUNT}/workspaces",
            create_workspace,
            sdk=f"{sdk}.create",
            proved_by=proof,
            note="serverless only; it gets a listener of its own",
        ),
        Route("GET", f"{ACCOUNT}/workspaces", list_workspaces, proved_by=proof),
        Route("GET", one, get_workspace, proved_by=proof),
        Route("PATCH", one, update_workspace, proved_by=proof),
        Route("DELETE", one, delete_workspace, proved_by=proof),
        Route(
            "GET",
            f"{one}/permissionassignments",
            list_assignments,
            proved_by=assigned,
        ),
        Route(
            "GET",
            f"{one}/permissionassignments/permissions",
            levels,
            proved_by="databricks-sdk",
        ),
        Route(
            "PUT",
            principal,
            put_assignment,
            sdk=f"{assignment}.update",
            proved_by=assigned,
        ),
        Route("DELETE", principal, delete_assignment, proved_by=assigned),
    ]


ROUTES = [guarded(route) for route in _routes()]
