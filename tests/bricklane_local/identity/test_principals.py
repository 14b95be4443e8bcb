"""Users, service principals and groups through the SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceConflict
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Machine, Server

ADMINISTRATOR = "developer@bricklane.local"


def group_id(client: WorkspaceClient, name: str) -> str:
    (found,) = client.groups.list(filter=f'displayName eq "{name}"')
    assert found.id
    return found.id


def test_a_service_principal_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    made = client.service_principals.create(
        display_name="deployer", entitlements=[ComplexValue(value="workspace-access")]
    )
    assert made.id
    assert made.active
    assert client.service_principals.get(made.id) == made
    assert [group.display for group in made.groups or []] == ["users"]
    for name, value in (("applicationId", made.application_id), ("displayName", "DEPLOYER")):
        listed = list(client.service_principals.list(filter=f'{name} eq "{value}"'))
        assert [item.id for item in listed] == [made.id]
    client.service_principals.update(made.id, display_name="renamed", active=True)
    assert client.service_principals.get(made.id).display_name == "renamed"
    client.service_principals.patch(
        made.id, operations=[Patch(op=PatchOp.REPLACE, path="displayName", value="patched")]
    )
    assert client.service_principals.get(made.id).display_name == "patched"
    client.service_principals.delete(made.id)
    with pytest.raises(NotFound, match=f"Service principal with id {made.id} not found"):
        client.service_principals.get(made.id)


def test_its_home_is_called_like_its_application_id(client: WorkspaceClient) -> None:
    made = client.service_principals.create(display_name="homely")
    assert client.workspace.get_status(f"/Users/{made.application_id}").object_id


def test_names_that_are_taken_or_wrong_are_refused(client: WorkspaceClient) -> None:
    made = client.service_principals.create(display_name="one")
    with pytest.raises(
        ResourceConflict, match=f"applicationId {made.application_id} already exists"
    ):
        client.service_principals.create(application_id=made.application_id)
    with pytest.raises(BadRequest, match="applicationId must be a UUID, got 'x'"):
        client.service_principals.create(application_id="x")
    with pytest.raises(BadRequest, match="userName must be a mail address, got 'jane'"):
        client.users.create(user_name="jane")
    with pytest.raises(BadRequest, match="filter operator is not supported"):
        list(client.service_principals.list(filter="displayName matches x"))


def test_an_account_has_a_service_principal_once(server: Server, client: WorkspaceClient) -> None:
    made = client.service_principals.create(display_name="in two workspaces")
    assert made.id
    secret = client.service_principal_secrets_proxy.create(made.id).secret
    prod = server.client("prod")
    assert made.id not in [item.id for item in prod.service_principals.list()]
    again = prod.service_principals.create(application_id=made.application_id)
    assert (again.id, again.display_name) == (made.id, "in two workspaces")
    assert made.application_id
    assert secret
    machine = server.machine(made.application_id, secret, "prod")
    assert machine.current_user.me().user_name == made.application_id
    client.service_principals.delete(made.id)
    assert prod.service_principals.get(made.id).application_id == made.application_id
    assert machine.current_user.me().id == made.id


def test_users_and_groups(client: WorkspaceClient) -> None:
    jane = client.users.create(user_name="Jane@example.com", display_name="Jane")
    assert (jane.user_name, jane.display_name) == ("jane@example.com", "Jane")
    team = client.groups.create(display_name="team", members=[ComplexValue(value=jane.id)])
    assert team.id
    assert jane.id
    assert [group.display for group in client.users.get(jane.id).groups or []] == ["team", "users"]
    assert {group.display_name for group in client.groups.list()} >= {"admins", "users", "team"}
    client.groups.patch(
        team.id, operations=[Patch(op=PatchOp.REMOVE, path=f'members[value eq "{jane.id}"]')]
    )
    assert client.groups.get(team.id).members == []
    client.groups.delete(team.id)
    with pytest.raises(BadRequest, match="The group admins cannot be deleted"):
        client.groups.delete(group_id(client, "admins"))
    client.users.delete(jane.id)


def test_the_administrator_of_the_cloud_cannot_lock_itself_out(client: WorkspaceClient) -> None:
    me = client.current_user.me()
    assert me.id
    for attempt in (
        lambda: client.users.delete(str(me.id)),
        lambda: client.users.update(str(me.id), user_name=ADMINISTRATOR, active=False),
        lambda: client.groups.update(group_id(client, "admins"), members=[]),
    ):
        with pytest.raises(BadRequest, match="administers this local cloud"):
            attempt()
    assert client.current_user.me().user_name == ADMINISTRATOR


def test_a_service_principal_is_an_administrator_only_in_the_group(
    client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    made = machine()
    with pytest.raises(PermissionDenied, match="Only workspace administrators can add a service"):
        made.client.service_principals.create(display_name="x")
    (seen,) = made.client.service_principals.list(filter=f"applicationId eq {made.application_id}")
    assert seen.groups == []
    operation = Patch(op=PatchOp.ADD, path="groups", value=[{"value": group_id(client, "admins")}])
    client.service_principals.patch(made.id, operations=[operation])
    assert made.client.service_principals.create(display_name="x").id
    (seen,) = made.client.service_principals.list(filter=f"applicationId eq {made.application_id}")
    assert {group.display for group in seen.groups or []} == {"admins", "users"}


def test_what_it_may_do_in_the_catalog_is_granted_to_its_application_id(
    client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    made, other = machine(), machine()
    with pytest.raises(PermissionDenied, match="does not have CREATE SCHEMA on Catalog 'dev'"):
        made.client.schemas.create("granted_to_it", "dev")
    client.grants.update(
        "catalog",
        "dev",
        changes=[PermissionsChange(principal=made.application_id, add=[Privilege.CREATE_SCHEMA])],
    )
    schema = made.client.schemas.create("granted_to_it", "dev")
    assert schema.owner == made.application_id
    client.grants.update(
        "schema",
        "dev.granted_to_it",
        changes=[PermissionsChange(principal="account users", add=[Privilege.USE_SCHEMA])],
    )
    assert other.client.schemas.get("dev.granted_to_it").owner == made.application_id


def test_it_owns_what_it_creates(client: WorkspaceClient, machine: Callable[[], Machine]) -> None:
    made = machine()
    job_id = str(made.client.jobs.create(name="mine").job_id)
    job = client.jobs.get(int(job_id))
    assert job.creator_user_name == job.run_as_user_name == made.application_id
    entries = client.permissions.get("jobs", job_id).access_control_list or []
    assert entries[0].service_principal_name == made.application_id
