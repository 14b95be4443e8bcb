"""Clusters: definitions with states. No machine starts; tasks share the cloud's one Spark.

Source: https://docs.databricks.com/api/workspace/clusters.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid, missing
from bricklane_local.app.routing import Answer, Fidelity
from bricklane_local.permissions.levels import ATTACH, MANAGE, RESTART, USE
from bricklane_local.resources.clusters.lifecycle import (
    CLUSTERS,
    MESSAGES,
    PENDING,
    RUNNING,
    TERMINATED,
    Events,
)
from bricklane_local.resources.clusters.policies import POLICY
from bricklane_local.resources.clusters.pools import POOL
from bricklane_local.resources.clusters.rules import apply, parse
from bricklane_local.resources.clusters.runtimes import (
    cores_and_memory,
    spark_version,
    with_versions,
)
from bricklane_local.resources.kind import (
    ADMINISTRATOR,
    EVERYBODY,
    Act,
    Body,
    Guard,
    Kind,
)
from bricklane_local.resources.operations import Create, Get, List, Operation, Own, routes
from bricklane_local.resources.records import Records
from bricklane_local.resources.states import STATE

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

ENTITLEMENT = "allow-cluster-create"
DEFAULTS: Body = {
    "autotermination_minutes": 120,
    "enable_elastic_disk": False,
    "enable_local_disk_encryption": False,
}
# What the server adds to a cluster, and clients cannot send.
OUTPUTS = (
    "cluster_source",
    "creator_user_name",
    "default_tags",
    "driver",
    "executors",
    "spec",
    "start_time",
    "state",
    "state_message",
    "terminated_time",
)
POLICY_DEFAULTS, TOKEN = "apply_policy_default_values", "idempotency_token"
SIZE = ("num_workers", "autoscale")
LONGEST_TERMINATION = 10_000


def _key(act: Act, _body: Body, _number: int) -> str:
    moment = datetime.fromtimestamp(act.time / 1000, UTC)
    return f"{moment:%m%d-%H%M%S}-{secrets.token_hex(4)}"


def _made(act: Act, body: Body) -> Body:
    events = Events(act.workspace.space)
    made = CLUSTERS.begin(PENDING, act.time)
    events.tell_moves({**body, **made}, act.time, {"user": act.caller.user_name}, first="CREATING")
    return {
        **made,
        "creator_user_name": act.caller.user_name,
        "cluster_source": "API",
        "_started": act.time,
        "_pinned": False,
        "_libraries": [],
    }


def _as_policy_says(act: Act, body: Body) -> Body:
    """Check what a cluster is made of, and fill in what its policy or pool says."""
    policy_id = body.get("policy_id")
    if policy_id:
        policy = Records(act.workspace, POLICY).wanted(str(policy_id), act.caller, USE)
        defaults = bool(body.get(POLICY_DEFAULTS))
        rules = with_versions(parse(policy.get("definition") or "{}"))
        if body.get("spark_version"):
            body["spark_version"] = spark_version(str(body["spark_version"]))
        body |= apply(rules, body, defaults=defaults)
    elif not act.workspace.access.entitled(act.caller, ENTITLEMENT):
        raise ApiError(
            "PERMISSION_DENIED",
            f"{act.caller.user_name} cannot create a cluster: that takes a policy, or the "
            f"entitlement {ENTITLEMENT}",
        )
    if not body.get("spark_version"):
        raise missing("spark_version")
    body["spark_version"] = spark_version(str(body["spark_version"]))
    for name in ("instance_pool_id", "driver_instance_pool_id"):
        if body.get(name):
            pool = Records(act.workspace, POOL).wanted(str(body[name]), act.caller, ATTACH)
            node = "node_type_id" if name == "instance_pool_id" else "driver_node_type_id"
            body[node] = pool.get("node_type_id")
    if not body.get("node_type_id"):
        raise missing("node_type_id")
    return {"driver_node_type_id": body.get("driver_node_type_id") or body["node_type_id"]}


def _check(_act: Act, body: Body, _old: Body | None) -> None:
    scale = body.get("autoscale")
    if scale is None and body.get("num_workers") is None and not body.get("is_single_node"):
        raise invalid("Missing required field: num_workers, or autoscale")
    if scale is not None and int(scale.get("min_workers") or 0) > int(
        scale.get("max_workers") or 0
    ):
        raise invalid(
            f"autoscale.min_workers ({scale.get('min_workers')}) must not exceed "
            f"autoscale.max_workers ({scale.get('max_workers')})"
        )
    if int(body.get("num_workers") or 0) < 0:
        raise invalid(f"num_workers must not be negative, got {body['num_workers']}")
    minutes = int(body.get("autotermination_minutes") or 0)
    if minutes and not 10 <= minutes <= LONGEST_TERMINATION:
        raise invalid(
            f"autotermination_minutes must be 0 or in 10..{LONGEST_TERMINATION}, got {minutes}"
        )


def _shown(workspace: Workspace, body: Body) -> Body:
    state, since = CLUSTERS.now(body, workspace.cloud.clock.now())
    running = state == RUNNING
    spec = {
        name: value
        for name, value in body.items()
        if not name.startswith("_") and name not in (*OUTPUTS, "cluster_id")
    }
    shown = {
        **{name: value for name, value in body.items() if name != POLICY_DEFAULTS},
        "cluster_name": body.get("cluster_name") or "",
        "state": state,
        "state_message": MESSAGES[state],
        "start_time": body["_started"],
        "default_tags": {
            "Vendor": "Databricks",
            "Creator": body["creator_user_name"],
            "ClusterName": body.get("cluster_name") or "",
            "ClusterId": body["cluster_id"],
        },
        "init_scripts": body.get("init_scripts") or [],
        "spec": spec,
    }
    if running:
        cores, memory = cores_and_memory(str(body["node_type_id"]))
        least = (body.get("autoscale") or {}).get("min_workers") or body.get("num_workers")
        nodes = 1 + int(least or 0)
        shown |= {"cluster_cores": float(cores * nodes), "cluster_memory_mb": memory * nodes}
    if state == TERMINATED:
        idle = body[STATE]["name"] not in ("TERMINATING", "TERMINATED")
        code = "INACTIVITY" if idle else "USER_REQUEST"
        shown |= {
            "terminated_time": since,
            "termination_reason": {"code": code, "type": "SUCCESS", "parameters": {}},
        }
    return shown


class _Create(Create):
    """Make a cluster, or return the one that the same idempotency token made."""

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Make one."""
        token = str(call.body.get(TOKEN) or "")
        space, index = call.workspace.space, f"{kind.document}.{TOKEN}"
        made = space.get(index, token) if token else None
        if made is not None and records.find(made["key"]) is not None:
            return {kind.key: made["key"]}
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
            _tell(call, body, "EDITED")
        if moved[STATE]["name"] != before:
            details = {"user": call.caller.user_name}
            Events(call.workspace.space).tell_moves(moved, time, details)
            records.put(moved)


def _tell(call: Call, body: Body, kind: str) -> None:
    details = {"user": call.caller.user_name}
    Events(call.workspace.space).tell(body, kind, call.cloud.clock.now(), details)


def start(call: Call, records: Records, body: Body) -> None:
    """Start a cluster that is terminated."""
    _moved(call, records, body, "start", _started=call.cloud.clock.now())


def restart(call: Call, records: Records, body: Body) -> None:
    """Restart a cluster that runs; libraries that leave it are gone then."""
    kept = [item for item in body["_libraries"] if not item["leaving"]]
    started = call.cloud.clock.now()
    _moved(call, records, body, "restart", _started=started, _libraries=kept)


def terminate(call: Call, records: Records, body: Body) -> None:
    """Terminate a cluster; its definition stays."""
    _moved(call, records, body, "terminate")


def resize(call: Call, records: Records, body: Body) -> None:
    """Change how many workers a running cluster has."""
    size = {name: call.body[name] for name in SIZE if call.body.get(name) is not None}
    if len(size) != 1:
        raise invalid("resize takes exactly one of num_workers and autoscale")
    sized = {**{name: value for name, value in body.items() if name not in SIZE}, **size}
    _check(records.act(call.caller), sized, body)
    _moved(call, records, sized, "resize")


def edit(call: Call, records: Records, body: Body) -> None:
    """Replace the definition of a cluster that runs, which restarts it, or is terminated."""
    with call.cloud.database.transaction():
        _moved(call, records, records.replace(body, call.body, call.caller), "edit")


def update(call: Call, records: Records, body: Body) -> None:
    """Change those fields of a cluster that the mask names."""
    names = [name.partition(".")[0] for name in call.text("update_mask").split(",")]
    wanted = call.body.get("cluster") or {}
    sent = {name: wanted.get(name) for name in names}
    gone = [name for name, value in sent.items() if value is None]
    with call.cloud.database.transaction():
        _moved(call, records, records.change(body, sent, call.caller, gone), "edit")


def permanently_delete(call: Call, records: Records, body: Body) -> None:
    """Terminate a cluster and forget it."""
    if body["_pinned"]:
        raise invalid(f"Cluster {body['cluster_id']} is pinned: unpin the cluster first")
    with call.cloud.database.transaction():
        Events(call.workspace.space).forget(body["cluster_id"])
        records.delete(body, call.caller)


def pin(call: Call, records: Records, body: Body) -> None:
    """Keep a cluster from being deleted permanently."""
    _tell(call, body, "PINNED")
    records.put({**body, "_pinned": True})


def unpin(call: Call, records: Records, body: Body) -> None:
    """Let a cluster be deleted permanently again."""
    _tell(call, body, "UNPINNED")
    records.put({**body, "_pinned": False})


def change_owner(call: Call, records: Records, body: Body) -> None:
    """Give a cluster another owner; only administrators may, and only while it is terminated."""
    owner = call.cloud.directory.named(call.workspace.name, call.text("owner_username"))
    state, _since = CLUSTERS.now(body, call.cloud.clock.now())
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


FILTERS: dict[str, Callable[[Call, Body], Any]] = {
    "filter_by.is_pinned": lambda _call, body: body["_pinned"],
    "filter_by.policy_id": lambda _call, body: body.get("policy_id"),
    "filter_by.cluster_sources": lambda _call, body: body["cluster_source"],
    "filter_by.cluster_states": lambda call, body: CLUSTERS.now(body, call.cloud.clock.now())[0],
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
NOTE = "no machine starts: tasks share the cloud's one Spark"
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
    new_key=_key,
    guard=Guard("clusters", EVERYBODY, ATTACH),
    defaults=DEFAULTS,
    outputs=OUTPUTS,
    controls=(TOKEN, "clone_from"),
    made=_made,
    changed=_as_policy_says,
    check=_check,
    shown=_shown,
    # Not 404: the SDKs recognise this code and text as "does not exist".
    missing="INVALID_PARAMETER_VALUE",
    missing_text="Cluster {value} does not exist",
    operations=tuple(
        operation
        for version in ("2.1", "2.0")
        for operation in _operations(f"/api/{version}/clusters")
    ),
    proved_by="databricks clusters",
)
ROUTES = routes([CLUSTER])
