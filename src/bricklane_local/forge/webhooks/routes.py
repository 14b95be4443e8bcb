"""Routes of webhooks and their deliveries.

Source: https://docs.github.com/en/rest/repos/webhooks
"""

from __future__ import annotations

from typing import Any

from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import malformed, missing
from bricklane_local.forge.routing import ForgeRoute, Listing, Reply, created
from bricklane_local.forge.webhooks.model import Delivery, Hook
from bricklane_local.forge.webhooks.wire import delivery_wire, hook_wire

CONTENT_TYPES = ("json", "form")


def _hook(call: ForgeCall) -> Hook:
    return call.forge.webhooks.get(call.repository, call.number("hook"))


def _wire(call: ForgeCall, hook: Hook) -> dict[str, Any]:
    return hook_wire(call.forge, call.repository, hook)


def _config(config: dict[str, Any]) -> dict[str, Any]:
    values = {}
    for name in ("url", "content_type", "secret"):
        value = config.get(name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise malformed(f"config/{name}", value, "is not a string")
        values[name] = value
    if values.get("content_type", "json") not in CONTENT_TYPES:
        raise malformed("config/content_type", values["content_type"], "is not json or form")
    if config.get("insecure_ssl") is not None:
        values["insecure_ssl"] = "1" if str(config["insecure_ssl"]) == "1" else "0"
    return values


def _values(call: ForgeCall) -> dict[str, Any]:
    events, active = call.texts("events"), call.flag("active")
    values: dict[str, Any] = {}
    values |= {} if events is None else {"events": list(dict.fromkeys(events))}
    values |= {} if active is None else {"active": active}
    config = call.mapping("config")
    return values if config is None else values | _config(config)


def list_hooks(call: ForgeCall) -> Listing:
    """List the webhooks of a repository."""
    return Listing(call.forge.webhooks.all(call.repository), lambda hook: _wire(call, hook))


def create_hook(call: ForgeCall) -> Reply:
    """Make a webhook."""
    values = _values(call)
    if "url" not in values:
        raise missing("url")
    return created(_wire(call, call.forge.webhooks.create(call.repository, call.caller, values)))


def get_hook(call: ForgeCall) -> dict[str, Any]:
    """Return one webhook."""
    return _wire(call, _hook(call))


def update_hook(call: ForgeCall) -> dict[str, Any]:
    """Change a webhook."""
    hook, values = _hook(call), _values(call)
    events = list(values.pop("events", hook.events))
    events += [name for name in call.texts("add_events") or [] if name not in events]
    removed = set(call.texts("remove_events") or [])
    values["events"] = [name for name in events if name not in removed]
    return _wire(call, call.forge.webhooks.update(call.repository, hook, values))


def delete_hook(call: ForgeCall) -> None:
    """Remove a webhook."""
    call.forge.webhooks.delete(call.repository, _hook(call).id)


def ping(call: ForgeCall) -> None:
    """Send a ping."""
    with call.forge.transaction():
        call.forge.webhooks.ping(call.repository, call.caller, _hook(call))


def list_deliveries(call: ForgeCall) -> Listing:
    """List what was sent to a webhook, newest first."""
    found = call.forge.webhooks.deliveries(call.repository, _hook(call).id)
    return Listing(found, lambda item: delivery_wire(call.forge, call.repository, item))


def _delivery(call: ForgeCall) -> Delivery:
    hook, number = _hook(call).id, call.number("delivery")
    return call.forge.webhooks.delivery(call.repository, hook, number)


def get_delivery(call: ForgeCall) -> dict[str, Any]:
    """Return one delivery with all that was sent and came back."""
    return delivery_wire(call.forge, call.repository, _delivery(call), whole=True)


def redeliver(call: ForgeCall) -> Reply:
    """Send a delivery once more."""
    call.forge.webhooks.redeliver(call.repository, _delivery(call))
    return Reply(202, {})


HOOKS = "/repos/{owner}/{repo}/hooks"
ONE, DELIVERY = HOOKS + "/{hook}", HOOKS + "/{hook}/deliveries/{delivery}"
READ, WRITE = ("repository_hooks:read",), ("repository_hooks:write",)
ROUTES = [
    ForgeRoute("GET", HOOKS, list_hooks, READ),
    ForgeRoute("POST", HOOKS, create_hook, WRITE),
    ForgeRoute("GET", ONE, get_hook, READ),
    ForgeRoute("PATCH", ONE, update_hook, WRITE),
    ForgeRoute("DELETE", ONE, delete_hook, WRITE),
    ForgeRoute("POST", f"{ONE}/pings", ping, WRITE),
    ForgeRoute("GET", f"{ONE}/deliveries", list_deliveries, READ),
    ForgeRoute("GET", DELIVERY, get_delivery, READ),
    ForgeRoute("POST", f"{DELIVERY}/attempts", redeliver, WRITE, proved_by="requests"),
]
