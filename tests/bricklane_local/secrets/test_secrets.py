from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
)
from databricks.sdk.service.workspace import AclPermission, ScopeBackendType

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


def test_a_secret_is_kept_and_its_value_only_read_by_get(client: WorkspaceClient) -> None:
    client.secrets.create_scope("kept")
    client.secrets.put_secret("kept", "key", string_value="päss")
    assert [item.key for item in client.secrets.list_secrets("kept")] == ["key"]
    value = client.secrets.get_secret("kept", "key").value or ""
    assert base64.b64decode(value).decode() == "päss"
    client.secrets.delete_secret("kept", "key")
    with pytest.raises(NotFound, match="scope: kept and key: key"):
        client.secrets.get_secret("kept", "key")


def test_a_scope_goes_with_all_it_holds(client: WorkspaceClient) -> None:
    client.secrets.create_scope("gone")
    client.secrets.put_secret("gone", "k", string_value="v")
    client.secrets.delete_scope("gone")
    with pytest.raises(NotFound, match="Scope gone does not exist"):
        client.secrets.list_secrets("gone").__next__()  # type: ignore[attr-defined]
    client.secrets.create_scope("gone")
    assert list(client.secrets.list_secrets("gone")) == []


def test_permissions_are_kept_by_principal(client: WorkspaceClient) -> None:
    client.secrets.create_scope("shared", initial_manage_principal="users")
    client.secrets.put_acl("shared", "readers", AclPermission.READ)
    found = {item.principal: item.permission for item in client.secrets.list_acls("shared")}
    assert found == {"readers": AclPermission.READ, "users": AclPermission.MANAGE}
    client.secrets.delete_acl("shared", "readers")
    with pytest.raises(NotFound, match="Principal readers has no permission on scope shared"):
        client.secrets.get_acl("shared", "readers")


def test_what_is_not_allowed_is_refused(client: WorkspaceClient) -> None:
    client.secrets.create_scope("twice")
    with pytest.raises(ResourceAlreadyExists, match="Scope twice already exists"):
        client.secrets.create_scope("twice")
    with pytest.raises(InvalidParameterValue, match="scope name 'no:colon'"):
        client.secrets.create_scope("no:colon")
    with pytest.raises(InvalidParameterValue, match="AZURE_KEYVAULT is not supported"):
        client.secrets.create_scope("az", scope_backend_type=ScopeBackendType.AZURE_KEYVAULT)
    with pytest.raises(InvalidParameterValue, match="Exactly one of string_value and bytes_value"):
        client.secrets.put_secret("twice", "k")
    with pytest.raises(InvalidParameterValue, match="at most 131072"):
        client.secrets.put_secret("twice", "k", string_value="x" * 140_000)


def test_no_value_reaches_the_logs(server: Server, client: WorkspaceClient) -> None:
    client.secrets.create_scope("quiet")
    client.secrets.put_secret("quiet", "k", string_value="S3cr3tV4lue")
    client.secrets.get_secret("quiet", "k")
    written = b"".join(path.read_bytes() for path in (server.state / "logs").iterdir())
    assert b"S3cr3tV4lue" not in written


def test_a_scope_is_for_those_on_its_list(server: Server, client: WorkspaceClient) -> None:
    made = client.service_principals.create(display_name="reader")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    machine = server.machine(str(made.application_id), str(secret))
    client.secrets.create_scope("guarded")
    client.secrets.put_secret("guarded", "key", string_value="v")
    with pytest.raises(PermissionDenied, match="does not have READ permission on scope guarded"):
        machine.secrets.get_secret("guarded", "key")
    client.secrets.put_acl("guarded", str(made.application_id), AclPermission.READ)
    assert machine.secrets.get_secret("guarded", "key").value
    with pytest.raises(PermissionDenied, match="does not have WRITE permission"):
        machine.secrets.put_secret("guarded", "key", string_value="w")
    client.secrets.put_acl("guarded", "users", AclPermission.MANAGE)
    machine.secrets.put_acl("guarded", "somebody", AclPermission.READ)
    machine.secrets.create_scope("its own")
    machine.secrets.delete_scope("its own")
    with pytest.raises(NotFound, match="Scope nowhere does not exist"):
        machine.secrets.get_secret("nowhere", "key")


def test_every_route_of_a_scope_is_denied_to_strangers(
    server: Server, client: WorkspaceClient
) -> None:
    made = client.service_principals.create(display_name="stranger")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    machine = server.machine(str(made.application_id), str(secret)).secrets
    client.secrets.create_scope("closed")
    client.secrets.put_secret("closed", "key", string_value="v")
    for act, level in (
        (lambda: machine.get_secret("closed", "key"), "READ"),
        (lambda: list(machine.list_secrets("closed")), "READ"),
        (lambda: machine.put_secret("closed", "key", string_value="w"), "WRITE"),
        (lambda: machine.delete_secret("closed", "key"), "WRITE"),
        (lambda: list(machine.list_acls("closed")), "MANAGE"),
        (lambda: machine.get_acl("closed", "users"), "MANAGE"),
        (lambda: machine.put_acl("closed", "users", AclPermission.READ), "MANAGE"),
        (lambda: machine.delete_acl("closed", "users"), "MANAGE"),
        (lambda: machine.delete_scope("closed"), "MANAGE"),
    ):
        with pytest.raises(PermissionDenied, match=f"have {level} permission on scope closed"):
            act()
