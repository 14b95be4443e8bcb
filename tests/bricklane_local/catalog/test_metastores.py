"""The metastore's own life: the service that the account uses, and a workspace's routes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import BadRequest, InvalidState, NotFound, PermissionDenied
from databricks.sdk.service.catalog import ArtifactMatcher, ArtifactType, MatchType

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.kinds import CATALOG
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.metastores.assignments import Assignments
from bricklane_local.catalog.metastores.service import Metastores
from bricklane_local.identity.principals import Principal
from bricklane_local.paths import StatePaths
from bricklane_local.store.clock import Clock
from tests.bricklane_local.catalog.world import ADMINISTRATOR, ANALYSTS, DEV, PROD, READER, World

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


def test_second_metastore_is_refused_naming_the_first(world: World) -> None:
    service = Metastores(world.metastore)
    with pytest.raises(ApiError, match="this one has 'bricklane'") as error:
        service.create({"name": "other"}, ADMINISTRATOR)
    assert error.value.code == "RESOURCE_LIMIT_EXCEEDED"
    assert [found["name"] for found in service.list()] == ["bricklane"]


def test_metastore_is_deleted_when_nothing_is_left_or_by_force(
    world: World, tmp_path: Path
) -> None:
    service, identifier = Metastores(world.metastore), world.metastore.id
    with pytest.raises(ApiError, match="It has 2 catalogs and is assigned to 2 workspaces"):
        service.delete(identifier, force=False)
    service.delete(identifier, force=True)
    assert service.list() == []
    assert world.metastore.children(CATALOG) == []
    with pytest.raises(ApiError, match="The account has no metastore"):
        _ = world.metastore.id
    again = Metastore(world.metastore.database, StatePaths(tmp_path), Clock(), world.directory)
    assert Metastores(again).list() == []
    made = Metastores(again).create({"name": "mine", "region": "here"}, ADMINISTRATOR)
    assert (made["owner"], made["region"]) == (ADMINISTRATOR, "here")
    assert made["metastore_id"] != identifier


def test_owner_of_the_metastore_administers_it(world: World) -> None:
    from bricklane_local.catalog import catalogs

    service = Metastores(world.metastore)
    service.update(world.metastore.id, {"owner": ANALYSTS, "name": "main"}, ADMINISTRATOR)
    assert service.get(world.metastore.id)["name"] == "main"
    assert catalogs.create(world.metastore, {"name": "c"}, world.reader)["owner"] == READER
    with pytest.raises(ApiError, match="CREATE CATALOG"):
        catalogs.create(world.metastore, {"name": "d"}, world.administrator)
    with pytest.raises(ApiError, match="Could not find principal with name nobody"):
        service.update(world.metastore.id, {"owner": "nobody"}, ADMINISTRATOR)


def test_assignment_is_replaced_and_taken_away(world: World) -> None:
    assignments, identifier = Assignments(world.metastore), world.metastore.id
    assert assignments.workspaces(identifier) == [DEV, PROD]
    assert assignments.get(DEV)["default_catalog_name"] == "dev"
    assignments.assign(DEV, identifier, "prod")
    assert assignments.default_catalog(DEV) == "prod"
    assignments.assign(DEV, identifier)
    assert assignments.default_catalog(DEV) == "prod"
    assignments.unassign(DEV, identifier)
    assert assignments.default_catalog(DEV) == ""
    for attempt in (
        lambda: assignments.get(DEV),
        lambda: assignments.unassign(DEV, identifier),
        lambda: assignments.assign(DEV, "other"),
    ):
        with pytest.raises(ApiError) as error:
            attempt()
        assert error.value.code == "METASTORE_DOES_NOT_EXIST"


def test_a_workspace_without_metastore_stays_so_at_the_next_start(world: World) -> None:
    administrator = Principal("1", ADMINISTRATOR, "Admin")
    world.assignments.unassign(DEV, world.metastore.id)
    world.assignments.attach("dev", DEV, administrator)
    assert world.assignments.find(DEV) is None
    world.assignments.forget(DEV)
    world.assignments.attach("dev", DEV, administrator)
    assert world.assignments.find(DEV) is not None


def test_a_workspace_without_metastore_has_no_unity_catalog(
    server: Server, client: WorkspaceClient
) -> None:
    staging = server.client("staging")
    identifier, workspace_id = client.metastores.summary().metastore_id, staging.get_workspace_id()
    assert identifier
    client.metastores.unassign(workspace_id, identifier)
    for attempt in (
        staging.metastores.current,
        staging.metastores.summary,
        lambda: list(staging.catalogs.list()),
        lambda: staging.files.download("/Volumes/staging/default/v/f"),
    ):
        with pytest.raises(NotFound, match="No metastore assigned for the current workspace"):
            attempt()
    client.metastores.assign(workspace_id, identifier, "samples")
    assert staging.metastores.current().default_catalog_name == "samples"
    client.metastores.update_assignment(workspace_id, default_catalog_name="staging")
    assert staging.metastores.current().default_catalog_name == "staging"
    with pytest.raises(NotFound, match="Workspace 7 does not exist"):
        client.metastores.assign(7, identifier, "c")


def test_workspace_routes_name_read_and_change_it(client: WorkspaceClient) -> None:
    (found,) = client.metastores.list()
    assert found.metastore_id
    assert client.metastores.get(found.metastore_id) == found
    changed = client.metastores.update(found.metastore_id, new_name="lake")
    assert client.metastores.summary().name == changed.name == "lake"
    with pytest.raises(BadRequest, match="has 'lake'"):
        client.metastores.create("second")
    with pytest.raises(InvalidState, match="Metastore 'lake' is not empty"):
        client.metastores.delete(found.metastore_id)
    with pytest.raises(NotFound, match="Metastore 'x' does not exist"):
        client.metastores.get("x")


def test_who_administers_nothing_does_not_touch_it(server: Server, client: WorkspaceClient) -> None:
    made = client.service_principals.create(display_name="stranger")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    stranger = server.machine(str(made.application_id), str(secret))
    assert stranger.metastores.current().metastore_id
    with pytest.raises(PermissionDenied, match="not a metastore admin"):
        list(stranger.metastores.list())
    with pytest.raises(PermissionDenied, match="MANAGE ALLOWLIST on Metastore"):
        stranger.artifact_allowlists.get(ArtifactType.LIBRARY_JAR)


def test_system_schemas_are_switched(client: WorkspaceClient) -> None:
    identifier = str(client.metastores.current().metastore_id)
    client.system_schemas.enable(identifier, "access")
    states = {s.schema: s.state for s in client.system_schemas.list(identifier)}
    assert states["access"] == states["billing"] == "ENABLE_COMPLETED"
    assert states["query"] == "AVAILABLE"
    with pytest.raises(BadRequest, match="Schema 'access' already exists"):
        client.system_schemas.enable(identifier, "access")
    client.system_schemas.disable(identifier, "access")
    with pytest.raises(NotFound, match="'access' is not enabled"):
        client.system_schemas.disable(identifier, "access")
    with pytest.raises(NotFound, match="System schema 'x' does not exist; these do: access"):
        client.system_schemas.enable(identifier, "x")
    with pytest.raises(InvalidState, match="can only be enabled by Databricks"):
        client.system_schemas.enable(identifier, "billing")


def test_allowlist_is_replaced_as_a_whole(client: WorkspaceClient) -> None:
    matcher = ArtifactMatcher("org.example:", MatchType.PREFIX_MATCH)
    client.artifact_allowlists.update(ArtifactType.LIBRARY_MAVEN, [matcher])
    assert client.artifact_allowlists.get(ArtifactType.LIBRARY_MAVEN).artifact_matchers == [matcher]
    assert client.artifact_allowlists.get(ArtifactType.INIT_SCRIPT).artifact_matchers == []
