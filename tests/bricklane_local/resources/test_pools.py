"""Instance pools and global init scripts, through the SDK."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied, ResourceDoesNotExist
from databricks.sdk.service.compute import InstancePoolState

from tests.bricklane_local.resources.callers import denied, give, only_administrators

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

NODE = "i3.xlarge"


def test_a_pool_is_kept_and_changed(client: WorkspaceClient) -> None:
    made = client.instance_pools.create("p", NODE, max_capacity=3, custom_tags={"a": "b"})
    pool_id = str(made.instance_pool_id)
    found = client.instance_pools.get(pool_id)
    assert (found.instance_pool_name, found.state) == ("p", InstancePoolState.ACTIVE)
    client.instance_pools.edit(pool_id, "q", NODE, min_idle_instances=1)
    changed = client.instance_pools.get(pool_id)
    assert (changed.instance_pool_name, changed.min_idle_instances) == ("q", 1)
    with pytest.raises(InvalidParameterValue, match="node type of a pool cannot be changed"):
        client.instance_pools.edit(pool_id, "q", "m5d.large")
    with pytest.raises(InvalidParameterValue, match=r"\(9\) must not exceed max_capacity \(3\)"):
        client.instance_pools.edit(pool_id, "q", NODE, min_idle_instances=9)
    cluster = client.clusters.create("17.3.x-scala2.13", instance_pool_id=pool_id, num_workers=0)
    assert client.clusters.get(str(cluster.cluster_id)).node_type_id == NODE
    client.instance_pools.delete(pool_id)
    with pytest.raises(ResourceDoesNotExist, match="no instance pool"):
        client.instance_pools.get(pool_id)
    assert pool_id not in [pool.instance_pool_id for pool in client.instance_pools.list()]


def test_who_lacks_a_level_on_a_pool_is_denied(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    pool_id = str(client.instance_pools.create("p", NODE).instance_pool_id)
    with pytest.raises(PermissionDenied, match="takes the entitlement allow-instance-pool-create"):
        other.instance_pools.create("q", NODE)
    denied(lambda: other.instance_pools.get(pool_id), "CAN_ATTACH_TO", f"instance pool {pool_id}")
    assert list(other.instance_pools.list()) == []
    give(client, "instance-pools", pool_id, "CAN_ATTACH_TO")
    assert other.instance_pools.get(pool_id).instance_pool_name == "p"
    denied(lambda: other.instance_pools.edit(pool_id, "q", NODE), "CAN_MANAGE")
    denied(lambda: other.instance_pools.delete(pool_id), "CAN_MANAGE")


def test_init_scripts_are_administrators(client: WorkspaceClient, other: WorkspaceClient) -> None:
    text = base64.b64encode(b"echo hello").decode()
    script_id = str(client.global_init_scripts.create("s", text).script_id)
    assert client.global_init_scripts.get(script_id).script == text
    client.global_init_scripts.update(script_id, "t", text, enabled=True)
    (listed,) = client.global_init_scripts.list()
    assert (listed.name, listed.enabled, listed.updated_by) == (
        "t",
        True,
        "developer@bricklane.local",
    )
    assert "script" not in listed.as_dict()
    for act in (
        lambda: other.global_init_scripts.create("s", text),
        lambda: other.global_init_scripts.get(script_id),
        lambda: other.global_init_scripts.delete(script_id),
    ):
        only_administrators(act)
    with pytest.raises(InvalidParameterValue, match="script is not Base64"):
        client.global_init_scripts.create("s", "%")
    client.global_init_scripts.delete(script_id)
    assert list(client.global_init_scripts.list()) == []
