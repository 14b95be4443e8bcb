"""Taking the commits of a pull request onto another branch."""

from __future__ import annotations

from typing import Protocol

from bricklane.errors import BricklaneError
from bricklane.forge.model import Commit, PullRequest
from bricklane.gitflow.git import Merge
from bricklane.gitflow.kinds import Kind
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import fetch_commits
from bricklane.gitflow.scratch import picked

PULL_REQUEST_TRAILER = "Hotfix-Of"
"""By this line in the commit that raises the version, a resumed flow knows its branch again."""


class Picking(Protocol):
    """What is known of the branch to be."""

    @property
    def kind(self) -> Kind:
        """Its kind."""

    @property
    def start(self) -> str:
        """The commit that it begins at."""

    @property
    def branch(self) -> str:
        """Its name."""

    @property
    def source(self) -> PullRequest | None:
        """The pull request whose commits it takes."""


def pick(project: Project, world: Picking) -> str:
    """Write the commits of the pull request anew on top of the start, and return the last one.

    No branch moves and no working tree is used, so there is nothing to clean up after a conflict.

    Raises:
        BricklaneError: on a conflict, or when the start has all of it already.
    """
    source = world.source
    assert source is not None  # noqa: S101  (asked only of drafts with a source)
    fetch_commits(project.git, source.head_commit)
    commits = [
        commit for commit in project.forge.commits_of(source.number) if len(commit.parents) < 2
    ]
    head = world.start
    for commit in commits:
        head, merge = picked(project.git, commit.sha, head)
        if merge.conflicts:
            raise _conflict(project, world, commit, merge, commits)
    if head == world.start:
        name = project.kinds.branch(world.kind.starts_from)
        raise BricklaneError(f"{name} has everything already that #{source.number} changes")
    return head


def _conflict(
    project: Project, world: Picking, commit: Commit, merge: Merge, commits: list[Commit]
) -> BricklaneError:
    assert world.source is not None  # noqa: S101
    subject = commit.message.partition("\n")[0]
    name = project.kinds.branch(world.kind.starts_from)
    shas = " ".join(each.sha[:10] for each in commits)
    return BricklaneError(
        f"commit {commit.sha[:10]} ({subject}) of #{world.source.number} does not apply to {name}; "
        f"conflicts in: {', '.join(merge.conflicts)}",
        hint="nothing was changed; apply it by hand:\n"
        "bricklane hotfix start\n"
        f"git fetch {project.git.remote} {world.branch} {world.source.head_commit}\n"
        f"git switch {world.branch}\n"
        f"git cherry-pick {shas}    (resolve, git add, git cherry-pick --continue)\n"
        f"git push {project.git.remote} {world.branch}",
    )
