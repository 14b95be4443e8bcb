"""What a cluster is made of: what clients say, what its policy and pool add, what is shown of it.

Source: https://docs.databricks.com/api/workspace/clusters.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError, invalid, missing
from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.levels import ATTACH, USE
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
from bricklane_local.resources.kind import Act, Body
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
    "cluster_log_status",
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


def new_key(act: Act, _body: Body, _number: int) -> str:
    """Make the id of a cluster, which begins with the day and time."""
    moment = datetime.fromtimestamp(act.time / 1000, UTC)
    return f"{moment:%m%d-%H%M%S}-{secrets.token_hex(4)}"


def made(act: Act, body: Body) -> Body:
    """Return the fields of a new cluster, which starts at once."""
    events = Events(act.workspace.space)
    begun = CLUSTERS.begin(PENDING, act.time)
    events.tell_moves({**body, **begun}, act.time, {"user": act.caller.user_name}, first="CREATING")
    return {
        **begun,
        "creator_user_name": act.caller.user_name,
        "cluster_source": "API",
        "_started": act.time,
        "_pinned": False,
        "_libraries": [],
    }


def as_policy_says(act: Act, body: Body) -> Body:
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


def check(_act: Act, body: Body, _old: Body | None) -> None:
    """Refuse a size or a time that cannot be."""
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


def shown(workspace: Workspace, body: Body) -> Body:
    """Return a cluster as the API shows it, in the state that it is in now."""
    state, since = CLUSTERS.now(body, workspace.cloud.clock.now())
    running = state == RUNNING
    spec = {
        name: value
        for name, value in body.items()
        if not name.startswith("_") and name not in (*OUTPUTS, "cluster_id")
    }
    answer = {
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
        answer |= {"cluster_cores": float(cores * nodes), "cluster_memory_mb": memory * nodes}
    if state == TERMINATED:
        idle = body[STATE]["name"] not in ("TERMINATING", "TERMINATED")
        code = "INACTIVITY" if idle else "USER_REQUEST"
        answer |= {
            "terminated_time": since,
            "termination_reason": {"code": code, "type": "SUCCESS", "parameters": {}},
        }
    return answer


def check_new(workspace: Workspace, wanted: Body, caller: Principal) -> None:
    """Refuse a cluster that somebody could not make, as one for a job is made when it runs.

    Raises:
        ApiError: when it does not fit its policy, or PERMISSION_DENIED.
    """
    act = Act(workspace, caller, workspace.cloud.clock.now())
    check(act, made_for(workspace, wanted, caller), None)


def made_for(workspace: Workspace, wanted: Body, caller: Principal) -> Body:
    """Return a cluster as it would be made, with what its policy or pool says.

    Raises:
        ApiError: when it does not fit its policy, or PERMISSION_DENIED.
    """
    body = {**DEFAULTS, **wanted}
    added = as_policy_says(Act(workspace, caller, workspace.cloud.clock.now()), body)
    return {**body, **added}
