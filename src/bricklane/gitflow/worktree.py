"""The user's own working tree: what is in it, and switching its branch without losing anything."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git

# What git leaves in its folder while something waits for the user, and how the user ends it.
UNFINISHED = {
    "MERGE_HEAD": ("a merge", "git commit, or git merge --abort"),
    "rebase-merge": ("a rebase", "git rebase --continue, or git rebase --abort"),
    "rebase-apply": ("a rebase", "git rebase --continue, or git rebase --abort"),
    "CHERRY_PICK_HEAD": ("a cherry-pick", "git cherry-pick --continue, or --abort"),
    "REVERT_HEAD": ("a revert", "git revert --continue, or git revert --abort"),
}
SHOWN = 10


def check_settled(git: Git) -> None:
    """Check that the working tree holds nothing that a switch could lose or mix up.

    Files that git does not track are no obstacle: git itself refuses to overwrite them.

    Raises:
        BricklaneError: naming the files, or what is not finished. Resolving conflicts does not
            finish a merge, committing it does.
    """
    for name, (what, way_out) in UNFINISHED.items():
        if Path(git.top, git.text("rev-parse", "--git-path", name)).exists():
            raise BricklaneError(
                f"{what} is not finished in {git.top}", hint=f"finish it first: {way_out}"
            )
    changed = git.names("diff-index", "-z", "--name-only", "--ignore-submodules", _base(git), "--")
    if changed:
        more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
        raise BricklaneError(
            f"there are changes that are not committed: {', '.join(changed[:SHOWN])}{more}",
            hint="commit them, or put them aside: git stash",
        )


def _base(git: Git) -> str:
    """Return HEAD, or the empty tree in a repository without a commit."""
    # Without this, a file that was touched but not changed would count as changed.
    git.run("update-index", "-q", "--refresh", allowed=frozenset({0, 1}))
    return "HEAD" if git.commit("HEAD") else git.text("hash-object", "-t", "tree", "/dev/null")


def is_checked_out_elsewhere(git: Git, branch: str) -> bool:
    """Return whether another linked worktree has ``branch``."""
    here = str(git.top.resolve())
    listed = git.names("worktree", "list", "--porcelain", "-z")
    place = ""
    for line in listed:
        if line.startswith("worktree "):
            place = str(Path(line.removeprefix("worktree ")).resolve())
        elif line == f"branch refs/heads/{branch}" and place != here:
            return True
    return False


def check_branch_name(git: Git, branch: str) -> None:
    """Check that git takes ``branch`` as a name.

    Raises:
        BricklaneError: when it does not.
    """
    if git.run("check-ref-format", f"refs/heads/{branch}", allowed=frozenset({0, 1})).code != 0:
        raise BricklaneError(
            f"{branch!r} cannot be the name of a branch",
            hint="use letters, digits, '-', '_', '.' and '/': https://git-scm.com/docs/git-check-ref-format",
        )


def check_room(branch: str, present: Iterable[str]) -> None:
    """Check that ``branch`` can be beside the branches that are there.

    Git may keep each as a file, and a name before a slash is then a folder.

    Raises:
        BricklaneError: naming the one that is in the way.
    """
    for other in present:
        if branch.startswith(f"{other}/") or other.startswith(f"{branch}/"):
            raise BricklaneError(
                f"there cannot be a branch {branch} beside the branch {other}",
                hint="choose another name",
            )
