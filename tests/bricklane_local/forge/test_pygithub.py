"""PyGithub's own calls, unmodified, against the real server."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from github import Github, GithubException, InputGitAuthor, InputGitTreeElement

if TYPE_CHECKING:
    from pathlib import Path

    from github.Repository import Repository

    from tests.bricklane_local.forge.desk import Desk

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def developer(desk: Desk) -> Iterator[Github]:
    with desk.client() as found:
        yield found


@pytest.fixture(scope="module")
def reviewer(desk: Desk) -> Iterator[Github]:
    with desk.client("release-manager") as found:
        yield found


@pytest.fixture
def repository(developer: Github, request: pytest.FixtureRequest) -> Repository:
    """A repository of the test's own with one commit on main."""
    made = developer.get_user().create_repo(request.node.name.replace("_", "-"), private=True)
    made.create_file("README.md", "first", "# hello\n", branch="main")
    return made


def branch(repository: Repository, name: str, path: str, content: str) -> str:
    repository.create_git_ref(f"refs/heads/{name}", repository.get_branch("main").commit.sha)
    return repository.create_file(path, f"add {path}", content, branch=name)["commit"].sha


def refusal(status: int) -> pytest.RaisesExc[GithubException]:
    return pytest.raises(GithubException, check=lambda error: error.status == status)


def test_branches_objects_and_tags(repository: Repository) -> None:
    head = branch(repository, "feature/größe", "src/a.py", "x = 1\n")
    assert repository.get_branch("feature/größe").commit.sha == head
    assert [row.name for row in repository.get_branches()] == ["feature/größe", "main"]
    main = repository.get_branch("main").commit.sha
    blob = repository.create_git_blob("text\n", "utf-8")
    element = InputGitTreeElement("n/new.txt", "100755", "blob", sha=blob.sha)
    tree = repository.create_git_tree([element], repository.get_git_tree(main))
    shown = repository.get_git_tree(tree.sha, recursive=True).tree
    assert [row.path for row in shown] == ["README.md", "n", "n/new.txt"]
    author = InputGitAuthor("Ann", "ann@example.com", "2026-01-02T03:04:05Z")
    parents = [repository.get_git_commit(main)]
    commit = repository.create_git_commit("by plumbing", tree, parents, author=author)
    assert commit.author.name == "Ann"
    repository.get_git_ref("heads/main").edit(commit.sha)
    with refusal(422):
        repository.get_git_ref("heads/main").edit(head)
    tag = repository.create_git_tag("1.0.0", "one", commit.sha, "commit")
    repository.create_git_ref("refs/tags/1.0.0", tag.sha)
    assert [(row.name, row.commit.sha) for row in repository.get_tags()] == [("1.0.0", commit.sha)]
    assert repository.get_git_tag(tag.sha).message == "one"
    matching = repository.get_git_matching_refs("tags/1")
    assert [(row.ref, row.object.type) for row in matching] == [("refs/tags/1.0.0", "tag")]
    compared = repository.compare("main", "feature/größe")
    assert (compared.status, compared.ahead_by, compared.behind_by) == ("diverged", 1, 1)
    assert [row.filename for row in compared.files] == ["src/a.py"]
    repository.get_git_ref("heads/feature/größe").delete()
    with refusal(404):
        repository.get_branch("feature/größe")


def test_files_and_commits(repository: Repository) -> None:
    made = repository.create_file("a/b.txt", "second", "one\n")
    changed = repository.update_file("a/b.txt", "third", "two\n", made["content"].sha)
    file = repository.get_contents("a/b.txt")
    assert not isinstance(file, list)
    assert file.decoded_content == b"two\n"
    with refusal(409):
        repository.update_file("a/b.txt", "stale", "three\n", made["content"].sha)
    repository.delete_file("a/b.txt", "gone", changed["content"].sha)
    with refusal(404):
        repository.get_contents("a/b.txt")
    messages = [row.commit.message for row in repository.get_commits()]
    assert messages == ["gone", "third", "second", "first"]
    assert repository.get_commits(path="a/b.txt", author="developer").totalCount == 3
    assert repository.get_commit("main").files[0].status == "removed"
    assert repository.get_readme().decoded_content == b"# hello\n"


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_pull_requests_are_merged(repository: Repository, method: str) -> None:
    head = branch(repository, "feature/a", "a.txt", "a\n")
    title = '$(touch x)"; rm -rf'
    pull = repository.create_pull(base="main", head="feature/a", title=title, body="why")
    assert pull.mergeable
    assert [row.filename for row in pull.get_files()] == ["a.txt"]
    assert [row.sha for row in pull.get_commits()] == [head]
    comment = pull.create_issue_comment("one")
    comment.edit("two")
    assert [row.body for row in pull.get_issue_comments()] == ["two"]
    pull.add_to_labels("release")
    pull.edit(state="closed")
    pull.edit(state="open")
    found = repository.get_pulls(state="open", head="developer:feature/a", base="main")
    assert [row.number for row in found] == [pull.number]
    done = pull.merge(merge_method=method, sha=head)
    assert done.merged
    pull.update()
    assert (pull.merged, pull.merge_commit_sha, pull.title) == (True, done.sha, title)
    parents = repository.get_commit(done.sha).parents
    assert len(parents) == (2 if method == "merge" else 1)


def test_git_and_the_api_see_the_same(repository: Repository, desk: Desk, tmp_path: Path) -> None:
    remote = desk.url.replace("://", f"://x-access-token:{desk.tokens['developer']}@")
    remote = f"{remote}/{repository.full_name}.git"
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}

    def git(*arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout
        return done.stdout

    git("clone", "--quiet", remote, ".")
    git("switch", "--quiet", "-c", "topic")
    git("commit", "--quiet", "--allow-empty", "-m", "by git")
    git("push", "--quiet", "origin", "topic")
    pull = repository.create_pull(base="main", head="topic", title="t", body="")
    (tmp_path / "more").write_text("x")
    git("add", ".")
    git("commit", "--quiet", "-m", "more")
    git("push", "--quiet", "origin", "topic")
    pull.update()
    assert pull.head.sha == git("rev-parse", "HEAD").strip()
    git("fetch", "--quiet", "origin", f"refs/pull/{pull.number}/merge")
    assert git("rev-parse", "FETCH_HEAD^2").strip() == pull.head.sha
    repository.get_branch("main").edit_protection(
        required_approving_review_count=1, enforce_admins=True
    )
    said = git("push", "origin", "HEAD:main", check=False)
    assert "remote: error: GH006: Protected branch update failed for refs/heads/main." in said
    assert "pre-receive hook declined" in said
    assert "GH006" in git("push", "origin", ":main", check=False) or "refusing to delete" in said


def test_a_rule_needs_a_review_and_a_check(repository: Repository, reviewer: Github) -> None:
    repository.add_to_collaborators("release-manager", "push")
    repository.get_branch("main").edit_protection(
        strict=False, contexts=["test"], required_approving_review_count=1, enforce_admins=True
    )
    head = branch(repository, "feature/a", "a.txt", "a\n")
    pull = repository.create_pull(base="main", head="feature/a", title="t", body="")
    with refusal(405):
        pull.merge()
    pull.create_review_request(reviewers=["release-manager"])
    reviewer.get_repo(repository.full_name).get_pull(pull.number).create_review(event="APPROVE")
    with refusal(405):
        pull.merge()
    repository.get_commit(head).create_status("success", context="test")
    assert pull.merge().merged


def test_releases_deployments_environments_and_secrets(
    repository: Repository, tmp_path: Path
) -> None:
    draft = repository.create_git_release(
        "1.0.0", "1.0.0", "notes", draft=True, target_commitish="main"
    )
    wheel = tmp_path / "flights-1.0.0-py3-none-any.whl"
    wheel.write_bytes(b"\x00\xff wheel")
    asset = draft.upload_asset(str(wheel), content_type="application/octet-stream")
    assert asset.size == 8
    assert repository.get_tags().totalCount == 0
    draft.update_release("1.0.0", "notes", draft=False)
    assert [row.name for row in repository.get_tags()] == ["1.0.0"]
    assert [row.name for row in repository.get_latest_release().assets] == [wheel.name]
    repository.create_environment("prod")
    deployment = repository.create_deployment(
        "main", environment="prod", auto_merge=False, required_contexts=[], payload={"v": 1}
    )
    deployment.create_status("success", description="done", environment="prod")
    assert [row.state for row in deployment.get_statuses()] == ["success"]
    assert repository.get_deployments(environment="prod").totalCount == 1
    repository.create_secret("TOKEN", "hidden")
    assert [row.name for row in repository.get_secrets()] == ["TOKEN"]
    repository.create_variable("REGION", "eu")
    assert repository.get_variable("REGION").value == "eu"
    environment = repository.get_environment("prod")
    environment.create_secret("INNER", "hidden")
    environment.create_variable("HOST", "h")
    assert environment.get_variable("HOST").value == "h"
    head = repository.get_branch("main").commit.sha
    run = repository.create_check_run("lint", head, status="in_progress")
    run.edit(conclusion="success")
    assert [row.conclusion for row in repository.get_commit(head).get_check_runs()] == ["success"]
