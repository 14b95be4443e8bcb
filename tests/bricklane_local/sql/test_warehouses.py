"""The SQL warehouse of a workspace, through the SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import NotFound, PermissionDenied
from databricks.sdk.service.sql import State

if TYPE_CHECKING:
    from conftest import Server
    from databricks.sdk import WorkspaceClient


def test_each_workspace_has_one_that_starts_and_stops(
    server: Server, client: WorkspaceClient
) -> None:
    (found,) = client.warehouses.list()
    assert (found.name, found.state) == ("Serverless Starter Warehouse", State.RUNNING)
    assert found.id
    assert client.warehouses.stop(found.id).result().state is State.STOPPED
    assert client.warehouses.start(found.id).result().state is State.RUNNING
    (other,) = server.client("prod").warehouses.list()
    assert other.id != found.id


def test_an_unknown_one_is_refused_with_the_one_there_is(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match=r"Warehouse 7 does not exist; the workspace dev has \w{16}"):
        client.warehouses.get("7")


def test_stopping_needs_an_administrator(server: Server, client: WorkspaceClient) -> None:
    made = client.service_principals.create(display_name="stopper")
    assert made.id
    assert made.application_id
    secret = client.service_principal_secrets_proxy.create(made.id).secret or ""
    (found,) = client.warehouses.list()
    machine = server.machine(made.application_id, secret)
    with pytest.raises(PermissionDenied, match="that needs CAN_MANAGE"):
        machine.warehouses.stop(str(found.id))
    machine.warehouses.start(str(found.id))
