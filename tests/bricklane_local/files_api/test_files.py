"""Files of volumes, through the official SDK and plain HTTP."""

from __future__ import annotations

import hashlib
import json
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest
from databricks.sdk.errors import (
    AlreadyExists,
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
)
from databricks.sdk.service.catalog import VolumeType

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

ROOT = "/Volumes/dev/default/files"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module", autouse=True)
def volume(client: WorkspaceClient) -> None:
    client.volumes.create("dev", "default", "files", VolumeType.MANAGED)


@pytest.mark.parametrize(
    "name", ["plain.txt", "with space.txt", "ünï çode.txt", "100%25.txt", "a#b?c"]
)
def test_file_comes_back_as_it_was_sent(client: WorkspaceClient, name: str) -> None:
    content = bytes(range(256)) * 10
    client.files.upload(f"{ROOT}/names/{name}", BytesIO(content))
    assert client.files.download(f"{ROOT}/names/{name}").contents.read() == content
    metadata = client.files.get_metadata(f"{ROOT}/names/{name}")
    assert metadata.content_length == len(content)
    assert metadata.last_modified
    assert name in [e.name for e in client.files.list_directory_contents(f"{ROOT}/names")]
    client.files.delete(f"{ROOT}/names/{name}")
    with pytest.raises(NotFound, match="The file being accessed is not found"):
        client.files.download(f"{ROOT}/names/{name}")


def test_existing_file_is_replaced_unless_forbidden(client: WorkspaceClient) -> None:
    path = f"{ROOT}/twice"
    client.files.upload(path, BytesIO(b"1"))
    client.files.upload(path, BytesIO(b"2"))
    with pytest.raises(AlreadyExists, match="already exists: /Volumes/dev/default/files/twice"):
        client.files.upload(path, BytesIO(b"3"), overwrite=False)
    assert client.files.download(path).contents.read() == b"2"


def test_file_and_directory_do_not_replace_each_other(client: WorkspaceClient) -> None:
    client.files.create_directory(f"{ROOT}/kind")
    with pytest.raises(AlreadyExists, match="is an existing directory"):
        client.files.upload(f"{ROOT}/kind", BytesIO(b"x"))
    client.files.upload(f"{ROOT}/kind/file", BytesIO(b"x"))
    with pytest.raises(AlreadyExists, match="A file is in the way"):
        client.files.create_directory(f"{ROOT}/kind/file")
    with pytest.raises(AlreadyExists, match="is a file"):
        client.files.upload(f"{ROOT}/kind/file/below", BytesIO(b"x"))


def test_large_file_passes_without_filling_memory(
    server: Server, client: WorkspaceClient, tmp_path: Path
) -> None:
    size = 120 * MEBIBYTE
    source = tmp_path / "large"
    block = hashlib.sha256(b"seed").digest() * (MEBIBYTE // 32)
    with source.open("wb") as file:
        for _ in range(size // MEBIBYTE):
            file.write(block)
    with source.open("rb") as file:
        client.files.upload(f"{ROOT}/large", file)
    assert client.files.get_metadata(f"{ROOT}/large").content_length == size
    digest = hashlib.sha256()
    with server.request("GET", f"/api/2.0/fs/files{ROOT}/large", stream=True) as answer:
        for piece in answer.iter_content(MEBIBYTE):
            digest.update(piece)
    assert digest.hexdigest() == hashlib.sha256(block * (size // MEBIBYTE)).hexdigest()
    pid = json.loads((server.state / "server.json").read_text())["pid"]
    assert psutil.Process(pid).memory_info().rss < 150 * MEBIBYTE


def test_range_of_a_file_is_returned(server: Server, client: WorkspaceClient) -> None:
    client.files.upload(f"{ROOT}/range", BytesIO(b"0123456789"))
    url = f"/api/2.0/fs/files{ROOT}/range"
    part = server.request("GET", url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    beyond = server.request("GET", url, headers={"Range": "bytes=20-30"})
    assert beyond.status_code == 416


def test_unmodified_since_is_respected(server: Server, client: WorkspaceClient) -> None:
    client.files.upload(f"{ROOT}/timed", BytesIO(b"x"))
    url = f"/api/2.0/fs/files{ROOT}/timed"
    old = {"If-Unmodified-Since": "Wed, 21 Oct 2015 07:28:00 GMT"}
    assert server.request("GET", url, headers=old).status_code == 412
    fresh = {"If-Unmodified-Since": server.request("HEAD", url).headers["last-modified"]}
    assert server.request("GET", url, headers=fresh).content == b"x"


def test_directory_lives_from_create_to_delete(client: WorkspaceClient) -> None:
    client.files.create_directory(f"{ROOT}/deep/er/est")
    client.files.create_directory(f"{ROOT}/deep/er/est")
    client.files.get_directory_metadata(f"{ROOT}/deep/er")
    with pytest.raises(BadRequest, match="not empty: /Volumes/dev/default/files/deep"):
        client.files.delete_directory(f"{ROOT}/deep")
    client.files.delete_directory(f"{ROOT}/deep/er/est")
    with pytest.raises(NotFound):
        client.files.get_directory_metadata(f"{ROOT}/deep/er/est")


def test_list_comes_in_pages_and_tells_files_from_directories(client: WorkspaceClient) -> None:
    for number in range(5):
        client.files.upload(f"{ROOT}/pages/f{number}", BytesIO(b"x" * number))
    client.files.create_directory(f"{ROOT}/pages/sub")
    found = list(client.files.list_directory_contents(f"{ROOT}/pages", page_size=2))
    assert [(e.path, e.file_size) for e in found if not e.is_directory] == [
        (f"{ROOT}/pages/f{number}", number) for number in range(5)
    ]
    assert [e.name for e in found if e.is_directory] == ["sub"]


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/Volumes/dev/default", "/Volumes", f"{ROOT}/../../../../cloud.sqlite"],
)
def test_path_outside_a_volume_is_refused(server: Server, path: str) -> None:
    # requests would resolve the dots itself
    answer = server.request("GET", "/api/2.0/fs/files" + path.replace("..", "%2E%2E"))
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"


def test_link_out_of_a_volume_is_refused(
    server: Server, client: WorkspaceClient, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_text("hidden")
    volume = server.state / "metastore/Volumes/dev/default/files"
    (volume / "link").symlink_to(tmp_path)
    with pytest.raises(PermissionDenied, match="leads out of files by a link"):
        client.files.download(f"{ROOT}/link/secret")
    with pytest.raises(PermissionDenied, match="leads out of files by a link"):
        client.files.upload(f"{ROOT}/link/new", BytesIO(b"x"))
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_volume_must_exist(client: WorkspaceClient) -> None:
    with pytest.raises(NotFound, match=r"Volume 'dev\.default\.nowhere' does not exist"):
        client.files.upload("/Volumes/dev/default/nowhere/f", BytesIO(b"x"))


def test_volume_itself_cannot_be_deleted_as_a_directory(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match="delete it with the volumes API"):
        client.files.delete_directory(ROOT)


def test_name_that_no_file_system_takes_is_refused(client: WorkspaceClient) -> None:
    with pytest.raises(InvalidParameterValue, match="exceeds 255 bytes"):
        client.files.upload(f"{ROOT}/{'x' * 256}", BytesIO(b"x"))


def test_interrupted_upload_leaves_nothing(server: Server, client: WorkspaceClient) -> None:
    import socket
    from urllib.parse import urlsplit

    url = urlsplit(server.host)
    with socket.create_connection((url.hostname, url.port or 0), timeout=10) as connection:
        head = (
            f"PUT /api/2.0/fs/files{ROOT}/torn HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Authorization: Bearer {server.profile['token']}\r\nContent-Length: 1000000\r\n\r\n"
        )
        connection.sendall(head.encode() + b"x" * 1000)
    client.files.upload(f"{ROOT}/whole", BytesIO(b"x"))
    names = [entry.name for entry in client.files.list_directory_contents(ROOT)]
    assert "torn" not in names
    assert list((server.state / "metastore/uploads").iterdir()) == []
