"""Apps and database instances, through the SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import (
    InvalidParameterValue,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service.apps import (
    App,
    AppDeployment,
    AppDeploymentState,
    ApplicationState,
    AppUpdateUpdateStatusUpdateState,
    ComputeState,
)
from databricks.sdk.service.database import (
    DatabaseCatalog,
    DatabaseInstance,
    DatabaseInstanceState,
)

from tests.bricklane_local.resources.callers import denied, give

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


def compute(client: WorkspaceClient, name: str) -> ComputeState | None:
    found = client.apps.get(name).compute_status
    return found.state if found else None


def test_an_app_starts_is_deployed_and_stops(
    client: WorkspaceClient, later: Callable[[int], None]
) -> None:
    client.apps.create(App(name="my-app", description="d"), no_compute=True)
    assert compute(client, "my-app") is ComputeState.STOPPED
    client.apps.start("my-app")
    assert compute(client, "my-app") is ComputeState.STARTING
    later(200)
    assert compute(client, "my-app") is ComputeState.ACTIVE
    with pytest.raises(ResourceDoesNotExist, match=r"Path \(/nowhere\)"):
        client.apps.deploy("my-app", AppDeployment(source_code_path="/nowhere"))
    client.workspace.mkdirs("/Shared/app")
    made = client.apps.deploy("my-app", AppDeployment(source_code_path="/Shared/app")).response
    deployment_id = str(made.deployment_id)
    assert client.apps.get("my-app").pending_deployment
    later(200)
    done = client.apps.get_deployment("my-app", deployment_id)
    assert done.status
    assert done.status.state is AppDeploymentState.SUCCEEDED
    app = client.apps.get("my-app")
    assert app.app_status
    assert app.app_status.state is ApplicationState.RUNNING
    assert [d.deployment_id for d in client.apps.list_deployments("my-app")] == [deployment_id]
    client.apps.create_update("my-app", "description", app=App(name="my-app", description="e"))
    updated = client.apps.get_update("my-app")
    assert updated.status
    assert updated.status.state is AppUpdateUpdateStatusUpdateState.SUCCEEDED
    assert client.apps.get("my-app").description == "e"
    client.apps.stop("my-app")
    later(200)
    assert compute(client, "my-app") is ComputeState.STOPPED
    client.apps.delete("my-app")
    assert list(client.apps.list()) == []


def test_an_app_has_a_service_principal(client: WorkspaceClient) -> None:
    app = client.apps.create(App(name="owner"), no_compute=True).response
    made = client.service_principals.get(str(app.service_principal_id))
    assert made.application_id == app.service_principal_client_id
    with pytest.raises(ResourceAlreadyExists, match="An app with the name owner already exists"):
        client.apps.create(App(name="owner"), no_compute=True)
    with pytest.raises(InvalidParameterValue, match="lower-case letters, digits and dashes"):
        client.apps.create(App(name="Owner"))
    client.apps.delete("owner")
    assert made.id not in [principal.id for principal in client.service_principals.list()]


def test_who_lacks_a_level_on_an_app_is_denied(
    client: WorkspaceClient, other: WorkspaceClient
) -> None:
    client.apps.create(App(name="guarded"), no_compute=True)
    denied(lambda: other.apps.get("guarded"), "CAN_USE", "app guarded")
    give(client, "apps", "guarded", "CAN_USE", other)
    assert other.apps.get("guarded").name == "guarded"
    for act in (
        lambda: other.apps.start("guarded"),
        lambda: other.apps.update("guarded", App(name="guarded", description="x")),
        lambda: other.apps.deploy("guarded", AppDeployment(source_code_path="/Shared")),
        lambda: other.apps.delete("guarded"),
    ):
        denied(act, "CAN_MANAGE", "app guarded")
    client.apps.delete("guarded")


def test_a_database_instance_is_kept(
    client: WorkspaceClient, other: WorkspaceClient, later: Callable[[int], None]
) -> None:
    api = client.database
    api.create_database_instance(DatabaseInstance(name="db", capacity="CU_2"))
    assert api.get_database_instance("db").state is DatabaseInstanceState.STARTING
    later(200)
    found = api.get_database_instance("db")
    assert (found.state, found.effective_capacity) == (DatabaseInstanceState.AVAILABLE, "CU_2")
    changed = api.update_database_instance(
        "db", DatabaseInstance(name="db", stopped=True, capacity="CU_4"), "stopped"
    )
    assert (changed.state, changed.capacity) == (DatabaseInstanceState.STOPPED, "CU_2")
    with pytest.raises(InvalidParameterValue, match=r"must be one of CU_1, .* got 'CU_3'"):
        api.update_database_instance("db", DatabaseInstance(name="db", capacity="CU_3"), "*")
    api.create_database_catalog(DatabaseCatalog("cat", "db", "d"))
    assert [catalog.name for catalog in api.list_database_catalogs("db")] == ["cat"]
    with pytest.raises(ResourceDoesNotExist, match="no database instance with the name x"):
        api.create_database_catalog(DatabaseCatalog("dog", "x", "d"))
    denied(lambda: other.database.get_database_instance("db"), "CAN_USE", "database instance db")
    api.delete_database_catalog("cat")
    api.delete_database_instance("db")
    assert list(api.list_database_instances()) == []
