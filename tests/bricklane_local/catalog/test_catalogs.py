"""Catalogs, through the official SDK."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from databricks.sdk import errors
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
)
from databricks.sdk.service.catalog import CatalogType, VolumeType

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient


def test_workspace_catalog_and_its_default_schema_exist_from_the_start(
    client: WorkspaceClient,
) -> None:
    catalog = client.catalogs.get("dev")
    assert catalog.catalog_type == CatalogType.MANAGED_CATALOG
    assert catalog.full_name == "dev"
    assert [schema.full_name for schema in client.schemas.list("dev")] == [
        "dev.default",
        "dev.developer",
    ]


def test_metastore_is_the_same_everywhere(client: WorkspaceClient) -> None:
    current = client.metastores.current()
    assert current.default_catalog_name == "dev"
    assert client.metastores.summary().metastore_id == current.metastore_id
    assert client.catalogs.get("dev").metastore_id == current.metastore_id


def test_catalog_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    made = client.catalogs.create("Sales", comment="c", properties={"a": "1"})
    assert (made.name, made.comment, made.properties) == ("sales", "c", {"a": "1"})
    assert made.owner == made.created_by == "developer@bricklane.local"
    assert client.catalogs.get("SALES") == made
    listed = [catalog.name for catalog in client.catalogs.list()]
    assert listed == ["dev", "sales", "samples"]
    changed = client.catalogs.update("sales", comment="d")
    assert (changed.comment, changed.properties) == ("d", {"a": "1"})
    client.catalogs.delete("sales")
    with pytest.raises(NotFound, match="Catalog 'sales' does not exist"):
        client.catalogs.get("sales")


def test_catalog_name_is_taken_once_in_any_case(client: WorkspaceClient) -> None:
    with pytest.raises(match="Catalog 'dev' already exists"):
        client.catalogs.create("DEV")


def test_catalog_with_content_is_deleted_by_force_only(client: WorkspaceClient) -> None:
    client.catalogs.create("full")
    client.schemas.create("s", "full")
    with pytest.raises(BadRequest, match=r"Catalog 'full' is not empty\. It has 2 schemas"):
        client.catalogs.delete("full")
    client.catalogs.delete("full", force=True)
    client.catalogs.create("full")
    assert [schema.name for schema in client.schemas.list("full")] == ["default"]


def test_catalog_whose_default_schema_is_used_is_not_empty(client: WorkspaceClient) -> None:
    client.catalogs.create("used")
    client.volumes.create("used", "default", "v", VolumeType.MANAGED)
    with pytest.raises(BadRequest, match=r"Schema 'used\.default' is not empty\. It has 1 volumes"):
        client.catalogs.delete("used")


def test_renamed_catalog_takes_its_content_along(client: WorkspaceClient) -> None:
    client.catalogs.create("before")
    client.volumes.create("before", "default", "v", VolumeType.MANAGED)
    client.files.upload("/Volumes/before/default/v/f.txt", BytesIO(b"kept"))
    client.catalogs.update("before", new_name="after")
    assert client.volumes.read("after.default.v").catalog_name == "after"
    assert client.files.download("/Volumes/after/default/v/f.txt").contents.read() == b"kept"
    with pytest.raises(NotFound, match="Catalog 'before' does not exist"):
        client.volumes.read("before.default.v")


def test_rename_to_a_taken_name_is_refused(client: WorkspaceClient) -> None:
    client.catalogs.create("one")
    with pytest.raises(match="Catalog 'dev' already exists"):
        client.catalogs.update("one", new_name="dev")
    assert client.catalogs.get("one").name == "one"


@pytest.mark.parametrize("name", ["a.b", "a b", "a/b", "x" * 256, "a\nb"])
def test_invalid_name_is_refused(client: WorkspaceClient, name: str) -> None:
    with pytest.raises(InvalidParameterValue, match="Catalog name"):
        client.catalogs.create(name)


def test_catalog_of_another_system_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(errors.NotImplemented, match=r"no catalogs of other systems \(share_name\)"):
        client.catalogs.create("shared", share_name="s", provider_name=None)
