"""SQL warehouses, through the SDK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
)
from databricks.sdk.service.sql import Channel, ChannelName, State

from tests.bricklane_local.resources.callers import denied, give, levels_of, name_of

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


@pytest.fixture(scope="module")
def other(server: Server, client: WorkspaceClient) -> WorkspaceClient:
    made = client.service_principals.create(display_name="other")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    return server.machine(str(made.application_id), str(secret))


@pytest.fixture
def warehouse_id(client: WorkspaceClient) -> Iterator[str]:
    made = client.warehouses.create(
        name="w", cluster_size="Small", auto_stop_mins=15, max_num_clusters=2
    )
    yield str(made.id)
    client.warehouses.delete(str(made.id))


def test_each_workspace_comes_with_one(server: Server, client: WorkspaceClient) -> None:
    (found,) = client.warehouses.list()
    assert (found.name, found.state) == ("Serverless Starter Warehouse", State.RUNNING)
    assert found.id
    assert client.warehouses.stop(found.id).result().state is State.STOPPED
    assert client.warehouses.start(found.id).result().state is State.RUNNING
    (other,) = server.client("prod").warehouses.list()
    assert other.id != found.id


def test_one_is_made_changed_and_deleted(
    client: WorkspaceClient, later: Callable[[int], None]
) -> None:
    made = client.warehouses.create(name="made", cluster_size="Small", max_num_clusters=2)
    warehouse_id = str(made.id)
    found = client.warehouses.get(warehouse_id)
    assert (found.state, found.cluster_size, found.auto_stop_mins) == (State.STARTING, "Small", 120)
    assert found.channel == Channel(name=ChannelName.CHANNEL_NAME_CURRENT)
    assert found.odbc_params
    assert str(found.odbc_params.path).endswith(warehouse_id)
    later(200)
    assert client.warehouses.get(warehouse_id).state is State.RUNNING
    with pytest.raises(ResourceAlreadyExists, match="A warehouse with the name made already"):
        client.warehouses.create(name="made", cluster_size="Small")
    client.warehouses.edit(warehouse_id, name="renamed", cluster_size="Large")
    changed = client.warehouses.get(warehouse_id)
    assert (changed.name, changed.cluster_size, changed.max_num_clusters) == ("renamed", "Large", 2)
    assert warehouse_id in [source.warehouse_id for source in client.data_sources.list()]
    client.warehouses.delete(warehouse_id)
    with pytest.raises(NotFound, match=f"Warehouse {warehouse_id} does not exist"):
        client.warehouses.get(warehouse_id)
    assert len(list(client.warehouses.list())) == 1


def test_an_idle_one_stops(
    client: WorkspaceClient, warehouse_id: str, later: Callable[[int], None]
) -> None:
    later(10 * 60_000)
    client.warehouses.start(warehouse_id)
    later(10 * 60_000)
    assert client.warehouses.get(warehouse_id).state is State.RUNNING
    later(6 * 60_000)
    assert client.warehouses.get(warehouse_id).state is State.STOPPED


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cluster_size": "Huge"}, "cluster_size must be one of 2X-Small, .* got 'Huge'"),
        ({"name": None}, "Missing required field: name"),
        ({"auto_stop_mins": 5}, "auto_stop_mins must be 0 or at least 10, got 5"),
        ({"min_num_clusters": 3}, r"min_num_clusters \(3\) and max_num_clusters \(1\)"),
        ({"enable_serverless_compute": True}, "needs warehouse_type PRO"),
        ({"warehouse_type": "NEW"}, "warehouse_type must be one of"),
    ],
)
def test_what_cannot_be_is_refused(
    client: WorkspaceClient, changes: dict[str, Any], message: str
) -> None:
    body = {"name": "refused", "cluster_size": "Small", **changes}
    with pytest.raises(InvalidParameterValue, match=message):
        client.api_client.do("POST", "/api/2.0/sql/warehouses", body=body)


def test_who_lacks_a_level_is_denied(
    client: WorkspaceClient, other: WorkspaceClient, warehouse_id: str
) -> None:
    what = f"warehouse {warehouse_id}"
    starter = [str(w.id) for w in other.warehouses.list()]
    assert len(starter) == 1
    other.warehouses.start(starter[0])
    denied(lambda: other.warehouses.stop(starter[0]), "CAN_MANAGE", f"warehouse {starter[0]}")
    denied(lambda: other.warehouses.get(warehouse_id), "CAN_VIEW", what)
    with pytest.raises(PermissionDenied, match="takes the entitlement allow-cluster-create"):
        other.warehouses.create(name="x", cluster_size="Small")
    give(client, "warehouses", warehouse_id, "CAN_VIEW", other)
    assert other.warehouses.get(warehouse_id).name == "w"
    denied(lambda: other.warehouses.start(warehouse_id), "CAN_USE", what)
    denied(
        lambda: other.statement_execution.execute_statement("SELECT 1", warehouse_id),
        "CAN_USE",
        what,
    )
    give(client, "sql/warehouses", warehouse_id, "CAN_USE", other)
    other.warehouses.start(warehouse_id)
    other.statement_execution.execute_statement("SELECT 1", warehouse_id)
    denied(lambda: other.warehouses.edit(warehouse_id, name="x"), "CAN_MANAGE", what)
    denied(lambda: other.warehouses.delete(warehouse_id), "CAN_MANAGE", what)
    assert levels_of(client, "sql/warehouses", warehouse_id) == {
        "developer@bricklane.local": ["IS_OWNER"],
        name_of(other): ["CAN_USE"],
    }
    shown = client.permissions.get("warehouses", warehouse_id)
    assert (shown.object_id, shown.object_type) == (
        f"/sql/warehouses/{warehouse_id}",
        "warehouses",
    )


def test_the_configuration_of_all_is_administrators(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    client.warehouses.set_workspace_warehouse_config(enable_serverless_compute=False)
    found = other.warehouses.get_workspace_warehouse_config()
    assert found.enable_serverless_compute is False
    with pytest.raises(PermissionDenied, match="only workspace administrators can"):
        other.warehouses.set_workspace_warehouse_config()


def test_a_statement_for_an_unknown_one_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises((NotFound, BadRequest), match="Warehouse 7 does not exist"):
        client.statement_execution.execute_statement("SELECT 1", "7")
