"""Clusters: definitions with states. No machine starts; tasks share the cloud's one Spark.

Source: https://docs.databricks.com/api/workspace/clusters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Answer, Fidelity
from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.levels import ATTACH, MANAGE, RESTART
from bricklane_local.resources.clusters.definition import (
    DEFAULTS,
    OUTPUTS,
    SIZE,
    TOKEN,
    as_policy_says,
    check,
    made,
    new_key,
    shown,
)
from bricklane_local.resources.clusters.lifecycle import (
    CLUSTERS,
    RESTARTING,
    TERMINATED,
    TERMINATING,
    Events,
)
from bricklane_local.resources.kind import ADMINISTRATOR, EVERYBODY, Body, Guard, Kind
from bricklane_local.resources.operations import Create, Get, List, Operation, Own, routes
from bricklane_local.resources.records import Records
from bricklane_local.resources.states import STATE

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace


# State that ends what goes on on a cluster → what became of the cluster.
ENDED = {TERMINATING: "terminated", RESTARTING: "restarted"}


class _Create(Create):
    """Make a cluster, or return the one that the same idempotency token made."""

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Make one."""
        token = str(call.body.get(TOKEN) or "")
        space, index = call.workspace.space, f"{kind.document}.{TOKEN}"
        known = space.get(index, token) if token else None
        if known is not None and records.find(known["key"]) is not None:
            return {kind.key: known["key"]}
        with call.cloud.database.transaction():
            body = records.create(call.body, call.caller)
            if token:
                space.put(index, token, {"key": body[kind.key]})
        return {kind.key: body[kind.key]}


def _moved(call: Call, records: Records, body: Body, action: str, **changes: Any) -> None:
    """Do an action that moves a cluster to another state, and tell of it."""
    time = call.cloud.clock.now()
    before = CLUSTERS.now(body, time)[0]
    moved = {**body, **changes, **CLUSTERS.act(action, body, time)}
    with call.cloud.database.transaction():
        if action == "edit":
            _tell(call, body, "EDITED", time)
        if moved[STATE]["name"] != before:
            details = {"user": call.caller.user_name}
            Events(call.workspace.space).tell_moves(moved, time, details)
            records.put(moved)
    if moved[STATE]["name"] in ENDED:
        _end_all(call, body, ENDED[moved[STATE]["name"]])
    call.workspace.libraries.begin(body["cluster_id"])


def _end_all(call: Call, body: Body, how: str) -> None:
    """End what goes on on a cluster that is no longer there for it."""
    cluster_id = body["cluster_id"]
    call.workspace.contexts.end_on(cluster_id)
    call.workspace.activity.end_on(
        cluster_id, f"Cluster {cluster_id} was {how} by {call.caller.user_name} during the run"
    )


def _tell(call: Call, body: Body, kind: str, time: int) -> None:
    details = {"user": call.caller.user_name}
    Events(call.workspace.space).tell(body, kind, time, details)


def start(call: Call, records: Records, body: Body) -> None:
    """Start a cluster that is terminated."""
    started = call.cloud.clock.now()
    _moved(call, records, body, "start", _started=started, _libraries=_anew(body))


def restart(call: Call, records: Records, body: Body) -> None:
    """Restart a cluster that runs; libraries that leave it are gone then."""
    started = call.cloud.clock.now()
    _moved(call, records, body, "restart", _started=started, _libraries=_anew(body))


def _anew(body: Body) -> list[Body]:
    """Return the libraries of a cluster that starts: all but those that leave, to be installed."""
    items = (item for item in body["_libraries"] if not item["leaving"])
    return [{"library": item["library"], "leaving": False} for item in items]


def terminate(call: Call, records: Records, body: Body) -> None:
    """Terminate a cluster; its definition stays."""
    _moved(call, records, body, "terminate")


def resize(call: Call, records: Records, body: Body) -> None:
    """Change how many workers a running cluster has."""
    size = {name: call.body[name] for name in SIZE if call.body.get(name) is not None}
    if len(size) != 1:
        raise invalid("resize takes exactly one of num_workers and autoscale")
    sized = {**{name: value for name, value in body.items() if name not in SIZE}, **size}
    check(records.act(call.caller), sized, body)
    _moved(call, records, sized, "resize")


def edit(call: Call, records: Records, body: Body) -> None:
    """Replace the definition of a cluster that runs, which restarts it, or is terminated."""
    with call.cloud.database.transaction():
        edited = records.replace(body, call.body, call.caller)
        _moved(call, records, edited, "edit", _libraries=_anew(edited))


def update(call: Call, records: Records, body: Body) -> None:
    """Change those fields of a cluster that the mask names."""
    names = [name.partition(".")[0] for name in call.text("update_mask").split(",")]
    wanted = call.body.get("cluster") or {}
    sent = {name: wanted.get(name) for name in names}
    gone = [name for name, value in sent.items() if value is None]
    with call.cloud.database.transaction():
        changed = records.change(body, sent, call.caller, gone)
        _moved(call, records, changed, "edit", _libraries=_anew(changed))


def permanently_delete(call: Call, records: Records, body: Body) -> None:
    """Terminate a cluster and forget it."""
    if body["_pinned"]:
        raise invalid(f"Cluster {body['cluster_id']} is pinned: unpin the cluster first")
    with call.cloud.database.transaction():
        Events(call.workspace.space).forget(body["cluster_id"])
        records.delete(body, call.caller)
    _end_all(call, body, "permanently deleted")


def pin(call: Call, records: Records, body: Body) -> None:
    """Keep a cluster from being deleted permanently."""
    _tell(call, body, "PINNED", call.cloud.clock.now())
    records.put({**body, "_pinned": True})


def unpin(call: Call, records: Records, body: Body) -> None:
    """Let a cluster be deleted permanently again."""
    _tell(call, body, "UNPINNED", call.cloud.clock.now())
    records.put({**body, "_pinned": False})


def change_owner(call: Call, records: Records, body: Body) -> None:
    """Give a cluster another owner; only administrators may, and only while it is terminated."""
    owner = call.cloud.directory.named(call.workspace.name, call.text("owner_username"))
    state = _state(call, body)
    if state != TERMINATED:
        raise ApiError(
            "INVALID_STATE", f"The owner of a cluster that is {state} cannot change: terminate it"
        )
    records.put({**body, "creator_user_name": owner.user_name})


def events(call: Call, _records: Records, body: Body) -> Body:
    """Return the events of a cluster, newest first unless asked otherwise."""
    found = Events(call.workspace.space).before(body["cluster_id"], call.cloud.clock.now())
    low, high = call.integer("start_time", 0), call.integer("end_time", 2**62)
    wanted = call.body.get("event_types") or ()
    found = [
        event
        for event in found
        if low <= event["timestamp"] <= high and (not wanted or event["type"] in wanted)
    ]
    if call.body.get("order") != "ASC":
        found.reverse()
    offset = call.integer("offset", 0, low=0)
    limit = call.integer("limit", 50, low=1, high=500)
    answer: Body = {"events": found[offset : offset + limit], "total_count": len(found)}
    if offset + limit < len(found):
        asked = {name: value for name, value in call.body.items() if name != "offset"}
        answer["next_page"] = {**asked, "offset": offset + limit, "limit": limit}
    return answer


def use(workspace: Workspace, cluster_id: str, caller: Principal) -> None:
    """Let somebody attach to a cluster; one that is terminated is started, if they may.

    Raises:
        ApiError: when there is no such cluster, or PERMISSION_DENIED.
    """
    records = Records(workspace, CLUSTER)
    time = records.act(caller).time
    body = records.wanted(cluster_id, caller, ATTACH)
    if CLUSTERS.now(body, time)[0] in (TERMINATING, TERMINATED):
        records.wanted(cluster_id, caller, RESTART)
        moved = {**body, **CLUSTERS.act("use", body, time)}
        Events(workspace.space).tell_moves(moved, time, {"user": caller.user_name})
        records.put({**moved, "_started": time, "_libraries": _anew(body)})
        workspace.libraries.begin(cluster_id)


def _state(call: Call, body: Body) -> str:
    return CLUSTERS.now(body, call.cloud.clock.now())[0]


FILTERS: dict[str, Callable[[Call, Body], Any]] = {
    "filter_by.is_pinned": lambda _call, body: body["_pinned"],
    "filter_by.policy_id": lambda _call, body: body.get("policy_id"),
    "filter_by.cluster_sources": lambda _call, body: body["cluster_source"],
    "filter_by.cluster_states": _state,
}


def _where(call: Call) -> Callable[[Body], bool] | None:
    parameters = call.request.query_params
    if parameters.get("sort_by.field", "DEFAULT") != "DEFAULT":
        raise ApiError("NOT_IMPLEMENTED", "The local workspace does not sort clusters by a field")
    # In lower case, because the Python SDK writes truth values as Python does.
    asked = [
        (name, {value.lower() for value in parameters.getlist(name)})
        for name in FILTERS
        if name in parameters
    ]
    if not asked:
        return None
    return lambda body: all(
        str(FILTERS[name](call, body)).lower() in values for name, values in asked
    )


SDK = "compute.ClustersAPI"
STATE_ONLY = Fidelity.STATE_ONLY
NOTE = (
    "no machine starts: tasks share the cloud's one Spark, those of JARs and Spark submit have "
    "their own; `cluster_log_conf` delivers what tasks and commands print, `stdout` and `stderr`"
)
# Name of a call, what does it, level that it needs, method of the SDK.
ACTIONS: tuple[tuple[str, Callable[[Call, Records, Body], Answer], str], ...] = (
    ("edit", edit, MANAGE),
    ("update", update, MANAGE),
    ("resize", resize, MANAGE),
    ("start", start, RESTART),
    ("restart", restart, RESTART),
    ("delete", terminate, RESTART),
    ("permanent-delete", permanently_delete, MANAGE),
    ("pin", pin, MANAGE),
    ("unpin", unpin, MANAGE),
    ("change-owner", change_owner, ADMINISTRATOR),
    ("events", events, ATTACH),
)


def _operations(path: str) -> tuple[Operation, ...]:
    return (
        _Create(f"POST {path}/create", f"{SDK}.create", fidelity=STATE_ONLY, note=NOTE),
        Get(f"GET {path}/get", fidelity=STATE_ONLY),
        List(
            f"GET {path}/list",
            items="clusters",
            size="page_size",
            default=20,
            most=100,
            newest=True,
            where=_where,
            fidelity=STATE_ONLY,
        ),
        *(
            Own(
                f"POST {path}/{name}",
                f"{SDK}.{name.replace('-', '_')}",
                level=level,
                fidelity=STATE_ONLY,
                do=do,
            )
            for name, do, level in ACTIONS
        ),
    )


CLUSTER = Kind(
    name="cluster",
    document="cluster",
    key="cluster_id",
    new_key=new_key,
    guard=Guard("clusters", EVERYBODY, ATTACH),
    defaults=DEFAULTS,
    outputs=OUTPUTS,
    controls=(TOKEN, "clone_from"),
    made=made,
    changed=as_policy_says,
    check=check,
    shown=shown,
    # Not 404: the SDKs recognise this code and text as "does not exist".
    missing="INVALID_PARAMETER_VALUE",
    missing_text="Cluster {value} does not exist",
    operations=tuple(
        operation
        for version in ("2.1", "2.0")
        for operation in _operations(f"/api/{version}/clusters")
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([CLUSTER])
