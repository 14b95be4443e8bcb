"""Git folders, fetched from the local forge with real git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from databricks.sdk.errors import (
    InvalidParameterValue,
    ResourceAlreadyExists,
    ResourceDoesNotExist,
)
from databricks.sdk.service.workspace import ExportFormat, ObjectType, SparseCheckout

from tests.bricklane_local.forge.desk import Desk
from tests.bricklane_local.resources.callers import denied, give, name_of

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from github.Repository import Repository

    from conftest import Server

pytestmark = pytest.mark.real
NOTEBOOK = "# Databricks notebook source\nprint(1)\n"


@pytest.fixture(scope="module")
def desk(server: Server) -> Desk:
    return Desk.of(server)


@pytest.fixture(scope="module")
def repository(desk: Desk, client: WorkspaceClient) -> Repository:
    """A private repository with two branches, a tag and folders, that the developer may read."""
    made = desk.repository()
    made.create_file("jobs/notebook.py", "feat: notebook", NOTEBOOK)
    made.create_file("docs/text.md", "docs: text", "first\n")
    head = made.get_branch("main").commit.sha
    made.create_git_ref("refs/tags/1.0.0", head)
    made.create_git_ref("refs/heads/next", head)
    text = made.get_contents("docs/text.md", ref="next")
    assert not isinstance(text, list)
    made.update_file("docs/text.md", "docs: more", "second\n", text.sha, branch="next")
    client.git_credentials.create(
        "gitHub", git_username="developer", personal_access_token=desk.tokens["developer"]
    )
    return made


def url_of(desk: Desk, repository: Repository) -> str:
    return f"{desk.url}/{repository.full_name}.git"


def text_of(client: WorkspaceClient, path: str) -> str:
    with client.workspace.download(path, format=ExportFormat.SOURCE) as stream:
        return str(stream.read().decode())


def test_a_repo_holds_a_commit_and_follows_branches_and_tags(
    client: WorkspaceClient, desk: Desk, repository: Repository
) -> None:
    made = client.repos.create(url_of(desk, repository), "gitHub")
    home = f"/Repos/developer@bricklane.local/{repository.name}"
    assert (made.path, made.branch) == (home, "main")
    assert made.head_commit_id == repository.get_branch("main").commit.sha
    assert client.workspace.get_status(home).object_type is ObjectType.REPO
    assert text_of(client, f"{home}/docs/text.md") == "first\n"
    found = client.workspace.get_status(f"{home}/jobs/notebook")
    assert found.object_type is ObjectType.NOTEBOOK
    repo_id = int(made.id or 0)
    client.repos.update(repo_id, branch="next")
    assert text_of(client, f"{home}/docs/text.md") == "second\n"
    client.repos.update(repo_id, tag="1.0.0")
    at_tag = client.repos.get(repo_id)
    assert (at_tag.branch, at_tag.head_commit_id) == (None, made.head_commit_id)
    with pytest.raises(InvalidParameterValue, match=r"Cannot fetch nowhere of .*nowhere not found"):
        client.repos.update(repo_id, branch="nowhere")
    assert text_of(client, f"{home}/docs/text.md") == "first\n"
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        client.repos.create(url_of(desk, repository), "gitHub")
    assert [repo.id for repo in client.repos.list(path_prefix="/Repos")] == [repo_id]
    client.repos.delete(repo_id)
    with pytest.raises(ResourceDoesNotExist):
        client.workspace.get_status(home)
    assert list(client.repos.list()) == []


def test_a_repo_may_hold_some_folders_and_lie_anywhere(
    client: WorkspaceClient, desk: Desk, repository: Repository
) -> None:
    path = "/Shared/some"
    made = client.repos.create(
        url_of(desk, repository),
        "gitHub",
        path=path,
        sparse_checkout=SparseCheckout(patterns=["docs"]),
    )
    below = [item.path for item in client.workspace.list(path, recursive=True)]
    assert f"{path}/docs/text.md" in below
    assert not any("/jobs" in str(item) for item in below)
    client.workspace.delete(path, recursive=True)
    with pytest.raises(ResourceDoesNotExist, match="no repo with the id"):
        client.repos.get(int(made.id or 0))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("file:///etc", "must be an HTTP or HTTPS address"),
        ("https://user:word@example.com/x.git", "must not have user name or password"),
        ("http://127.0.0.1:1/x.git", r"Cannot fetch HEAD of http://127\.0\.0\.1:1/x\.git"),
    ],
)
def test_what_cannot_be_fetched_is_refused(client: WorkspaceClient, url: str, message: str) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        client.repos.create(url, "gitHub")
    assert list(client.repos.list()) == []


def test_repos_are_their_makers(
    client: WorkspaceClient, other: WorkspaceClient, desk: Desk, repository: Repository
) -> None:
    url = url_of(desk, repository)
    with pytest.raises(InvalidParameterValue, match="private one needs a git credential of yours"):
        other.repos.create(url, "gitHub")
    mine = "/Repos/developer@bricklane.local/x"
    denied(lambda: other.repos.create(url, "gitHub", path=mine), "CAN_MANAGE")
    made = client.repos.create(url, "gitHub", path=mine)
    repo_id = int(made.id or 0)
    denied(lambda: other.repos.get(repo_id), "CAN_READ", f"repo {repo_id}")
    denied(lambda: text_of(other, f"{mine}/docs/text.md"), "CAN_READ", mine)
    assert list(other.repos.list()) == []
    give(client, "repos", str(repo_id), "CAN_READ", other)
    assert text_of(other, f"{mine}/docs/text.md") == "first\n"
    denied(lambda: other.repos.update(repo_id, branch="next"), "CAN_EDIT", f"repo {repo_id}")
    denied(lambda: other.repos.delete(repo_id), "CAN_MANAGE", f"repo {repo_id}")
    principal = int(str(other.current_user.me().id))
    client.git_credentials.create(
        "gitHub",
        git_username="developer",
        personal_access_token=desk.tokens["developer"],
        principal_id=principal,
    )
    own = other.repos.create(url, "gitHub")
    assert str(own.path).startswith(f"/Repos/{name_of(other)}/")
    client.repos.delete(repo_id)
