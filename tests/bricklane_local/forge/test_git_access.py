"""Who may fetch and push with git itself."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.bricklane_local.forge.desk import branch

if TYPE_CHECKING:
    from pathlib import Path

    from github.Repository import Repository

    from tests.bricklane_local.forge.desk import Desk

pytestmark = pytest.mark.real


def git(folder: Path, *arguments: str) -> str:
    """Run git without anybody's configuration and return all that it printed."""
    environment = os.environ | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def remote(desk: Desk, repository: Repository, login: str = "") -> str:
    url = desk.url.replace("://", f"://{login}@") if login else desk.url
    return f"{url}/{repository.full_name}.git"


def test_strangers_read_public_repositories_only(
    desk: Desk, repository: Repository, tmp_path: Path
) -> None:
    public = desk.repository(private=False)
    assert "refs/heads/main" in git(tmp_path, "ls-remote", remote(desk, public))
    for wanted in (remote(desk, repository), f"{desk.url}/nobody/nothing.git"):
        assert "could not read Username" in git(tmp_path, "ls-remote", wanted)
    git(tmp_path, "clone", "--quiet", remote(desk, public), "copy")
    said = git(tmp_path / "copy", "push", "origin", "HEAD:refs/heads/x")
    assert "could not read Username" in said


def test_a_token_that_may_only_read_cannot_push(
    desk: Desk, repository: Repository, tmp_path: Path
) -> None:
    token = desk.token("developer", permissions={"contents": "read"})
    url = remote(desk, repository, f"x-access-token:{token}")
    git(tmp_path, "clone", "--quiet", url, "copy")
    said = git(tmp_path / "copy", "push", "origin", "HEAD:refs/heads/x")
    assert "Permission to" in said
    assert "403" in said
    assert [row.name for row in repository.get_branches()] == ["main"]


def test_a_ruleset_refuses_what_git_pushes(
    desk: Desk, repository: Repository, tmp_path: Path
) -> None:
    branch(repository, "release/1.0.0")
    body = {
        "name": "kept",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["refs/heads/release/*"], "exclude": []}},
        "rules": [{"type": "deletion"}, {"type": "non_fast_forward"}],
    }
    assert desk.ask("POST", f"/repos/{repository.full_name}/rulesets", json=body).ok
    url = remote(desk, repository, f"any:{desk.tokens['developer']}")
    git(tmp_path, "clone", "--quiet", url, "copy")
    copy = tmp_path / "copy"
    for refspec in (":release/1.0.0", "+main:release/1.0.0"):
        said = git(copy, "push", "origin", refspec)
        wanted = "GH013: Repository rule violations found for refs/heads/release/1.0.0."
        assert wanted in said, said
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    git(copy, "switch", "--quiet", "release/1.0.0")
    git(copy, *identity, "commit", "--quiet", "--allow-empty", "-m", "fix")
    assert "release/1.0.0 -> release/1.0.0" in git(copy, "push", "origin", "release/1.0.0")
