"""Git's own client against the forge's git over HTTP."""

from __future__ import annotations

import gzip
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import requests

from bricklane_local.forge.git.model import Actor, Push, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from conftest import Clone, Served

pytestmark = pytest.mark.real


def changes(served: Served) -> list[tuple[str, bool, bool, bool]]:
    """What was announced: ref, created, deleted, forced."""
    return [
        (row.ref, row.before is None, row.after is None, row.forced)
        for push in served.rules.pushes
        for row in push.changes
    ]


def main_only(push: Push) -> Sequence[Refusal]:
    return [
        Refusal(row.ref, "GH006", ("Changes must be made through a pull request.",))
        for row in push.changes
        if row.branch == "main"
    ]


def test_what_is_pushed_is_cloned(served: Served, clone: Clone, tmp_path: Path) -> None:
    clone.commit("second", src__a="1\n")
    clone.git("push", "--quiet", "origin", "main")
    clone.git("clone", "--quiet", served.remote(), str(tmp_path / "other"))
    assert (tmp_path / "other/src/a").read_text() == "1\n"
    assert changes(served) == [
        ("refs/heads/main", True, False, False),
        ("refs/heads/main", False, False, False),
    ]
    assert served.rules.settled == served.rules.pushes
    assert served.rules.pushes[0].actor == Actor("ann")


def test_an_empty_repository_is_cloned(served: Served, clone: Clone, tmp_path: Path) -> None:
    said = clone.git("clone", served.remote("acme/open"), str(tmp_path / "empty"))
    assert "You appear to have cloned an empty repository" in said
    assert clone.git("-C", str(tmp_path / "empty"), "symbolic-ref", "HEAD") == "refs/heads/main\n"


def test_credentials_decide(served: Served, clone: Clone) -> None:
    anonymous = served.url + "/acme/open.git"
    assert clone.git("ls-remote", anonymous) == ""
    asked = requests.get(
        f"{served.url}/acme/flights.git/info/refs?service=git-upload-pack", timeout=9
    )
    assert asked.status_code == 401
    assert asked.headers["WWW-Authenticate"] == 'Basic realm="bricklane"'
    assert "could not read Username" in clone.git("push", anonymous, "main", check=False)
    reader = served.remote(login="x-access-token:reader")
    assert "refs/heads/main" in clone.git("ls-remote", reader)
    assert "The requested URL returned error: 403" in clone.git(
        "push", reader, "main:other", check=False
    )
    assert "Authentication failed" in clone.git(
        "ls-remote", served.remote(login="ann:wrong"), check=False
    )
    assert "not found" in clone.git("ls-remote", served.remote("acme/none"), check=False)


def test_a_refused_push_changes_nothing_and_says_why(served: Served, clone: Clone) -> None:
    before = clone.head
    served.rules.refuse_if = main_only
    clone.commit("second", a="2\n")
    said = clone.git("push", "origin", "main", "main:feature/x", check=False)
    assert "remote: error: GH006: Protected branch update failed for refs/heads/main." in said
    assert "remote: error: - Changes must be made through a pull request." in said
    assert "pre-receive hook declined" in said
    assert clone.git("ls-remote", "origin").split() == [before, "HEAD", before, "refs/heads/main"]
    assert len(served.rules.pushes) == 1
    clone.git("push", "--quiet", "origin", "main:feature/x")


def test_forced_and_deleted_are_told_apart(served: Served, clone: Clone) -> None:
    clone.git("push", "--quiet", "origin", "main:topic", "-o", "ignored")
    clone.git("commit", "--quiet", "--amend", "-m", "other")
    assert "non-fast-forward" in clone.git("push", "origin", "main:topic", check=False)
    clone.git("push", "--quiet", "--force", "origin", "main:topic")
    clone.git("tag", "-a", "1.0.0", "-m", "one")
    clone.git("push", "--quiet", "--atomic", "origin", "1.0.0", ":topic")
    assert changes(served)[1:] == [
        ("refs/heads/topic", True, False, False),
        ("refs/heads/topic", False, False, True),
        ("refs/heads/topic", False, True, False),
        ("refs/tags/1.0.0", True, False, False),
    ] or changes(served)[1:] == [
        ("refs/heads/topic", True, False, False),
        ("refs/heads/topic", False, False, True),
        ("refs/tags/1.0.0", True, False, False),
        ("refs/heads/topic", False, True, False),
    ]
    assert "refusing to delete the current branch" in clone.git(
        "push", "origin", ":main", check=False
    )


def test_pull_request_refs_are_the_forges_own(served: Served, clone: Clone) -> None:
    said = clone.git("push", "origin", "main:refs/pull/1/head", check=False)
    assert "deny updating a hidden ref" in said


def test_strange_branch_names_do_nothing(served: Served, clone: Clone, tmp_path: Path) -> None:
    names = ['$(touch${IFS}x)";rm', "größe/日本", "a'b", "%2e%2e", "x;y&z|w"]
    clone.git("push", "--quiet", "origin", *(f"HEAD:refs/heads/{name}" for name in names))
    assert {row[0] for row in changes(served)[1:]} == {f"refs/heads/{name}" for name in names}
    for name in ("-x", "refs/heads/main", "1" * 40):
        said = clone.git("push", "origin", f"HEAD:refs/heads/{name}", check=False)
        assert "is not a valid ref name" in said or "GH002" in said, said
    assert not list(tmp_path.rglob("x"))
    copy = tmp_path / "copy"
    clone.git("clone", "--quiet", served.remote(), str(copy))
    assert len(clone.git("-C", str(copy), "branch", "--remotes").splitlines()) == len(names) + 2


def test_one_of_two_pushes_to_a_ref_wins(
    served: Served, clone: Clone, tmp_path: Path, copy_of: Callable[[str, Path], Clone]
) -> None:
    copies = [copy_of(served.remote(), tmp_path / f"copy{number}") for number in range(6)]
    for number, copy in enumerate(copies):
        copy.commit(f"by {number}", own=f"{number}\n")
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda copy: copy.git("push", "origin", "main", check=False), copies))
    won = [number for number, text in enumerate(said) if "main -> main" in text and "!" not in text]
    assert len(won) == 1, said
    for number, text in enumerate(said):
        if number not in won:
            assert "rejected" in text, text
    assert len(served.rules.pushes) == 2
    head = clone.git("ls-remote", "origin", "main").split()[0]
    assert head == copies[won[0]].head == served.rules.pushes[-1].changes[0].after


def test_twenty_clones_at_once(served: Served, clone: Clone, tmp_path: Path) -> None:
    with ThreadPoolExecutor(20) as pool:
        folders = [tmp_path / f"c{number}" for number in range(20)]
        list(pool.map(lambda it: clone.git("clone", "-q", served.remote(), str(it)), folders))
    assert all((folder / "README").read_text() == "hello\n" for folder in folders)


def test_shallow_and_partial_clones(served: Served, clone: Clone, tmp_path: Path) -> None:
    for number in range(5):
        clone.commit(f"c{number}", **{f"f{number}": "x" * number})
    clone.git("push", "--quiet", "origin", "main")
    shallow, partial = str(tmp_path / "shallow"), str(tmp_path / "partial")
    clone.git("clone", "-q", "--depth", "1", served.remote(), shallow)
    assert clone.git("-C", shallow, "rev-list", "--count", "HEAD") == "1\n"
    clone.git("-C", shallow, "fetch", "-q", "--deepen", "2")
    assert clone.git("-C", shallow, "rev-list", "--count", "HEAD") == "3\n"
    clone.git("-C", shallow, "fetch", "-q", "--unshallow")
    assert clone.git("-C", shallow, "rev-list", "--count", "HEAD") == "6\n"
    clone.git("clone", "-q", "--filter=blob:none", "--no-checkout", served.remote(), partial)
    assert clone.git("-C", partial, "show", "HEAD:f3") == "xxx"
    # What actions/checkout does: one commit by its name, that no ref points at.
    bare = str(tmp_path / "by-sha")
    clone.git("init", "-q", bare)
    sha = clone.git("rev-parse", "HEAD~2").strip()
    clone.git("-C", bare, "fetch", "-q", "--depth=1", served.remote(), f"+{sha}:refs/remotes/o/x")
    assert clone.git("-C", bare, "rev-parse", "refs/remotes/o/x").strip() == sha


def test_large_and_compressed_pushes_stream(served: Served, clone: Clone) -> None:
    (clone.folder / "large").write_bytes(os.urandom(12 * 1024 * 1024))
    clone.commit("large")
    clone.git("-c", "http.postBuffer=65536", "push", "--quiet", "origin", "main")  # chunked
    assert served.rules.pushes[-1].changes[0].after == clone.head
    body = gzip.compress(b"0014command=ls-refs\n0000")
    answer = requests.post(
        f"{served.url}/acme/flights/git-upload-pack",
        data=body,
        auth=("ann", "secret"),
        headers={
            "Content-Encoding": "gzip",
            "Content-Type": "application/x-git-upload-pack-request",
            "Git-Protocol": "version=2",
        },
        timeout=10,
    )
    assert f"{clone.head} refs/heads/main".encode() in answer.content


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/acme/../../etc/info/refs?service=git-upload-pack", b"", 404),
        ("GET", "/acme/%2e%2e%2fflights.git/info/refs?service=git-upload-pack", b"", 404),
        ("GET", "/acme/flights.git/objects/info/packs", b"", 404),
        ("GET", "/acme/flights.git/info/refs", b"", 403),
        ("GET", "/acme/flights.git/info/refs?service=git-upload-archive", b"", 403),
        ("GET", "/acme/flights.git/git-upload-pack", b"", 405),
        ("POST", "/acme/flights.git/git-upload-pack", b"garbage", 415),
    ],
)
def test_garbage_is_refused(
    served: Served, method: str, path: str, body: bytes, status: int
) -> None:
    session = requests.Session()
    request = requests.Request(method, served.url, data=body, auth=("ann", "secret"))
    prepared = request.prepare()
    prepared.url = served.url + path
    assert session.send(prepared, timeout=10).status_code == status


def test_garbage_in_a_push_changes_nothing(served: Served, clone: Clone) -> None:
    for body in (b"", b"garbage", b"0000", b"ffff" + b"x" * 100, b"\x00" * 5000):
        answer = requests.post(
            f"{served.url}/acme/flights.git/git-receive-pack",
            data=body,
            auth=("ann", "secret"),
            headers={"Content-Type": "application/x-git-receive-pack-request"},
            timeout=10,
        )
        assert answer.status_code in (200, 400, 500), body
    assert len(served.rules.pushes) == 1
    assert "main" in clone.git("ls-remote", "origin")


def test_broken_objects_are_refused(served: Served, clone: Clone) -> None:
    given = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\nauthor bad\ncommitter bad\n\nx\n"
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin", "--literally"],
        cwd=clone.folder,
        input=given,
        text=True,
        capture_output=True,
        check=True,
    )
    clone.git("hash-object", "-t", "tree", "-w", os.devnull)
    said = clone.git("push", "origin", f"{made.stdout.strip()}:refs/heads/bad", check=False)
    assert "missingNameBeforeEmail" in said or "badName" in said or "fsck error" in said, said
    assert len(served.rules.pushes) == 1
