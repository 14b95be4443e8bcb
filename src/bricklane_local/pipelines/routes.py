"""The routes of pipelines: definitions, updates, events.

Source: https://docs.databricks.com/api/workspace/pipelines
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Route
from bricklane_local.permissions.levels import MANAGE, RUN, VIEW
from bricklane_local.pipelines.logs import ROUTES as LOGS
from bricklane_local.pipelines.pipelines import API, PIPELINE, SDK
from bricklane_local.pipelines.pipelines import ROUTES as DEFINITIONS
from bricklane_local.pipelines.single import ROUTES as SINGLE
from bricklane_local.pipelines.updates import event_filter
from bricklane_local.resources.kind import Body
from bricklane_local.resources.records import Records

CAUSES = ("API_CALL", "USER_ACTION", "JOB_TASK", "RETRY_ON_FAILURE", "SERVICE_UPGRADE",
    "SCHEMA_CHANGE", "INFRASTRUCTURE_MAINTENANCE")  # fmt: skip
UNKNOWN = ("replace_where_overrides", "rewind_spec")
# Sizes of pages: unless the client says, and at most.
UPDATES, EVENTS = (25, 100), (25, 250)
ORDER = re.compile(r"\s*timestamp(?:\s+(?P<order>asc|desc))?\s*", re.IGNORECASE)


def _pipeline(call: Call, level: str) -> Body:
    return Records(call.workspace, PIPELINE).wanted(call.path["pipeline_id"], call.caller, level)


def start_update(call: Call) -> Body:
    """Start an update."""
    pipeline = _pipeline(call, RUN)
    for field in UNKNOWN:
        if call.body.get(field):
            raise ApiError("NOT_IMPLEMENTED", f"The local workspace has no {field} of updates")
    cause = str(call.body.get("cause") or "API_CALL")
    if cause not in CAUSES:
        raise invalid(f"cause must be one of {', '.join(CAUSES)}; got {cause!r}")
    if call.body.get("full_refresh") and (
        call.body.get("refresh_selection") or call.body.get("full_refresh_selection")
    ):
        raise invalid("full_refresh cannot be set together with a selection of tables")
    engine = call.workspace.pipelines
    update = engine.start_update(pipeline, call.body, call.caller.user_name, cause)
    return {"update_id": update["update_id"]}


def stop(call: Call) -> None:
    """Stop the active update of a pipeline."""
    pipeline = _pipeline(call, RUN)
    call.workspace.pipelines.stop_updates(pipeline["pipeline_id"])


async def delete(call: Call) -> None:
    """Delete a pipeline, and its tables unless cascade is false."""
    pipeline = _pipeline(call, MANAGE)
    number, engine = pipeline["pipeline_id"], call.workspace.pipelines
    cascade = call.flag("cascade", default=True)
    await engine.halt(number)
    if cascade:
        engine.drop_tables(number)
    Records(call.workspace, PIPELINE).delete(pipeline, call.caller)
    engine.drop_files(number)


def get_update(call: Call) -> Body:
    """Return an update."""
    pipeline = _pipeline(call, VIEW)
    found = call.workspace.pipelines.updates.get(pipeline["pipeline_id"], call.path["update_id"])
    return {"update": _shown(found)}


def _shown(update: Body) -> Body:
    return {name: value for name, value in update.items() if not name.startswith("_")}


def list_updates(call: Call) -> Body:
    """List the updates of a pipeline, newest first."""
    number = _pipeline(call, VIEW)["pipeline_id"]
    updates = call.workspace.pipelines.updates
    default, most = UPDATES
    limit = call.integer("max_results", default, low=0, high=most) or default
    after = _position(call)
    until = call.query.get("until_update_id")
    if until:
        after = updates.position(number, until) + 1
    found, more = updates.page(number, limit=limit, after=after)
    answer: Body = {"updates": [_shown(update) for update in found]} if found else {}
    return answer | ({"next_page_token": f"p{more}"} if more is not None else {})


def list_events(call: Call) -> Body:
    """List the events of a pipeline, newest first unless the client orders otherwise."""
    number = _pipeline(call, VIEW)["pipeline_id"]
    default, most = EVENTS
    limit = call.integer("max_results", default, low=0) or default
    token, text = call.query.get("page_token"), str(call.query.get("filter") or "")
    ordered = str(call.query.get("order_by") or "timestamp desc")
    after = None
    if token:
        # A page goes on with the filter and the order of the first.
        after, ordered, text = _opened(token)
    match = ORDER.fullmatch(ordered)
    if match is None:
        raise invalid(f"order_by must be 'timestamp asc' or 'timestamp desc', got {ordered!r}")
    ascending = (match["order"] or "asc").lower() == "asc"
    found, more = call.workspace.pipelines.events.page(
        number, event_filter(text), limit=min(limit, most), ascending=ascending, after=after
    )
    answer: Body = {"events": found} if found else {}
    return answer | ({"next_page_token": _token(more, ordered, text)} if more is not None else {})


def _token(position: int, order: str, text: str) -> str:
    import base64
    import json

    return base64.urlsafe_b64encode(json.dumps([position, order, text]).encode()).decode()


def _opened(token: str) -> tuple[int, str, str]:
    import base64
    import binascii
    import json

    try:
        position, order, text = json.loads(base64.urlsafe_b64decode(token.encode()))
        return int(position), str(order), str(text)
    except (binascii.Error, ValueError, TypeError):
        raise invalid(f"page_token {token!r} was not given by this server") from None


def _position(call: Call) -> int | None:
    token: Any = call.query.get("page_token")
    if not token:
        return None
    if not str(token).startswith("p") or not str(token)[1:].isdigit():
        raise invalid(f"page_token {token!r} was not given by this server")
    return int(str(token)[1:])


ONE = f"{API}/{{pipeline_id}}"
ROUTES = [
    *DEFINITIONS,
    *SINGLE,
    *LOGS,
    Route(
        "DELETE",
        ONE,
        delete,
        proved_by="databricks bundle destroy",
        note="its tables go with it, unless cascade is false",
    ),
    Route(
        "POST",
        f"{ONE}/updates",
        start_update,
        sdk=f"{SDK}.start_update",
        proved_by="databricks bundle run",
    ),
    Route("GET", f"{ONE}/updates", list_updates, proved_by="databricks-sdk"),
    Route("GET", f"{ONE}/updates/{{update_id}}", get_update, proved_by="databricks bundle run"),
    Route("GET", f"{ONE}/events", list_events, proved_by="databricks bundle run"),
    Route("POST", f"{ONE}/stop", stop, proved_by="databricks-sdk"),
]
