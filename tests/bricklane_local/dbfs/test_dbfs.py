"""DBFS, through the official SDK."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
)

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

MEBIBYTE = 1024 * 1024


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_file_comes_back_as_it_was_put(client: WorkspaceClient) -> None:
    content = bytes(range(256))
    client.dbfs.put("/put/file", contents=encoded(content))
    answer = client.dbfs.read("/put/file")
    assert base64.b64decode(answer.data or "") == content
    part = client.dbfs.read("/put/file", offset=250, length=100)
    assert (part.bytes_read, base64.b64decode(part.data or "")) == (6, content[250:])
    status = client.dbfs.get_status("dbfs:/put/file")
    assert (status.path, status.is_dir, status.file_size) == ("/put/file", False, 256)
    assert status.modification_time


def test_existing_file_is_replaced_only_when_asked(client: WorkspaceClient) -> None:
    client.dbfs.put("/over", contents=encoded(b"1"))
    with pytest.raises(ResourceAlreadyExists, match="already exists at /over"):
        client.dbfs.put("/over", contents=encoded(b"2"))
    client.dbfs.put("/over", contents=encoded(b"2"), overwrite=True)
    assert client.dbfs.read("/over").data == encoded(b"2")


def test_datasets_can_only_be_read(client: WorkspaceClient) -> None:
    folder = "/databricks-datasets"
    assert client.dbfs.read(f"{folder}/README.md").bytes_read
    changes: list[Callable[[], object]] = [
        lambda: client.dbfs.put(f"{folder}/mine", contents=encoded(b"1")),
        lambda: client.dbfs.create(f"{folder}/README.md", overwrite=True),
        lambda: client.dbfs.mkdirs(f"{folder}/mine"),
        lambda: client.dbfs.move(f"{folder}/README.md", "/taken"),
        lambda: client.dbfs.delete(folder, recursive=True),
    ]
    for change in changes:
        with pytest.raises(PermissionDenied, match="/databricks-datasets can only be read"):
            change()
    assert client.dbfs.get_status(f"{folder}/README.md").file_size


def test_file_is_written_block_by_block(client: WorkspaceClient) -> None:
    handle = client.dbfs.create("/blocks").handle or 0
    for number in range(3):
        client.dbfs.add_block(handle, encoded(bytes([number]) * MEBIBYTE))
    with pytest.raises(NotFound, match="No file or directory exists on path /blocks"):
        client.dbfs.get_status("/blocks")
    client.dbfs.close(handle)
    assert client.dbfs.get_status("/blocks").file_size == 3 * MEBIBYTE
    with pytest.raises(NotFound, match=f"No stream is open with handle {handle}"):
        client.dbfs.add_block(handle, encoded(b"x"))


def test_files_of_the_sdk_read_and_write(client: WorkspaceClient) -> None:
    with client.dbfs.open("/sdk", write=True, overwrite=True) as file:
        file.write(b"x" * (MEBIBYTE + 1))
    with client.dbfs.open("/sdk", read=True) as file:
        assert b"".join(file) == b"x" * (MEBIBYTE + 1)


def test_form_is_taken_as_well(server: Server, client: WorkspaceClient) -> None:
    answer = server.request(
        "POST",
        "/api/2.0/dbfs/put",
        data={"path": "/form", "overwrite": "true"},
        files={"contents": b"from a form"},
    )
    assert answer.status_code == 200, answer.text
    assert client.dbfs.read("/form").data == encoded(b"from a form")


def test_directories_are_made_listed_moved_and_deleted(
    server: Server, client: WorkspaceClient
) -> None:
    client.dbfs.mkdirs("/tree/a/b")
    client.dbfs.put("/tree/a/f", contents=encoded(b"123"))
    found = [(f.path, f.is_dir, f.file_size) for f in client.dbfs.list("/tree/a")]
    assert found == [("/tree/a/b", True, 0), ("/tree/a/f", False, 3)]
    client.dbfs.move("/tree/a", "/tree/c")
    assert [f.path for f in client.dbfs.list("/tree")] == ["/tree/c"]
    refused = server.request("POST", "/api/2.0/dbfs/delete", json={"path": "/tree"})
    assert refused.status_code == 400
    assert refused.json()["message"] == "/tree is not empty: set recursive to true"
    client.dbfs.delete("/tree", recursive=True)
    with pytest.raises(NotFound):
        client.dbfs.get_status("/tree")


def test_move_replaces_nothing(client: WorkspaceClient) -> None:
    client.dbfs.put("/from", contents=encoded(b"1"))
    client.dbfs.put("/to", contents=encoded(b"2"))
    with pytest.raises(ResourceAlreadyExists, match="already exists at /to"):
        client.dbfs.move("/from", "/to")
    with pytest.raises(NotFound, match="exists on path /nowhere"):
        client.dbfs.move("/nowhere", "/x")
    client.dbfs.mkdirs("/into")
    with pytest.raises(InvalidParameterValue, match="cannot be moved into itself"):
        client.dbfs.move("/into", "/into/itself")


def test_file_is_no_directory(client: WorkspaceClient) -> None:
    client.dbfs.put("/leaf", contents=encoded(b"x"))
    with pytest.raises(ResourceAlreadyExists, match="a file is in the way"):
        client.dbfs.mkdirs("/leaf/below")
    assert [f.path for f in client.dbfs.list("/leaf")] == ["/leaf"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("relative", "must be absolute"),
        ("/a/../../cloud.sqlite", "must not contain"),
        ("/Volumes/dev/default/v", "/Volumes is no part of DBFS"),
    ],
)
def test_path_out_of_dbfs_is_refused(client: WorkspaceClient, path: str, message: str) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        client.dbfs.get_status(path)


def test_limits_are_enforced(client: WorkspaceClient) -> None:
    with pytest.raises(BadRequest, match="one call takes at most 1048576"):
        client.dbfs.put("/big", contents=encoded(b"x" * (MEBIBYTE + 1)))
    client.dbfs.put("/small", contents=encoded(b"x"))
    with pytest.raises(BadRequest, match="length exceeds 1048576"):
        client.dbfs.read("/small", length=MEBIBYTE + 1)
    with pytest.raises(InvalidParameterValue, match="contents is not Base64"):
        client.dbfs.put("/bad", contents="***")
    with pytest.raises(PermissionDenied, match="root of DBFS cannot be deleted"):
        client.dbfs.delete("/", recursive=True)
