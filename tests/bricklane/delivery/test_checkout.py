from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bricklane.delivery.checkout import clean_checkout, without_credentials
from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git
from tests.bricklane.gitflow.conftest import git


@pytest.fixture
def cache(tmp_path: Path) -> dict[str, str]:
    return {"BRICKLANE_CACHE_DIR": str(tmp_path / "cache")}


def left(cache: dict[str, str]) -> list[str]:
    folder = Path(cache["BRICKLANE_CACHE_DIR"]) / "checkouts"
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


def test_a_checkout_has_the_commit_on_its_branch_and_nothing_else(
    clone: Git, cache: dict[str, str]
) -> None:
    head = git(clone.top, "rev-parse", "HEAD")
    (clone.top / "file.txt").write_text("changed\n")
    (clone.top / "untracked").touch()
    with clean_checkout(clone, head, "release/1.0.0", cache) as top:
        assert (top / "file.txt").read_text() == "one\n"
        assert not (top / "untracked").exists()
        assert git(top, "symbolic-ref", "HEAD") == "refs/heads/release/1.0.0"
        assert git(top, "rev-parse", "HEAD") == head
        assert git(top, "status", "--porcelain") == ""
    assert left(cache) == []
    assert (clone.top / "file.txt").read_text() == "changed\n"
    assert git(clone.top, "branch", "--format=%(refname:short)") == "main"


def test_the_branch_may_be_checked_out_elsewhere_and_move_on(
    clone: Git, cache: dict[str, str]
) -> None:
    head = git(clone.top, "rev-parse", "HEAD")
    with clean_checkout(clone, head, "main", cache) as top:
        git(clone.top, "commit", "-q", "--allow-empty", "-m", "meanwhile")
        assert git(top, "rev-parse", "main") == head


def test_without_a_branch_the_head_is_detached(clone: Git, cache: dict[str, str]) -> None:
    head = git(clone.top, "rev-parse", "HEAD")
    with clean_checkout(clone, head, "", cache) as top:
        assert git(top, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD"


def test_a_worktree_a_subfolder_and_a_shallow_clone_will_do(
    clone: Git, cache: dict[str, str], tmp_path: Path
) -> None:
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "second")
    git(clone.top, "push", "-q", "origin", "main")
    git(clone.top, "worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    shallow = tmp_path / "shallow"
    bare = (tmp_path / "bare.git").as_uri()
    git(tmp_path, "clone", "-q", "--depth", "1", bare, str(shallow))
    for folder in (tmp_path / "tree", shallow):
        source = Git.open(folder, "origin")
        with clean_checkout(source, git(folder, "rev-parse", "HEAD"), "x", cache) as top:
            assert (top / "file.txt").read_text() == "one\n"


def test_a_partial_clone_fetches_what_it_lacks(
    clone: Git, cache: dict[str, str], tmp_path: Path
) -> None:
    git(tmp_path / "bare.git", "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    bare = (tmp_path / "bare.git").as_uri()
    git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", bare, str(partial))
    source = Git.open(partial, "origin")
    with clean_checkout(source, git(partial, "rev-parse", "HEAD"), "main", cache) as top:
        assert (top / "file.txt").read_text() == "one\n"


def test_settings_for_files_are_those_of_the_clone(clone: Git, cache: dict[str, str]) -> None:
    git(clone.top, "config", "core.autocrlf", "true")
    with clean_checkout(clone, git(clone.top, "rev-parse", "HEAD"), "main", cache) as top:
        assert (top / "file.txt").read_bytes() == b"one\r\n"


def test_the_remote_is_known_without_its_credentials(clone: Git, cache: dict[str, str]) -> None:
    git(clone.top, "remote", "set-url", "origin", "https://me:secret@forge.example/o/r.git")
    with clean_checkout(clone, git(clone.top, "rev-parse", "HEAD"), "main", cache) as top:
        config = (top / ".git" / "config").read_text()
    assert "https://forge.example/o/r.git" in config
    assert "secret" not in config


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://u:p@h:8/o/r", "https://h:8/o/r"),
        ("git@github.com:o/r.git", "git@github.com:o/r.git"),
        ("/srv/git/r@2.git", "/srv/git/r@2.git"),
    ],
)
def test_credentials_are_taken_out_of_urls(url: str, expected: str) -> None:
    assert without_credentials(url) == expected


def test_a_commit_that_is_not_there_is_told(clone: Git, cache: dict[str, str]) -> None:
    with (
        pytest.raises(BricklaneError, match=r"commit f{40} is not in") as caught,
        clean_checkout(clone, "f" * 40, "main", cache),
    ):
        pass
    assert caught.value.hint == f"git fetch origin {'f' * 40}"
    assert left(cache) == []


KILLED = """
import os, sys
from pathlib import Path
from bricklane.delivery.checkout import clean_checkout
from bricklane.gitflow.git import Git
with clean_checkout(Git.open(Path(sys.argv[1]), "origin"), sys.argv[2], "main", os.environ):
    print("ready", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_left_is_removed_and_what_a_live_one_has_stays(
    clone: Git, cache: dict[str, str]
) -> None:
    head = git(clone.top, "rev-parse", "HEAD")
    other = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(clone.top), head],
        env={**os.environ, **cache},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert other.stdin is not None
    assert other.stdout is not None
    with other:
        try:
            assert other.stdout.readline() == "ready\n"
            with clean_checkout(clone, head, "main", cache):
                assert len(left(cache)) == 4, "two folders with their locks"
        finally:
            other.send_signal(signal.SIGKILL)
    with clean_checkout(clone, head, "main", cache):
        assert len(left(cache)) == 2
    assert left(cache) == []
