from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, ResourceAlreadyExists
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

HOME = "/Users/developer@bricklane.local"
SOURCE = (
    b"# Databricks notebook source\nprint(1)\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC hi\n"
)
NAMES = ["with space", "it's", 'quo"te', "Größe", "雪", "🚀 launch", "a%2Fb", "semi;colon", "-dash"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_survives_the_round_trip(client: WorkspaceClient, name: str) -> None:
    path = f"{HOME}/names/{name}"
    client.workspace.mkdirs(path)
    client.workspace.upload(f"{path}/file.txt", io.BytesIO(b"x"), format=ImportFormat.RAW)
    assert [item.path for item in client.workspace.list(path)] == [f"{path}/file.txt"]
    with client.workspace.download(f"{path}/file.txt") as stream:
        assert stream.read() == b"x"


def test_a_source_file_with_the_header_becomes_a_notebook(client: WorkspaceClient) -> None:
    path = f"{HOME}/note.py"
    client.workspace.upload(path, io.BytesIO(SOURCE), format=ImportFormat.AUTO)
    found = client.workspace.get_status(f"{HOME}/note")
    assert (found.object_type, found.language) == (ObjectType.NOTEBOOK, Language.PYTHON)
    exported = client.workspace.export(f"{HOME}/note", format=ExportFormat.SOURCE).content
    assert base64.b64decode(exported or "") == SOURCE


def test_notebooks_turn_into_jupyter_and_back(client: WorkspaceClient) -> None:
    path = f"{HOME}/both"
    client.workspace.upload(
        path, io.BytesIO(SOURCE), format=ImportFormat.SOURCE, language=Language.PYTHON
    )
    jupyter = client.workspace.export(path, format=ExportFormat.JUPYTER).content or ""
    client.workspace.import_(f"{path}2", content=jupyter, format=ImportFormat.JUPYTER)
    source = client.workspace.export(f"{path}2", format=ExportFormat.SOURCE).content or ""
    assert b"# MAGIC %md" in base64.b64decode(source)
    assert b"print(1)" in base64.b64decode(source)


@pytest.mark.parametrize("path", ["/Users/../etc", "relative", "/Shared/./x", "/Shared/\0"])
def test_paths_that_climb_are_refused(client: WorkspaceClient, path: str) -> None:
    with pytest.raises(BadRequest):
        client.workspace.mkdirs(path)


def test_overwriting_must_be_asked_for(client: WorkspaceClient) -> None:
    path = f"{HOME}/once.txt"
    client.workspace.upload(path, io.BytesIO(b"1"), format=ImportFormat.RAW)
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        client.workspace.upload(path, io.BytesIO(b"2"), format=ImportFormat.RAW)
    before = client.workspace.get_status(path).object_id
    client.workspace.upload(path, io.BytesIO(b"2"), format=ImportFormat.RAW, overwrite=True)
    assert client.workspace.get_status(path).object_id == before


def test_a_full_directory_is_deleted_only_recursively(client: WorkspaceClient) -> None:
    client.workspace.mkdirs(f"{HOME}/full/inner")
    with pytest.raises(BadRequest, match="is not empty"):
        client.workspace.delete(f"{HOME}/full")
    client.workspace.delete(f"{HOME}/full", recursive=True)
    with pytest.raises(NotFound):
        client.workspace.get_status(f"{HOME}/full/inner")


def test_the_roots_cannot_be_deleted(client: WorkspaceClient) -> None:
    with pytest.raises(PermissionDenied, match="protected"):
        client.workspace.delete("/Users", recursive=True)


def test_a_hundred_megabytes_go_in_and_out(server: Server) -> None:
    content = b"0123456789abcdef" * (100 * 1024 * 64)
    path = f"/api/2.0/workspace-files/import-file{HOME}/large.bin?overwrite=true"
    assert server.request("POST", path, data=content).status_code == 200
    answer = server.request("GET", f"/api/2.0/workspace-files{HOME}/large.bin")
    assert answer.content == content


def test_an_import_over_the_limit_names_it(server: Server) -> None:
    content = base64.b64encode(b"0" * (11 * 1024 * 1024)).decode()
    body = {"path": f"{HOME}/big", "content": content, "format": "RAW"}
    answer = server.request("POST", "/api/2.0/workspace/import", json=body)
    assert answer.json()["error_code"] == "MAX_NOTEBOOK_SIZE_EXCEEDED"


def test_what_is_no_notebook_is_refused_as_one(server: Server) -> None:
    for body, message in (
        ({"format": "JUPYTER", "content": "e30="}, "no list of cells"),
        ({"format": "JUPYTER", "content": "ezo="}, "not valid JSON"),
        ({"format": "DBC", "content": ""}, "format DBC is not supported"),
        ({"format": "SOURCE", "content": ""}, "language is required"),
        ({"format": "RAW", "content": "%%"}, "content is not Base64"),
    ):
        answer = server.request(
            "POST", "/api/2.0/workspace/import", json={"path": f"{HOME}/bad", **body}
        )
        assert answer.status_code == 400
        assert message in answer.json()["message"]
