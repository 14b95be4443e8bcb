"""Clusters, with their events and libraries, through the SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    InvalidState,
    PermissionDenied,
    ResourceDoesNotExist,
)
from databricks.sdk.service.compute import (
    AutoScale,
    Library,
    LibraryInstallStatus,
    ListClustersFilterBy,
    PythonPyPiLibrary,
    State,
    TerminationReasonCode,
)
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, PatchSchema

from tests.bricklane_local.resources.callers import denied, give, levels_of, only_administrators

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

VERSION, NODE = "17.3.x-scala2.13", "i3.xlarge"


@pytest.fixture
def cluster_id(client: WorkspaceClient) -> str:
    made = client.clusters.create(
        VERSION, cluster_name="c", node_type_id=NODE, num_workers=1, autotermination_minutes=30
    )
    return str(made.cluster_id)


def state(client: WorkspaceClient, cluster_id: str) -> State | None:
    return client.clusters.get(cluster_id).state


def test_a_cluster_lives_through_its_states(
    client: WorkspaceClient, cluster_id: str, later: Callable[[int], None]
) -> None:
    found = client.clusters.get(cluster_id)
    assert (found.state, found.driver_node_type_id) == (State.PENDING, NODE)
    assert found.default_tags == {
        "Vendor": "Databricks",
        "Creator": "developer@bricklane.local",
        "ClusterName": "c",
        "ClusterId": cluster_id,
    }
    with pytest.raises(InvalidState, match="Cannot resize a cluster that is PENDING"):
        client.clusters.resize(cluster_id, num_workers=3)
    later(200)
    assert state(client, cluster_id) is State.RUNNING
    client.clusters.resize(cluster_id, autoscale=AutoScale(min_workers=1, max_workers=4))
    assert state(client, cluster_id) is State.RESIZING
    later(200)
    client.clusters.edit(cluster_id, VERSION, node_type_id=NODE, num_workers=2)
    assert state(client, cluster_id) is State.RESTARTING
    later(200)
    changed = client.clusters.get(cluster_id)
    assert (changed.cluster_name, changed.num_workers, changed.autoscale) == ("", 2, None)
    client.clusters.delete(cluster_id)
    assert state(client, cluster_id) is State.TERMINATING
    later(200)
    ended = client.clusters.get(cluster_id)
    assert ended.state is State.TERMINATED
    assert ended.termination_reason
    assert ended.termination_reason.code is TerminationReasonCode.USER_REQUEST
    client.clusters.start(cluster_id)
    later(200)
    told = [event.type.value for event in client.clusters.events(cluster_id) if event.type]
    assert told == [
        *("RUNNING", "STARTING", "TERMINATING"),
        *("RUNNING", "RESTARTING", "EDITED"),
        *("UPSIZE_COMPLETED", "RESIZING"),
        *("RUNNING", "CREATING"),
    ]
    client.clusters.permanent_delete(cluster_id)
    with pytest.raises(ResourceDoesNotExist, match=f"Cluster {cluster_id} does not exist"):
        client.clusters.get(cluster_id)


def test_an_idle_cluster_terminates(
    client: WorkspaceClient, cluster_id: str, later: Callable[[int], None]
) -> None:
    later(29 * 60_000)
    assert state(client, cluster_id) is State.RUNNING
    later(2 * 60_000)
    ended = client.clusters.get(cluster_id)
    assert ended.state is State.TERMINATED
    assert ended.termination_reason
    assert ended.termination_reason.code is TerminationReasonCode.INACTIVITY
    client.clusters.delete(cluster_id).result()


def test_a_cluster_is_made_once_for_a_token(client: WorkspaceClient) -> None:
    made = [
        client.api_client.do(
            "POST",
            "/api/2.1/clusters/create",
            body={
                "spark_version": VERSION,
                "node_type_id": NODE,
                "num_workers": 0,
                "idempotency_token": "t",
            },
        )
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_what_cannot_be_is_refused(client: WorkspaceClient, cluster_id: str) -> None:
    create = client.clusters.create
    for act, message in (
        (lambda: create(VERSION, node_type_id=NODE), "field: num_workers, or autoscale"),
        (lambda: create(VERSION, num_workers=1), "field: node_type_id"),
        (lambda: create("yesterday", node_type_id=NODE, num_workers=1), "Invalid spark version"),
        (
            lambda: create(
                VERSION,
                node_type_id=NODE,
                autoscale=AutoScale(min_workers=3, max_workers=1),
            ),
            r"min_workers \(3\) must not exceed autoscale.max_workers \(1\)",
        ),
        (
            lambda: create(VERSION, node_type_id=NODE, num_workers=1, autotermination_minutes=5),
            "autotermination_minutes must be 0 or in 10",
        ),
        (lambda: create(VERSION, num_workers=1, instance_pool_id="p"), "no instance pool"),
    ):
        with pytest.raises((BadRequest, ResourceDoesNotExist), match=message):
            act()
    client.clusters.pin(cluster_id)
    with pytest.raises(InvalidParameterValue, match="unpin the cluster first"):
        client.clusters.permanent_delete(cluster_id)
    client.clusters.unpin(cluster_id)
    client.clusters.permanent_delete(cluster_id)


def test_lists_have_pages_and_filters(client: WorkspaceClient, cluster_id: str) -> None:
    for _ in range(3):
        client.clusters.create(VERSION, node_type_id=NODE, num_workers=0)
    client.clusters.pin(cluster_id)
    every = [cluster.cluster_id for cluster in client.clusters.list(page_size=2)]
    assert len(every) == len(set(every))
    assert cluster_id in every
    pinned = client.clusters.list(filter_by=ListClustersFilterBy(is_pinned=True))
    assert [cluster.cluster_id for cluster in pinned] == [cluster_id]
    stopped = client.clusters.list(
        filter_by=ListClustersFilterBy(cluster_states=[State.TERMINATED, State.ERROR])
    )
    assert cluster_id not in [cluster.cluster_id for cluster in stopped]
    client.clusters.unpin(cluster_id)


def test_who_lacks_a_level_is_denied(
    client: WorkspaceClient, other: WorkspaceClient, cluster_id: str
) -> None:
    what = f"cluster {cluster_id}"
    denied(lambda: other.clusters.get(cluster_id), "CAN_ATTACH_TO", what)
    denied(lambda: list(other.clusters.events(cluster_id)), "CAN_ATTACH_TO", what)
    assert list(other.clusters.list()) == []
    assert levels_of(client, "clusters", cluster_id) == {
        "developer@bricklane.local": ["CAN_MANAGE"]
    }
    give(client, "clusters", cluster_id, "CAN_ATTACH_TO")
    assert [cluster.cluster_id for cluster in other.clusters.list()] == [cluster_id]
    denied(lambda: other.clusters.delete(cluster_id), "CAN_RESTART", what)
    give(client, "clusters", cluster_id, "CAN_RESTART", other)
    other.clusters.delete(cluster_id)
    for act in (
        lambda: other.clusters.edit(cluster_id, VERSION, node_type_id=NODE, num_workers=2),
        lambda: other.clusters.resize(cluster_id, num_workers=2),
        lambda: other.clusters.permanent_delete(cluster_id),
        lambda: other.clusters.pin(cluster_id),
        lambda: other.libraries.install(cluster_id, [Library(jar="x")]),
        lambda: other.permissions.set("clusters", cluster_id),
    ):
        denied(act, "CAN_MANAGE", what)
    only_administrators(
        lambda: other.clusters.change_owner(cluster_id, "developer@bricklane.local")
    )


def test_creation_takes_an_entitlement(client: WorkspaceClient, other: WorkspaceClient) -> None:
    with pytest.raises(PermissionDenied, match="or the entitlement allow-cluster-create"):
        other.clusters.create(VERSION, node_type_id=NODE, num_workers=0)
    entitle = Patch(
        op=PatchOp.ADD,
        path="entitlements",
        value=[ComplexValue(value="allow-cluster-create").as_dict()],
    )
    client.service_principals.patch(
        str(other.current_user.me().id),
        operations=[entitle],
        schemas=[PatchSchema.URN_IETF_PARAMS_SCIM_API_MESSAGES_2_0_PATCH_OP],
    )
    made = other.clusters.create(VERSION, node_type_id=NODE, num_workers=0)
    other.clusters.permanent_delete(str(made.cluster_id))


def test_libraries_are_noted(
    client: WorkspaceClient, cluster_id: str, later: Callable[[int], None]
) -> None:
    library = Library(pypi=PythonPyPiLibrary(package="numpy"))
    client.libraries.install(cluster_id, [library])

    def statuses() -> list[LibraryInstallStatus | None]:
        return [item.status for item in client.libraries.cluster_status(cluster_id)]

    assert statuses() == [LibraryInstallStatus.PENDING]
    later(200)
    assert statuses() == [LibraryInstallStatus.INSTALLED]
    client.libraries.uninstall(cluster_id, [library])
    assert statuses() == [LibraryInstallStatus.UNINSTALL_ON_RESTART]
    client.clusters.restart(cluster_id)
    assert statuses() == []


def test_what_clusters_are_made_of_can_be_chosen(client: WorkspaceClient) -> None:
    assert client.clusters.select_spark_version(long_term_support=True, scala="2.13") == VERSION
    assert client.clusters.select_node_type(min_cores=4, min_memory_gb=30) == NODE
    assert client.clusters.list_zones().default_zone


def test_states_survive_a_kill(fresh: Server) -> None:
    client = fresh.up().client()
    made = client.clusters.create(VERSION, node_type_id=NODE, num_workers=0)
    fresh.local("down")
    found = fresh.up().client().clusters.get(str(made.cluster_id))
    assert found.state is State.RUNNING
