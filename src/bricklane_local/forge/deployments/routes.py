"""Routes of deployments and their statuses."""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.deployments.service import STATES, Deployment, Order
from bricklane_local.forge.deployments.wire import deployment_wire, status_wire
from bricklane_local.forge.errors import malformed, missing, not_found
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created

FILTERS = ("sha", "ref", "task", "environment")


def _wire(call: ForgeCall, deployment: Deployment) -> dict[str, Any]:
    return deployment_wire(call.forge, call.repository, deployment)


def list_deployments(call: ForgeCall) -> Listing:
    """List deployments, newest first, filtered if asked."""
    wanted = {name: call.query[name] for name in FILTERS if call.query.get(name)}
    found = [
        item
        for item in call.forge.deployments.all(call.repository)
        if all(getattr(item, name) == value for name, value in wanted.items())
    ]
    return Listing(found, lambda item: _wire(call, item))


def _flag(call: ForgeCall, name: str, *, default: bool) -> bool:
    value = call.flag(name)
    return default if value is None else value


async def create_deployment(call: ForgeCall) -> Reply:
    """Create a deployment, or merge the default branch into its branch first."""
    payload = call.body.get("payload")
    if payload is not None and not isinstance(payload, dict | str):
        raise malformed("payload", payload, "is not an object or a string")
    order = Order(
        call.text("ref"),
        call.optional_text("environment") or "production",
        call.optional_text("task") or "deploy",
        {} if payload is None else payload,
        call.optional_text("description") or "",
        _flag(call, "auto_merge", default=True),
        call.texts("required_contexts"),
        _flag(call, "transient_environment", default=False),
        call.flag("production_environment"),
    )
    outcome = await call.forge.deployments.order(call.repository, call.caller, order)
    if isinstance(outcome, str):
        return Reply(202, {"message": outcome})
    return created(_wire(call, outcome))


def _deployment(call: ForgeCall) -> Deployment:
    return call.forge.deployments.get(call.repository, call.number("deployment"))


def get_deployment(call: ForgeCall) -> dict[str, Any]:
    """Return one deployment."""
    return _wire(call, _deployment(call))


def delete_deployment(call: ForgeCall) -> None:
    """Remove a deployment."""
    call.forge.deployments.delete(call.repository, _deployment(call).id)


def list_statuses(call: ForgeCall) -> Listing:
    """List what became of a deployment, newest first."""
    found = call.forge.deployments.statuses(call.repository, _deployment(call).id)
    return Listing(found, lambda item: status_wire(call.forge, call.repository, item))


def get_status(call: ForgeCall) -> dict[str, Any]:
    """Return one status of a deployment."""
    number = call.number("status")
    for status in call.forge.deployments.statuses(call.repository, _deployment(call).id):
        if status.id == number:
            return status_wire(call.forge, call.repository, status)
    raise not_found()


def create_status(call: ForgeCall) -> Reply:
    """Say what became of a deployment."""
    state = call.choice("state", STATES)
    if state is None:
        raise missing("state")
    status = call.forge.deployments.add_status(
        call.repository,
        call.caller,
        _deployment(call).id,
        state,
        log_url=call.optional_text("log_url") or call.optional_text("target_url") or "",
        description=call.optional_text("description") or "",
        environment_url=call.optional_text("environment_url") or "",
        auto_inactive=_flag(call, "auto_inactive", default=True),
    )
    return created(status_wire(call.forge, call.repository, status))


DEPLOYMENTS = "/repos/{owner}/{repo}/deployments"
ONE = DEPLOYMENTS + "/{deployment}"
READ, WRITE = ("deployments:read",), ("deployments:write",)
ROUTES = [
    ForgeRoute("GET", DEPLOYMENTS, list_deployments, READ),
    ForgeRoute("POST", DEPLOYMENTS, create_deployment, WRITE),
    ForgeRoute("GET", ONE, get_deployment, READ),
    ForgeRoute("DELETE", ONE, delete_deployment, WRITE, proved_by="requests"),
    ForgeRoute("GET", f"{ONE}/statuses", list_statuses, READ),
    ForgeRoute("POST", f"{ONE}/statuses", create_status, WRITE),
    ForgeRoute("GET", ONE + "/statuses/{status}", get_status, READ),
]
