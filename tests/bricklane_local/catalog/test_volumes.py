"""Volumes, through the official SDK."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import InvalidParameterValue, NotFound
from databricks.sdk.service.catalog import AwsIamRoleRequest, VolumeType

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


def test_volume_lives_from_create_to_delete(server: Server, client: WorkspaceClient) -> None:
    made = client.volumes.create("dev", "default", "Landing", VolumeType.MANAGED, comment="c")
    assert made.full_name == "dev.default.landing"
    folder = server.state / "metastore/Volumes/dev/default/landing"
    assert made.storage_location == folder.as_uri()
    assert folder.is_dir()
    assert client.volumes.read("dev.default.landing") == made
    assert [v.name for v in client.volumes.list("dev", "default")] == ["landing"]
    client.volumes.delete("dev.default.landing")
    assert not folder.exists()
    with pytest.raises(NotFound, match=r"Volume 'dev\.default\.landing' does not exist"):
        client.volumes.read("dev.default.landing")


def test_dropped_volume_does_not_come_back_under_its_name(client: WorkspaceClient) -> None:
    client.volumes.create("dev", "default", "again", VolumeType.MANAGED)
    client.files.upload("/Volumes/dev/default/again/f", BytesIO(b"x"))
    client.volumes.delete("dev.default.again")
    client.volumes.create("dev", "default", "again", VolumeType.MANAGED)
    assert list(client.files.list_directory_contents("/Volumes/dev/default/again")) == []


def test_volume_name_is_taken_once(client: WorkspaceClient) -> None:
    client.volumes.create("dev", "default", "taken", VolumeType.MANAGED)
    with pytest.raises(match=r"Volume 'dev\.default\.taken' already exists"):
        client.volumes.create("dev", "default", "taken", VolumeType.MANAGED)


def test_renamed_volume_keeps_its_files(client: WorkspaceClient) -> None:
    client.volumes.create("dev", "default", "before", VolumeType.MANAGED)
    client.files.upload("/Volumes/dev/default/before/f", BytesIO(b"kept"))
    client.volumes.update("dev.default.before", new_name="after", comment="moved")
    assert client.volumes.read("dev.default.after").comment == "moved"
    assert client.files.download("/Volumes/dev/default/after/f").contents.read() == b"kept"


def test_external_volume_shows_a_folder_and_leaves_it_behind(
    client: WorkspaceClient, tmp_path: Path
) -> None:
    (tmp_path / "given.txt").write_text("here")
    client.volumes.create(
        "dev", "default", "outside", VolumeType.EXTERNAL, storage_location=str(tmp_path)
    )
    path = "/Volumes/dev/default/outside"
    assert client.files.download(f"{path}/given.txt").contents.read() == b"here"
    client.files.upload(f"{path}/new.txt", BytesIO(b"new"))
    client.volumes.delete("dev.default.outside")
    assert (tmp_path / "new.txt").read_text() == "new"


def test_location_in_an_object_store_is_a_folder_of_the_state(
    server: Server, client: WorkspaceClient
) -> None:
    role = AwsIamRoleRequest("arn:aws:iam::1:role/r")
    client.storage_credentials.create("bucket", aws_iam_role=role)
    client.external_locations.create("bucket", "s3://bucket", "bucket")
    client.volumes.create(
        "dev", "default", "bucket", VolumeType.EXTERNAL, storage_location="s3://bucket/x"
    )
    client.files.upload("/Volumes/dev/default/bucket/f", BytesIO(b"x"))
    assert (server.state / "external/s3/bucket/x/f").read_bytes() == b"x"
    assert client.volumes.read("dev.default.bucket").storage_location == "s3://bucket/x"


@pytest.mark.parametrize(
    ("kind", "location", "message"),
    [
        (VolumeType.EXTERNAL, None, "storage_location is required for an EXTERNAL volume"),
        (VolumeType.MANAGED, "/tmp/x", "storage_location is not allowed for a MANAGED volume"),
        (VolumeType.EXTERNAL, "relative", "'relative' is not supported here"),
        (VolumeType.EXTERNAL, "ftp://h/x", "'ftp://h/x' is not supported here"),
        (VolumeType.EXTERNAL, "/tmp/../etc", "must not contain '..'"),
    ],
)
def test_location_that_does_not_fit_is_refused(
    client: WorkspaceClient, kind: VolumeType, location: str | None, message: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        client.volumes.create("dev", "default", "bad", kind, storage_location=location)
    assert "bad" not in [v.name for v in client.volumes.list("dev", "default")]
