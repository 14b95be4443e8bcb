"""Destinations that notifications of jobs go to. What is secret of one can be set, not read.

Source: https://docs.databricks.com/api/workspace/notificationdestinations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.app.errors import invalid
from bricklane_local.resources.kind import (
    ADMINISTRATOR,
    EVERYBODY,
    Act,
    Body,
    Guard,
    Kind,
    uuid_key,
)
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, routes

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

# Field of a configuration → type of destination, field that it must have, fields that are secret.
TYPES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "email": ("EMAIL", "addresses", ()),
    "slack": ("SLACK", "url", ("url", "channel_id", "oauth_token")),
    "generic_webhook": ("WEBHOOK", "url", ("url", "username", "password")),
    "microsoft_teams": (
        "MICROSOFT_TEAMS",
        "url",
        ("url", "app_id", "auth_secret", "channel_url", "tenant_id"),
    ),
    "pagerduty": ("PAGERDUTY", "integration_key", ("integration_key",)),
}


def _type_of(body: Body) -> str:
    given = [name for name, value in (body.get("config") or {}).items() if value is not None]
    if len(given) != 1 or given[0] not in TYPES:
        found = ", ".join(given) or "none"
        raise invalid(f"config must have exactly one of {', '.join(TYPES)}; it has {found}")
    return str(given[0])


def _changed(_act: Act, body: Body) -> Body:
    name = _type_of(body)
    kind, needed, _secret = TYPES[name]
    if not body["config"][name].get(needed):
        raise invalid(f"Missing required field: config.{name}.{needed}")
    return {"destination_type": kind}


def _shown(_workspace: Workspace, body: Body) -> Body:
    name = _type_of(body)
    given, secret = body["config"][name], TYPES[name][2]
    shown = {field: value for field, value in given.items() if field not in secret}
    shown |= {f"{field}_set": True for field in secret if given.get(field)}
    return {**body, "config": {name: shown}}


API, SDK = "/api/2.0/notification-destinations", "settings.NotificationDestinationsAPI"
DESTINATION = Kind(
    name="notification destination",
    document="notification_destination",
    key="id",
    new_key=uuid_key,
    guard=Guard("", ADMINISTRATOR, EVERYBODY, ADMINISTRATOR, ADMINISTRATOR),
    required=("display_name", "config"),
    outputs=("destination_type",),
    changed=_changed,
    shown=_shown,
    brief=("config",),
    operations=(
        Create(f"POST {API}", f"{SDK}.create", note="no e-mail, no PagerDuty"),
        List(f"GET {API}", items="results", size="page_size"),
        Get(f"GET {API}/{{id}}"),
        Change(f"PATCH {API}/{{id}}", f"{SDK}.update"),
        Delete(f"DELETE {API}/{{id}}"),
    ),
    proved_by="terraform databricks_notification_destination",
)
ROUTES = routes([DESTINATION])
