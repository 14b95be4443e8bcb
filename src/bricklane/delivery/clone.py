"""What delivery asks of the user's clone; it is only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git


@dataclass(frozen=True, slots=True)
class Commit:
    """What git knows of a commit.

    Args:
        sha: names it.
        tree: the SHA of its tree.
        committed_at: in seconds since the epoch.
        author: the author's address.
    """

    sha: str
    tree: str
    committed_at: int
    author: str


def commit(git: Git, revision: str = "HEAD") -> Commit:
    """Return what ``revision`` names; by default the commit that is checked out.

    Raises:
        BricklaneError: when there is none yet.
    """
    found = git.run(
        "show", "--no-patch", "--no-show-signature", "--format=%H%n%T%n%ct%n%ae",
        "--end-of-options", revision, allowed=frozenset({0, 128}),
    )  # fmt: skip
    if found.code != 0:
        raise BricklaneError(
            f"{git.top} has no commit yet, so there is nothing to deploy",
            hint="git add . && git commit",
        )
    sha, tree, committed_at, author = found.output.removesuffix("\n").split("\n")
    return Commit(sha, tree, int(committed_at), author)


def changes(git: Git) -> list[str]:
    """Return what differs from the commit that is checked out, as ``git status`` shows it."""
    return git.lines("status", "--porcelain")


def remote_heads(git: Git) -> Mapping[str, str]:
    """Return the branches that the clone last saw on the remote, name → commit."""
    prefix = f"refs/remotes/{git.remote}/"
    lines = git.lines("for-each-ref", "--format=%(objectname) %(refname)", prefix)
    pairs = (line.split(" ", 1) for line in lines)
    return {ref.removeprefix(prefix): commit for commit, ref in pairs}
