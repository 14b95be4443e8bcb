"""What workflows of a repository may do.

Source: https://docs.github.com/en/rest/actions/permissions
"""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError
from bricklane_local.forge.routing import ForgeRoute

RESTRICTED = "read"
LEVELS = (RESTRICTED, "write")


def get_permissions(call: ForgeCall) -> dict[str, Any]:
    """Say that workflows are on, with any action."""
    del call
    return {"enabled": True, "allowed_actions": "all", "sha_pinning_required": False}


def get_workflow_permissions(call: ForgeCall) -> dict[str, Any]:
    """Return what tokens of jobs may do whose workflow does not say."""
    return {
        "default_workflow_permissions": RESTRICTED,
        "can_approve_pull_request_reviews": call.repository.actions_open_pulls,
    }


def put_workflow_permissions(call: ForgeCall) -> None:
    """Say whether tokens of jobs may open and approve pull requests."""
    level = call.choice("default_workflow_permissions", LEVELS)
    if level not in (None, RESTRICTED):
        message = f"default_workflow_permissions {level!r} is not supported by this forge: read is"
        raise ForgeApiError(422, message)
    allowed = call.flag("can_approve_pull_request_reviews")
    if allowed is not None:
        call.forge.repositories.save(call.repository, actions_open_pulls=allowed)


PERMISSIONS = "/repos/{owner}/{repo}/actions/permissions"
OF_WORKFLOWS = f"{PERMISSIONS}/workflow"
READ, WRITE = ("administration:read",), ("administration:write",)
ROUTES = [
    ForgeRoute("GET", PERMISSIONS, get_permissions, READ),
    ForgeRoute("GET", OF_WORKFLOWS, get_workflow_permissions, READ),
    ForgeRoute(
        "PUT",
        OF_WORKFLOWS,
        put_workflow_permissions,
        WRITE,
        proved_by="requests",
        note="a new repository lets jobs open pull requests, which github.com's does not",
    ),
]
