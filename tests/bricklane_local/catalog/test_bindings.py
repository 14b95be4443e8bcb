"""Catalogs that are kept to some workspaces: two workspaces of one cloud, through the SDK."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import InvalidParameterValue, PermissionDenied
from databricks.sdk.service.catalog import (
    AwsIamRoleRequest,
    CatalogIsolationMode,
    VolumeType,
    WorkspaceBinding,
    WorkspaceBindingBindingType,
)

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import bindings, catalogs
from bricklane_local.catalog.kinds import CATALOG
from tests.bricklane_local.catalog.world import DEV, OWNER, PROD, World, caller, denial

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

READ_WRITE = WorkspaceBindingBindingType.BINDING_TYPE_READ_WRITE
READ_ONLY = WorkspaceBindingBindingType.BINDING_TYPE_READ_ONLY


@pytest.fixture(scope="module")
def prod(server: Server) -> WorkspaceClient:
    """The administrator of another workspace."""
    return server.client("prod")


@pytest.fixture(scope="module")
def shared(client: WorkspaceClient, prod: WorkspaceClient) -> str:
    """A catalog with a volume that both workspaces use, until it is bound to dev alone."""
    client.catalogs.create("kept")
    client.volumes.create("kept", "default", "v", VolumeType.MANAGED)
    client.files.upload("/Volumes/kept/default/v/f", BytesIO(b"x"))
    assert prod.catalogs.get("kept").isolation_mode == CatalogIsolationMode.OPEN
    client.catalogs.update("kept", isolation_mode=CatalogIsolationMode.ISOLATED)
    bind(client, "kept", client, READ_WRITE)
    return "kept"


def bind(
    by: WorkspaceClient,
    catalog: str,
    workspace: WorkspaceClient,
    kind: WorkspaceBindingBindingType,
) -> None:
    """Bind a catalog to the workspace of a client."""
    add = [WorkspaceBinding(workspace.get_workspace_id(), binding_type=kind)]
    by.workspace_bindings.update_bindings("catalog", catalog, add=add)


def test_a_workspace_has_a_catalog_of_its_own(
    client: WorkspaceClient, prod: WorkspaceClient
) -> None:
    found = list(client.workspace_bindings.get_bindings("catalog", "dev"))
    assert found == [WorkspaceBinding(client.get_workspace_id(), binding_type=READ_WRITE)]
    assert [c.name for c in prod.catalogs.list() if c.name in ("dev", "prod")] == ["prod"]
    with pytest.raises(
        PermissionDenied, match="Catalog 'dev' is not accessible in current workspace"
    ):
        prod.catalogs.get("dev")


def test_unbound_workspace_neither_sees_nor_uses_anything(
    shared: str, client: WorkspaceClient, prod: WorkspaceClient
) -> None:
    assert shared not in [c.name for c in prod.catalogs.list()]
    assert shared in [c.name for c in prod.catalogs.list(include_unbound=True)]
    attempts = (
        lambda: prod.catalogs.get(shared),
        lambda: list(prod.schemas.list(shared)),
        lambda: prod.schemas.get(f"{shared}.default"),
        lambda: prod.schemas.create("s", shared),
        lambda: prod.volumes.read(f"{shared}.default.v"),
        lambda: prod.files.download(f"/Volumes/{shared}/default/v/f"),
        lambda: prod.files.upload(f"/Volumes/{shared}/default/v/g", BytesIO(b"y")),
        lambda: prod.catalogs.update(shared, comment="c"),
        lambda: prod.catalogs.delete(shared, force=True),
        lambda: prod.grants.get("catalog", shared),
        lambda: prod.grants.update("schema", f"{shared}.default", changes=[]),
    )
    for attempt in attempts:
        with pytest.raises(PermissionDenied, match=f"Catalog '{shared}' is not accessible"):
            attempt()
    assert client.files.download(f"/Volumes/{shared}/default/v/f").contents.read() == b"x"


def test_read_only_binding_reads_and_changes_nothing(
    shared: str, client: WorkspaceClient, prod: WorkspaceClient
) -> None:
    bind(client, shared, prod, READ_ONLY)
    assert prod.catalogs.get(shared).isolation_mode == CatalogIsolationMode.ISOLATED
    assert prod.files.download(f"/Volumes/{shared}/default/v/f").contents.read() == b"x"
    attempts = (
        lambda: prod.schemas.create("s", shared),
        lambda: prod.schemas.update(f"{shared}.default", comment="c"),
        lambda: prod.volumes.create(shared, "default", "w", VolumeType.MANAGED),
        lambda: prod.volumes.delete(f"{shared}.default.v"),
        lambda: prod.files.upload(f"/Volumes/{shared}/default/v/g", BytesIO(b"y")),
        lambda: prod.files.delete(f"/Volumes/{shared}/default/v/f"),
        lambda: prod.catalogs.delete(shared, force=True),
    )
    for attempt in attempts:
        with pytest.raises(PermissionDenied, match=f"Catalog '{shared}' is read-only in current"):
            attempt()
    bind(client, shared, prod, READ_WRITE)
    prod.schemas.create("s", shared)
    remove = [WorkspaceBinding(prod.get_workspace_id(), binding_type=READ_WRITE)]
    client.workspace_bindings.update_bindings("catalog", shared, remove=remove)
    with pytest.raises(PermissionDenied):
        prod.schemas.get(f"{shared}.s")


def test_older_routes_say_the_same(
    shared: str, client: WorkspaceClient, prod: WorkspaceClient
) -> None:
    ids = [client.get_workspace_id(), prod.get_workspace_id()]
    assert client.workspace_bindings.get(shared).workspaces == ids[:1]
    answer = client.workspace_bindings.update(shared, assign_workspaces=[ids[1]])
    assert answer.workspaces == ids
    assert prod.catalogs.get(shared)
    answer = client.workspace_bindings.update(shared, unassign_workspaces=[ids[1]])
    assert answer.workspaces == ids[:1]


@pytest.mark.parametrize(
    ("kind", "binding", "message"),
    [
        ("table", {"workspace_id": 1}, "securable_type must be one of catalog, credential"),
        ("catalog", {"workspace_id": 77}, "Workspace 77 does not have this metastore"),
        ("catalog", {}, "must have a workspace_id"),
        ("catalog", {"workspace_id": 1, "binding_type": "BOTH"}, "binding_type must be one of"),
    ],
)
def test_binding_that_cannot_be_is_refused(
    server: Server, kind: str, binding: dict[str, object], message: str
) -> None:
    path = f"/api/2.1/unity-catalog/bindings/{kind}/dev"
    answer = server.request("PATCH", path, json={"add": [binding]})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert message in answer.json()["message"]


def test_locations_and_credentials_are_bound_too_and_never_read_only(
    client: WorkspaceClient, prod: WorkspaceClient
) -> None:
    role = AwsIamRoleRequest("arn:aws:iam::1:role/r")
    client.storage_credentials.create("bound", aws_iam_role=role)
    from databricks.sdk.service.catalog import IsolationMode

    isolated = IsolationMode.ISOLATION_MODE_ISOLATED
    client.storage_credentials.update("bound", isolation_mode=isolated)
    for workspace in (client, prod):
        with pytest.raises(
            PermissionDenied, match="Storage Credential 'bound' is not accessible in current"
        ):
            workspace.storage_credentials.get("bound")
    here = WorkspaceBinding(client.get_workspace_id())
    client.workspace_bindings.update_bindings("storage_credential", "bound", add=[here])
    assert client.storage_credentials.get("bound").isolation_mode == isolated
    assert "bound" not in [c.name for c in prod.storage_credentials.list()]
    readable = WorkspaceBinding(prod.get_workspace_id(), binding_type=READ_ONLY)
    with pytest.raises(InvalidParameterValue, match="applies to catalogs only"):
        client.workspace_bindings.update_bindings("storage_credential", "bound", add=[readable])


def test_a_catalog_made_isolated_is_bound_to_its_maker_s_workspace(world: World) -> None:
    fields = {"name": "made", "isolation_mode": "ISOLATED"}
    catalogs.create(world.metastore, fields, world.administrator)
    found = bindings.listed(world.metastore, CATALOG, "made", world.administrator)
    assert [entry["workspace_id"] for entry in found] == [DEV]


def test_bindings_are_changed_by_who_manages_the_catalog_from_anywhere(world: World) -> None:
    catalogs.create(world.metastore, {"name": "made"}, world.administrator)
    owned = {"owner": OWNER, "isolation_mode": "ISOLATED"}
    catalogs.update(world.metastore, "made", owned, world.administrator)
    with pytest.raises(ApiError) as error:
        bindings.change(world.metastore, CATALOG, "made", world.reader, add=[], remove=[])
    assert denial(error) == "User does not have MANAGE on Catalog 'made'."
    elsewhere = caller(OWNER, workspace=PROD)
    assert not world.metastore.standing(elsewhere, CATALOG, "made").sees()
    add = [{"workspace_id": PROD}]
    bindings.change(world.metastore, CATALOG, "made", elsewhere, add=add, remove=[])
    assert world.metastore.standing(elsewhere, CATALOG, "made").sees()
