"""The link of the clone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane.doctor.model import Check, Link, Result, failed, not_applicable, passed
from bricklane.errors import ExitCode

if TYPE_CHECKING:
    from bricklane.doctor.world import World


def repository(world: World) -> Result:
    """Look whether the project is in a clone."""
    return passed(str(world.git.top))


def remote(world: World) -> Result:
    """Look where the remote leads."""
    address = world.address
    return passed(f"{world.settings.gitflow.remote} is {address.repository} on {address.api}")


def history(world: World) -> Result:
    """Look whether the clone is whole."""
    if world.git.is_shallow():
        return failed(
            "the clone is shallow: versions and ancestry cannot be told",
            "git fetch --unshallow\nin a workflow: fetch-depth: 0 for actions/checkout",
            ExitCode.CONFIG,
        )
    return passed("whole")


def head(world: World) -> Result:
    """Look whether a branch is checked out."""
    branch = world.git.current_branch()
    if branch is not None:
        return passed(f"on {branch}")
    if world.environment.get("CI"):
        return not_applicable("detached, as workflows check out pull requests")
    return failed(
        "HEAD is detached: what is deployed from here belongs to no branch, and the bundle's own"
        " check of the branch is skipped",
        f"git switch {world.settings.gitflow.develop}",
        ExitCode.CONFIG,
    )


def branches(world: World) -> Result:
    """Look for the long-lived branches, here or as the remote had them last."""
    git, name = world.git, world.settings.gitflow.remote
    places = ("refs/heads/", f"refs/remotes/{name}/")
    missing = [
        branch
        for branch in world.long_lived
        if not any(git.commit(f"{place}{branch}") for place in places)
    ]
    if missing:
        main = world.settings.gitflow.main
        ways = [
            f"git fetch {name}, or if it is new: git branch {branch}"
            + ("" if branch == main else f" {main}")
            for branch in missing
        ]
        return failed(f"there is no {' and no '.join(missing)}", "\n".join(ways), ExitCode.CONFIG)
    return passed(", ".join(world.long_lived))


GIT = Link(
    "git",
    (
        Check(
            "git.repository",
            "repository",
            "The project is in a git working tree.",
            repository,
            ("tools.git",),
        ),
        Check(
            "git.history",
            "history",
            "The clone has all of its history, from which versions are told.",
            history,
            ("git.repository",),
        ),
        Check(
            "git.head",
            "HEAD",
            "A branch is checked out, so that what is deployed has one.",
            head,
            ("git.repository", "project.settings"),
        ),
        Check(
            "git.branches",
            "branches",
            "main and develop exist.",
            branches,
            ("git.repository", "project.settings"),
        ),
        Check(
            "git.remote",
            "remote",
            "The remote leads to a repository on a forge.",
            remote,
            ("git.repository", "project.settings"),
        ),
    ),
)
