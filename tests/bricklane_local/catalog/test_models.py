"""Registered models, their versions and aliases, through the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound
from databricks.sdk.service.catalog import PermissionsChange, Privilege

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.kinds import MODEL, SCHEMA
from bricklane_local.catalog.models import models, versions
from tests.bricklane_local.catalog.world import READER, World, denial

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

MLFLOW = "/api/2.0/mlflow/unity-catalog/model-versions"


def make(client: WorkspaceClient, name: str, **fields: Any) -> None:
    client.registered_models.create(catalog_name="dev", schema_name="default", name=name, **fields)


def version(server: Server, model: str, **fields: str) -> dict[str, Any]:
    """Make a version as MLflow does."""
    answer = server.request("POST", f"{MLFLOW}/create", json={"name": model, **fields})
    assert answer.ok, answer.text
    made: dict[str, Any] = answer.json()["model_version"]
    return made


def test_model_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    make(client, "Churn", comment="c")
    found = client.registered_models.get("dev.default.churn")
    assert (found.full_name, found.comment) == ("dev.default.churn", "c")
    assert found.owner == "developer@bricklane.local"
    assert found.storage_location
    with pytest.raises(BadRequest, match=r"'dev\.default\.churn' already exists"):
        make(client, "churn")
    client.registered_models.update("dev.default.churn", comment="", new_name="leave")
    assert client.registered_models.get("dev.default.leave").comment == ""
    listed = client.registered_models.list(catalog_name="dev", schema_name="default")
    assert [m.name for m in listed] == ["leave"]
    assert [m.full_name for m in client.registered_models.list()] == ["dev.default.leave"]
    client.registered_models.delete("dev.default.leave")
    with pytest.raises(NotFound, match=r"Routine or Model 'dev\.default\.leave' does not exist"):
        client.registered_models.get("dev.default.leave")


def test_versions_are_numbered_and_numbers_are_not_given_again(
    server: Server, client: WorkspaceClient
) -> None:
    name = "dev.default.numbered"
    make(client, "numbered")
    made = version(server, name, source="dbfs:/x", run_id="7", description="first")
    assert (made["version"], made["status"]) == ("1", "PENDING_REGISTRATION")
    done = server.request("POST", f"{MLFLOW}/finalize", json={"name": name, "version": "1"})
    assert done.json()["model_version"]["status"] == "READY"
    version(server, name)
    found = [v.version for v in client.model_versions.list(name, max_results=1)]
    assert found == [1, 2]
    first = client.model_versions.get(name, 1)
    assert (first.comment, first.run_id, first.source) == ("first", "7", "dbfs:/x")
    assert first.model_name == "numbered"
    client.model_versions.update(name, 1, comment="changed")
    assert client.model_versions.get(name, 1).comment == "changed"
    client.model_versions.delete(name, 2)
    assert version(server, name)["version"] == "3"
    with pytest.raises(NotFound, match=f"Model version 2 of '{name}' does not exist"):
        client.model_versions.get(name, 2)


def test_aliases_name_versions_and_go_with_them(server: Server, client: WorkspaceClient) -> None:
    name = "dev.default.aliased"
    make(client, "aliased")
    version(server, name)
    version(server, name)
    alias = client.registered_models.set_alias(name, "champion", 2)
    assert (alias.alias_name, alias.version_num) == ("champion", 2)
    assert client.model_versions.get_by_alias(name, "champion").version == 2
    shown = client.registered_models.get(name, include_aliases=True).aliases or []
    assert [a.alias_name for a in shown] == ["champion"]
    assert not client.registered_models.get(name).aliases
    of_version = client.model_versions.get(name, 2, include_aliases=True).aliases or []
    assert [a.version_num for a in of_version] == [2]
    with pytest.raises(NotFound, match="Model version 9"):
        client.registered_models.set_alias(name, "challenger", 9)
    for wrong in ("latest", "v1", "1st"):
        with pytest.raises(InvalidParameterValue, match="is not valid"):
            client.registered_models.set_alias(name, wrong, 1)
    client.registered_models.delete_alias(name, "champion")
    with pytest.raises(NotFound, match="Alias 'champion'"):
        client.model_versions.get_by_alias(name, "champion")
    client.registered_models.set_alias(name, "champion", 1)
    client.model_versions.delete(name, 1)
    assert not client.registered_models.get(name, include_aliases=True).aliases


def test_a_model_follows_its_schema(server: Server, client: WorkspaceClient) -> None:
    client.schemas.create("house", "dev")
    client.registered_models.create(catalog_name="dev", schema_name="house", name="m")
    version(server, "dev.house.m")
    with pytest.raises(BadRequest, match=r"Schema 'dev\.house' is not empty\. It has 1 models"):
        client.schemas.delete("dev.house")
    client.schemas.update("dev.house", new_name="home")
    assert client.model_versions.get("dev.home.m", 1).schema_name == "home"
    client.schemas.delete("dev.home", force=True)
    client.schemas.create("home", "dev")
    client.registered_models.create(catalog_name="dev", schema_name="home", name="m")
    assert list(client.model_versions.list("dev.home.m")) == []


def test_grants_on_a_model_are_those_on_a_function(people: WorkspaceClient) -> None:
    make(people, "granted")
    change = PermissionsChange(principal="analysts", add=[Privilege.EXECUTE])
    people.grants.update("function", "dev.default.granted", changes=[change])
    (found,) = people.grants.get("function", "dev.default.granted").privilege_assignments or []
    assert (found.principal, found.privileges) == ("analysts", [Privilege.EXECUTE])


def test_using_a_model_needs_execute_and_making_one_create_model(world: World) -> None:
    metastore = world.metastore
    fields = {"name": "m", "catalog_name": "dev", "schema_name": "default"}
    models.create(metastore, fields, world.owner)
    with pytest.raises(ApiError) as error:
        metastore.standing(world.reader, MODEL, "dev.default.m").require_seen()
    assert denial(error) == "User does not have EXECUTE on Routine or Model 'dev.default.m'."
    with pytest.raises(ApiError) as error:
        versions.create(metastore, {"name": "dev.default.m"}, world.reader)
    assert "CREATE MODEL VERSION on Routine or Model" in denial(error)
    world.grant(SCHEMA, "dev.default", READER, "EXECUTE")
    metastore.standing(world.reader, MODEL, "dev.default.m").require_seen()
    with pytest.raises(ApiError) as error:
        models.create(metastore, fields | {"schema_name": "admin"}, world.reader)
    assert denial(error) == "User does not have USE SCHEMA on Schema 'dev.admin'."
