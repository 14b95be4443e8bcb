"""Schemas, through the official SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import BadRequest, InvalidParameterValue, NotFound
from databricks.sdk.service.catalog import VolumeType

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


def test_schema_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    made = client.schemas.create("Bronze", "dev", comment="raw", properties={"k": "v"})
    assert (made.full_name, made.catalog_name, made.name) == ("dev.bronze", "dev", "bronze")
    assert client.schemas.get("dev.BRONZE") == made
    changed = client.schemas.update("dev.bronze", properties={"k": "w"})
    assert (changed.comment, changed.properties) == ("raw", {"k": "w"})
    assert changed.schema_id == made.schema_id
    client.schemas.delete("dev.bronze")
    with pytest.raises(NotFound, match=r"Schema 'dev\.bronze' does not exist"):
        client.schemas.get("dev.bronze")


def test_schema_name_is_taken_once(client: WorkspaceClient) -> None:
    with pytest.raises(match=r"Schema 'dev\.default' already exists"):
        client.schemas.create("default", "dev")


def test_schema_needs_its_catalog(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match="Catalog 'nowhere' does not exist"):
        client.schemas.create("s", "nowhere")
    with pytest.raises(NotFound, match="Catalog 'nowhere' does not exist"):
        list(client.schemas.list("nowhere"))


def test_reserved_name_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match="'information_schema' is reserved"):
        client.schemas.create("information_schema", "dev")


def test_full_name_of_another_form_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match=r"it must have the form catalog\.schema"):
        client.schemas.get("dev.a.b")


def test_schema_with_content_is_deleted_by_force_only(
    server: Server, client: WorkspaceClient
) -> None:
    client.schemas.create("full", "dev")
    client.volumes.create("dev", "full", "v", VolumeType.MANAGED)
    folder = server.state / "metastore/Volumes/dev/full"
    with pytest.raises(BadRequest, match=r"Schema 'dev\.full' is not empty. It has 1 volumes"):
        client.schemas.delete("dev.full")
    assert (folder / "v").is_dir()
    client.schemas.delete("dev.full", force=True)
    assert not folder.exists()
    client.schemas.create("full", "dev")
    assert list(client.volumes.list("dev", "full")) == []


def test_renamed_schema_keeps_its_grants(people: WorkspaceClient) -> None:
    from databricks.sdk.service.catalog import PermissionsChange, Privilege

    people.schemas.create("old", "dev")
    change = PermissionsChange(principal="analysts", add=[Privilege.USE_SCHEMA])
    people.grants.update("schema", "dev.old", changes=[change])
    people.schemas.update("dev.old", new_name="new")
    grants = people.grants.get("schema", "dev.new").privilege_assignments or []
    assert [(g.principal, g.privileges) for g in grants] == [("analysts", [Privilege.USE_SCHEMA])]


def test_list_comes_in_pages(client: WorkspaceClient) -> None:
    client.catalogs.create("many")
    for number in range(5):
        client.schemas.create(f"s{number}", "many")
    found = [schema.name for schema in client.schemas.list("many", max_results=2)]
    assert found == ["default", "s0", "s1", "s2", "s3", "s4"]


def test_unknown_page_token_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match="is not one that this API gave"):
        list(client.schemas.list("dev", page_token="nonsense!"))
