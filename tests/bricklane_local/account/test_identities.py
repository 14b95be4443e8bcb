"""People, machines and groups of the account, and who of them may enter which workspace."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, ResourceConflict
from databricks.sdk.service.iam import ComplexValue, Patch, PatchOp, WorkspacePermission

if TYPE_CHECKING:
    from databricks.sdk import AccountClient, WorkspaceClient

    from conftest import Server


@pytest.fixture
def account(server: Server) -> AccountClient:
    """The account's client, for its administrator."""
    return server.account()


@pytest.fixture
def dev(server: Server) -> int:
    """The id of the workspace dev."""
    return server.client().get_workspace_id()


@pytest.fixture
def machine(server: Server, account: AccountClient) -> Callable[[str], tuple[str, WorkspaceClient]]:
    """Make a service principal of the account: its id, and a client of dev that acts as it."""

    def make(name: str) -> tuple[str, WorkspaceClient]:
        made = account.service_principals_v2.create(display_name=name)
        secret = account.service_principal_secrets.create(str(made.id)).secret
        return str(made.id), server.machine(str(made.application_id), str(secret))

    return make


Make = Callable[[str], tuple[str, "WorkspaceClient"]]


def test_entering_a_workspace_takes_an_assignment(
    account: AccountClient, dev: int, machine: Make
) -> None:
    number, client = machine("wanderer")
    with pytest.raises(ValueError, match="is not in the workspace dev"):
        client.current_user.me()
    assigned = account.workspace_assignment.update(
        dev, int(number), permissions=[WorkspacePermission.USER]
    )
    assert assigned.permissions == [WorkspacePermission.USER]
    assert [group.display for group in client.current_user.me().groups or []] == ["users"]
    account.workspace_assignment.update(dev, int(number), permissions=[WorkspacePermission.ADMIN])
    groups = {group.display for group in client.current_user.me().groups or []}
    assert groups == {"admins", "users"}
    account.workspace_assignment.delete(dev, int(number))
    with pytest.raises(Exception, match="is not here any more"):
        client.current_user.me()


def test_groups_hold_groups_and_open_workspaces(
    account: AccountClient, dev: int, machine: Make
) -> None:
    number, client = machine("nested")
    inner = account.groups_v2.create(
        display_name="inner team", members=[ComplexValue(value=number)]
    )
    outer = account.groups_v2.create(
        display_name="outer team", members=[ComplexValue(value=inner.id)]
    )
    assert inner.id
    assert outer.id
    account.workspace_assignment.update(dev, int(outer.id), permissions=[WorkspacePermission.ADMIN])
    me = client.current_user.me()
    assert {group.display: group.type for group in me.groups or []} == {
        "admins": "indirect",
        "users": "direct",
        "outer team": "indirect",
    }
    assert number in [item.id for item in client.service_principals.list()]
    account.groups_v2.delete(inner.id)
    with pytest.raises(Exception, match="is not here any more"):
        client.current_user.me()


def test_groups_in_a_circle_are_refused(account: AccountClient) -> None:
    first = account.groups_v2.create(display_name="first")
    second = account.groups_v2.create(display_name="second", members=[ComplexValue(value=first.id)])
    for inner in (second, first):
        add = Patch(op=PatchOp.ADD, path="members", value=[{"value": inner.id}])
        with pytest.raises(BadRequest, match="cannot be a member of first: it holds that group"):
            account.groups_v2.patch(str(first.id), operations=[add])


def test_names_in_the_account(account: AccountClient) -> None:
    team = account.groups_v2.create(display_name="renamed once", external_id="idp-7")
    for name in ("renamed once", "admins", "users"):
        with pytest.raises(ResourceConflict, match=f"Group with name {name} already exists"):
            account.groups_v2.create(display_name=name)
    rename = Patch(op=PatchOp.REPLACE, path="displayName", value="renamed twice")
    account.groups_v2.patch(str(team.id), operations=[rename])
    found = account.groups_v2.get(str(team.id))
    assert (found.display_name, found.external_id) == ("renamed twice", "idp-7")
    with pytest.raises(NotFound, match="Principal with id 12 not found"):
        account.groups_v2.create(display_name="x", members=[ComplexValue(value="12")])


def test_an_administrator_of_the_account_by_role_or_group(
    server: Server, account: AccountClient
) -> None:
    made = account.service_principals_v2.create(display_name="second administrator")
    secret = str(account.service_principal_secrets.create(str(made.id)).secret)
    second = server.account(client_id=str(made.application_id), client_secret=secret)
    roles = [ComplexValue(value="account_admin")]
    group = account.groups_v2.create(
        display_name="administrators", roles=roles, members=[ComplexValue(value=made.id)]
    )
    assert list(second.workspaces.list())
    account.groups_v2.delete(str(group.id))
    with pytest.raises(Exception, match="account_admin"):
        list(second.workspaces.list())
    add = Patch(op=PatchOp.ADD, path="roles", value=[{"value": "account_admin"}])
    account.service_principals_v2.patch(str(made.id), operations=[add])
    assert list(second.workspaces.list())


def test_an_account_group_is_changed_in_the_account(
    server: Server, account: AccountClient, dev: int
) -> None:
    team = account.groups_v2.create(display_name="readers of dev")
    account.workspace_assignment.update(
        dev, int(str(team.id)), permissions=[WorkspacePermission.USER]
    )
    client = server.client()
    assert client.groups.get(str(team.id)).display_name == "readers of dev"
    with pytest.raises(BadRequest, match="belongs to the account"):
        client.groups.delete(str(team.id))
    own = client.groups.create(display_name="own of dev")
    with pytest.raises(NotFound):
        account.groups_v2.get(str(own.id))


def test_assignments_that_cannot_be(account: AccountClient, dev: int) -> None:
    with pytest.raises(NotFound, match="There is no principal 77"):
        account.workspace_assignment.update(dev, 77, permissions=[WorkspacePermission.USER])
    with pytest.raises(NotFound, match="There is no workspace 4"):
        list(account.workspace_assignment.list(4))
    with pytest.raises(InvalidParameterValue, match="UNKNOWN"):
        account.workspace_assignment.update(dev, 77, permissions=[WorkspacePermission.UNKNOWN])


def test_a_token_of_the_account_opens_the_workspaces_of_its_principal(
    server: Server, account: AccountClient, dev: int
) -> None:
    from databricks.sdk import WorkspaceClient

    made = account.service_principals_v2.create(display_name="everywhere")
    secret = str(account.service_principal_secrets.create(str(made.id)).secret)
    second = server.account(client_id=str(made.application_id), client_secret=secret)
    token = second.config.authenticate()["Authorization"].removeprefix("Bearer ")
    client = WorkspaceClient(host=server.host, token=token, auth_type="pat")
    with pytest.raises(Exception, match="is not here any more"):
        client.current_user.me()
    account.workspace_assignment.update(
        dev, int(str(made.id)), permissions=[WorkspacePermission.USER]
    )
    assert client.current_user.me().user_name == made.application_id
