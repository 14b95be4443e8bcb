"""Credentials, external locations and connections, through the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound, PermissionDenied
from databricks.sdk.service.catalog import (
    AwsIamRole,
    AwsIamRoleRequest,
    AzureManagedIdentityRequest,
    AzureServicePrincipal,
    ConnectionType,
    CredentialPurpose,
    DatabricksGcpServiceAccountRequest,
    PermissionsChange,
    Privilege,
    VolumeType,
)

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import catalogs, volumes
from bricklane_local.catalog.kinds import EXTERNAL_LOCATION, METASTORE, STORAGE_CREDENTIAL
from bricklane_local.catalog.storage import urls
from bricklane_local.catalog.storage.credentials import STORAGE
from bricklane_local.catalog.storage.external_locations import EXTERNAL_LOCATIONS
from tests.bricklane_local.catalog.world import READER, World, denial

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

ROLE = AwsIamRoleRequest("arn:aws:iam::123456789012:role/data")


def test_storage_credential_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    made = client.storage_credentials.create("Lake", aws_iam_role=ROLE, comment="c")
    assert made.name == "lake"
    assert made.aws_iam_role
    assert made.aws_iam_role.role_arn == ROLE.role_arn
    assert made.aws_iam_role.external_id
    assert client.storage_credentials.get("LAKE") == made
    identity = AzureManagedIdentityRequest("/subscriptions/1/accessConnectors/c")
    changed = client.storage_credentials.update(
        "lake",
        new_name="sea",
        azure_managed_identity=identity,  # type: ignore[arg-type]
    )
    assert changed.aws_iam_role is None
    assert changed.azure_managed_identity
    assert changed.azure_managed_identity.credential_id
    assert changed.id == made.id
    assert [c.name for c in client.storage_credentials.list()] == ["sea"]
    client.storage_credentials.delete("sea")
    with pytest.raises(NotFound, match="Storage Credential 'sea' does not exist"):
        client.storage_credentials.get("sea")


def test_what_the_platform_makes_of_an_identity_stays(client: WorkspaceClient) -> None:
    made = client.storage_credentials.create("stays", aws_iam_role=ROLE)
    changed = client.storage_credentials.update(
        "stays", aws_iam_role=AwsIamRoleRequest("arn:aws:iam::1:role/other"), read_only=True
    )
    assert made.aws_iam_role
    assert changed.aws_iam_role
    assert changed.aws_iam_role.role_arn == "arn:aws:iam::1:role/other"
    assert changed.aws_iam_role.external_id == made.aws_iam_role.external_id
    assert changed.read_only
    account = client.storage_credentials.create(
        "google", databricks_gcp_service_account=DatabricksGcpServiceAccountRequest()
    )
    assert account.databricks_gcp_service_account
    assert account.databricks_gcp_service_account.email


def test_secrets_are_neither_answered_nor_kept(server: Server, client: WorkspaceClient) -> None:
    principal = AzureServicePrincipal("directory", "application", "sesame-open")
    made = client.storage_credentials.create("azure", azure_service_principal=principal)
    assert made.azure_service_principal
    assert made.azure_service_principal.application_id == "application"
    assert not made.azure_service_principal.client_secret
    options = {"host": "h", "port": "5432", "user": "sesame-user", "password": "sesame-open"}
    connection = client.connections.create("pg", ConnectionType.POSTGRESQL, options)
    assert connection.options == {"host": "h", "port": "5432"}
    state = b"".join(path.read_bytes() for path in server.state.glob("cloud.sqlite*"))
    assert b"sesame" not in state


def test_connection_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    made = client.connections.create("c", ConnectionType.MYSQL, {"host": "h"}, comment="x")
    changed = client.connections.update("c", {"host": "i"}, new_name="d")
    assert (changed.name, changed.options) == ("d", {"host": "i"})
    assert changed.connection_id == made.connection_id
    assert "d" in [c.name for c in client.connections.list()]
    client.connections.delete("d")
    with pytest.raises(NotFound, match="Connection 'd' does not exist"):
        client.connections.get("d")


def test_service_credentials_are_apart_from_storage_credentials(client: WorkspaceClient) -> None:
    client.credentials.create_credential(
        "service", purpose=CredentialPurpose.SERVICE, aws_iam_role=AwsIamRole("arn:aws:iam::1:role")
    )
    assert [c.name for c in client.credentials.list_credentials()] == ["service"]
    assert "service" not in [c.name for c in client.storage_credentials.list()]
    with pytest.raises(InvalidParameterValue, match="use storage-credentials"):
        client.credentials.create_credential(
            "s", purpose=CredentialPurpose.STORAGE, aws_iam_role=AwsIamRole("arn:aws:iam::1:role")
        )
    client.credentials.delete_credential("service")


def test_external_location_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    client.storage_credentials.create("for_location", aws_iam_role=ROLE)
    made = client.external_locations.create(
        "Raw", "s3://life/raw", "for_location", comment="c", skip_validation=True
    )
    assert (made.name, made.url, made.read_only) == ("raw", "s3://life/raw", False)
    assert made.credential_id == client.storage_credentials.get("for_location").id
    client.storage_credentials.update("for_location", new_name="renamed")
    assert client.external_locations.get("raw").credential_name == "renamed"
    with pytest.raises(BadRequest, match=r"1 dependent external location\(s\): raw"):
        client.storage_credentials.delete("renamed")
    changed = client.external_locations.update("raw", url="s3://life/other", read_only=True)
    assert (changed.url, changed.read_only) == ("s3://life/other", True)
    client.external_locations.delete("raw")
    client.storage_credentials.delete("renamed")
    with pytest.raises(NotFound, match="External Location 'raw' does not exist"):
        client.external_locations.get("raw")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("/tmp/x", "it must be a path in an object store"),
        ("https://bucket/x", "it must be a path in an object store"),
        ("s3:///x", "it must be a path in an object store"),
        ("s3://b/../x", "no '..', query or fragment"),
        ("s3://b/x?y", "no '..', query or fragment"),
    ],
)
def test_url_that_is_none_is_refused(client: WorkspaceClient, url: str, message: str) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        client.external_locations.create("bad", url, "none")


def test_locations_do_not_overlap_and_need_a_credential(client: WorkspaceClient) -> None:
    client.storage_credentials.create("overlap", aws_iam_role=ROLE)
    client.external_locations.create("a", "s3://overlap/x", "overlap")
    for url in ("s3://overlap/x/", "s3://overlap/x/y", "s3://overlap"):
        with pytest.raises(InvalidParameterValue, match="overlaps with an existing external loc"):
            client.external_locations.create("b", url, "overlap")
    client.external_locations.create("b", "s3://overlap/xy", "overlap")
    with pytest.raises(BadRequest, match="External Location 'b' already exists"):
        client.external_locations.create("B", "s3://elsewhere", "overlap")
    with pytest.raises(NotFound, match="Storage Credential 'nothing' does not exist"):
        client.external_locations.create("c", "s3://elsewhere", "nothing")


def test_a_location_in_use_is_deleted_by_force_only(client: WorkspaceClient) -> None:
    client.storage_credentials.create("used", aws_iam_role=ROLE)
    client.external_locations.create("used", "s3://used", "used")
    client.catalogs.create("used", storage_root="s3://used/root")
    client.volumes.create(
        "used", "default", "v", VolumeType.EXTERNAL, storage_location="s3://used/v"
    )
    dependents = "1 catalogs, 0 schemas, 0 external tables, 1 external volumes"
    with pytest.raises(BadRequest, match=f"Cannot delete .* dependent {dependents}"):
        client.external_locations.delete("used")
    with pytest.raises(BadRequest, match="Cannot update External Location 'used'"):
        client.external_locations.update("used", url="s3://moved")
    client.external_locations.delete("used", force=True)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "must have exactly one of aws_iam_role"),
        (
            {"aws_iam_role": {"role_arn": "a"}, "azure_managed_identity": {}},
            "got aws_iam_role, azure_managed_identity",
        ),
    ],
)
def test_credential_names_one_identity(
    server: Server, fields: dict[str, Any], message: str
) -> None:
    path = "/api/2.1/unity-catalog/storage-credentials"
    answer = server.request("POST", path, json={"name": "one", **fields})
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def test_making_them_needs_privileges_on_metastore_and_credential(world: World) -> None:
    metastore, role = world.metastore, {"role_arn": "a"}
    with pytest.raises(ApiError) as error:
        STORAGE.create(metastore, {"name": "c", "aws_iam_role": role}, world.reader)
    assert "CREATE STORAGE CREDENTIAL on Metastore" in denial(error)
    STORAGE.create(metastore, {"name": "c", "aws_iam_role": role}, world.administrator)
    fields = {"name": "l", "url": "s3://b", "credential_name": "c"}
    world.grant(METASTORE, metastore.id, READER, "CREATE_EXTERNAL_LOCATION")
    with pytest.raises(ApiError) as error:
        EXTERNAL_LOCATIONS.create(metastore, fields, world.reader)
    expected = "User does not have CREATE EXTERNAL LOCATION on Storage Credential 'c'."
    assert denial(error) == expected
    world.grant(STORAGE_CREDENTIAL, "c", READER, "CREATE_EXTERNAL_LOCATION")
    assert EXTERNAL_LOCATIONS.create(metastore, fields, world.reader)["owner"] == READER


def test_paths_in_an_object_store_belong_to_a_location_that_one_may_use(world: World) -> None:
    metastore, administrator = world.metastore, world.administrator
    volume = {
        "name": "v",
        "catalog_name": "dev",
        "schema_name": "default",
        "volume_type": "EXTERNAL",
        "storage_location": "s3://b/x/v",
    }
    with pytest.raises(ApiError, match="No parent external location was found") as missing:
        volumes.create(metastore, volume, administrator)
    assert missing.value.code == "EXTERNAL_LOCATION_DOES_NOT_EXIST"
    identity = {"name": "c", "aws_iam_role": {"role_arn": "a"}}
    STORAGE.create(metastore, identity, administrator)
    location = {"name": "l", "url": "s3://b/x", "credential_name": "c"}
    EXTERNAL_LOCATIONS.create(metastore, location, administrator)
    with pytest.raises(ApiError) as error:
        volumes.create(metastore, volume, world.reader)
    assert denial(error) == "User does not have CREATE EXTERNAL VOLUME on External Location 'l'."
    world.grant(EXTERNAL_LOCATION, "l", READER, "CREATE_EXTERNAL_VOLUME")
    assert volumes.create(metastore, volume, world.reader)["storage_location"] == "s3://b/x/v"
    world.grant(METASTORE, metastore.id, READER, "CREATE_CATALOG")
    rooted = {"name": "rooted", "storage_root": "s3://b/x/root"}
    with pytest.raises(ApiError) as error:
        catalogs.create(metastore, rooted, world.reader)
    assert "CREATE MANAGED STORAGE on External Location 'l'" in denial(error)
    assert catalogs.create(metastore, rooted, administrator)["storage_root"] == "s3://b/x/root"
    EXTERNAL_LOCATIONS.update(metastore, "l", {"read_only": True}, administrator)
    with pytest.raises(ApiError) as error:
        volumes.create(metastore, volume | {"name": "w"}, administrator)
    assert denial(error) == "External Location 'l' is read-only"


def test_grants_on_a_location_are_those_that_fit(people: WorkspaceClient) -> None:
    people.storage_credentials.create("granted", aws_iam_role=ROLE)
    people.external_locations.create("granted", "s3://granted", "granted")
    change = PermissionsChange(
        principal="analysts", add=[Privilege.READ_FILES, Privilege.CREATE_EXTERNAL_TABLE]
    )
    people.grants.update("external_location", "granted", changes=[change])
    (found,) = people.grants.get("external_location", "granted").privilege_assignments or []
    assert found.privileges == [Privilege.CREATE_EXTERNAL_TABLE, Privilege.READ_FILES]
    wrong = PermissionsChange(principal="analysts", add=[Privilege.SELECT])
    with pytest.raises(
        InvalidParameterValue, match="SELECT is not applicable to EXTERNAL_LOCATION"
    ):
        people.grants.update("external_location", "granted", changes=[wrong])


def test_who_has_no_privilege_on_it_does_not_see_it(
    server: Server, client: WorkspaceClient
) -> None:
    client.storage_credentials.create("hidden", aws_iam_role=ROLE)
    made = client.service_principals.create(display_name="stranger")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    stranger = server.machine(str(made.application_id), str(secret))
    assert "hidden" not in [c.name for c in stranger.storage_credentials.list()]
    with pytest.raises(PermissionDenied, match="on Storage Credential 'hidden'"):
        stranger.storage_credentials.get("hidden")


@pytest.mark.parametrize(
    ("outer", "inner", "covered"),
    [
        ("s3://b", "s3://b/x", True),
        ("s3://b/x/", "s3://b/x", True),
        ("s3://b/x", "s3://b/xy", False),
        ("s3://b/x/y", "s3://b/x", False),
    ],
)
def test_covering_is_by_whole_parts_of_a_path(outer: str, inner: str, covered: bool) -> None:
    assert urls.covers(outer, inner) is covered
