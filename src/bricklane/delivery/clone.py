"""What delivery asks of the user's clone; it is only read."""

from __future__ import annotations

from collections.abc import Mapping

from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git


def head(git: Git) -> str:
    """Return the SHA of the commit that is checked out.

    Raises:
        BricklaneError: when there is none yet.
    """
    commit = git.commit("HEAD")
    if commit is None:
        raise BricklaneError(
            f"{git.top} has no commit yet, so there is nothing to deploy",
            hint="git add . && git commit",
        )
    return commit


def committed_at(git: Git, commit: str) -> int:
    """Return when a commit was committed, in seconds since the epoch."""
    return int(git.text("show", "--no-patch", "--format=%ct", commit))


def changes(git: Git) -> list[str]:
    """Return what differs from the commit that is checked out, as ``git status`` shows it."""
    return git.lines("status", "--porcelain")


def remote_heads(git: Git) -> Mapping[str, str]:
    """Return the branches that the clone last saw on the remote, name → commit."""
    prefix = f"refs/remotes/{git.remote}/"
    lines = git.lines("for-each-ref", "--format=%(objectname) %(refname)", prefix)
    pairs = (line.split(" ", 1) for line in lines)
    return {ref.removeprefix(prefix): commit for commit, ref in pairs}
