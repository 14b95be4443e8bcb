"""Instance pools.

Source: https://docs.databricks.com/api/workspace/instancepools. There are no machines to keep idle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.app.errors import invalid, missing
from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.levels import ATTACH
from bricklane_local.resources.clusters.runtimes import ZONE
from bricklane_local.resources.kind import Act, Body, Guard, Kind, hexadecimal
from bricklane_local.resources.operations import (
    Change,
    Create,
    Delete,
    Get,
    List,
    routes,
)

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

NO_INSTANCES = {"used_count": 0, "idle_count": 0, "pending_used_count": 0, "pending_idle_count": 0}


def _key(_act: Act, body: Body, number: int) -> str:
    return f"{hexadecimal(8)(_act, body, number)}-pool-{number:08x}"


def _check(_act: Act, body: Body, old: Body | None) -> None:
    fleet = "instance_pool_fleet_attributes" in body
    if not body.get("node_type_id") and not fleet:
        raise missing("node_type_id")
    if old is not None and body.get("node_type_id") != old.get("node_type_id"):
        raise invalid(
            f"The node type of a pool cannot be changed: {old.get('node_type_id')} to "
            f"{body.get('node_type_id')}"
        )
    for name in ("min_idle_instances", "max_capacity", "idle_instance_autotermination_minutes"):
        if int(body.get(name) or 0) < 0:
            raise invalid(f"{name} must not be negative, got {body[name]}")
    most = body.get("max_capacity")
    if most is not None and int(body.get("min_idle_instances") or 0) > int(most):
        raise invalid(
            f"min_idle_instances ({body['min_idle_instances']}) must not exceed max_capacity "
            f"({most})"
        )


def _shown(_workspace: Workspace, body: Body) -> Body:
    tags = {
        "Vendor": "Databricks",
        "DatabricksInstancePoolId": body["instance_pool_id"],
        "DatabricksInstancePoolCreatorId": body["_creator"],
    }
    return {**body, "default_tags": tags, "state": "ACTIVE", "stats": NO_INSTANCES, "status": {}}


def _attributes(_act: Act, body: Body) -> Body:
    given = body.get("aws_attributes")
    return {"aws_attributes": {"zone_id": ZONE, **given}} if given else {}


API, SDK = "/api/2.0/instance-pools", "compute.InstancePoolsAPI"
STATE = Fidelity.STATE_ONLY
POOL = Kind(
    name="instance pool",
    document="instance_pool",
    key="instance_pool_id",
    new_key=_key,
    guard=Guard("instance-pools", "allow-instance-pool-create", ATTACH),
    required=("instance_pool_name",),
    defaults={
        "min_idle_instances": 0,
        "idle_instance_autotermination_minutes": 0,
        "enable_elastic_disk": False,
    },
    changed=_attributes,
    check=_check,
    shown=_shown,
    operations=(
        Create(f"POST {API}/create", f"{SDK}.create", fidelity=STATE, key_only=True),
        Get(f"GET {API}/get", fidelity=STATE),
        List(f"GET {API}/list", items="instance_pools", fidelity=STATE),
        Change(f"POST {API}/edit", f"{SDK}.edit", fidelity=STATE, silent=True),
        Delete(f"POST {API}/delete", f"{SDK}.delete", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([POOL])
