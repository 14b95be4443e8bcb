"""Taking the commits of a pull request onto another branch."""

from __future__ import annotations

from typing import Protocol

from bricklane.errors import BricklaneError
from bricklane.forge.model import PullRequest, PullRequestState
from bricklane.gitflow.git import Merge
from bricklane.gitflow.kinds import Kind
from bricklane.gitflow.notes import LoggedCommit, log
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


def pick(project: Project, world: Picking, *, trial: bool = False) -> str:
    """Write the commits of the pull request anew on top of the start, and return the last one.

    No branch moves and no working tree is used, so there is nothing to clean up after a conflict.

    Args:
        project: where.
        world: the branch to be.
        trial: whether nobody keeps the commits, so that they need no author and no signature.

    Raises:
        BricklaneError: on a conflict, or when the start has all of it already.
    """
    source = world.source
    assert source is not None  # noqa: S101  (asked only of drafts with a source)
    commits = _commits(project, source)
    head = world.start
    for commit in commits:
        head, merge = picked(project.git, commit.sha, head, trial=trial)
        if merge.conflicts:
            raise _conflict(project, world, commit, merge, commits)
    if head == world.start:
        name = project.kinds.branch(world.kind.starts_from)
        raise BricklaneError(f"{name} has everything already that #{source.number} changes")
    return head


def _commits(project: Project, source: PullRequest) -> list[LoggedCommit]:
    """Return what the pull request brings, oldest first; what it merged in itself is left out.

    Git is asked, for forges list only so many commits of a pull request.
    """
    base = project.forge.branch(source.base)
    without = source.base_commit if base is None else base.commit
    if source.state is PullRequestState.MERGED and source.merge_commit is not None:
        fetch_commits(project.git, source.merge_commit)
        without = project.git.parents(source.merge_commit)[0]
    fetch_commits(project.git, source.head_commit, without)
    found = log(project.git, source.head_commit, without)
    return [commit for commit in found if len(commit.parents) < 2]


def _conflict(
    project: Project,
    world: Picking,
    commit: LoggedCommit,
    merge: Merge,
    commits: list[LoggedCommit],
) -> BricklaneError:
    assert world.source is not None  # noqa: S101
    name = project.kinds.branch(world.kind.starts_from)
    shas = " ".join(each.sha[:10] for each in commits)
    return BricklaneError(
        f"commit {commit.sha[:10]} ({commit.subject}) of #{world.source.number} does not apply to "
        f"{name}; conflicts in: {', '.join(merge.conflicts)}",
        hint="nothing was changed; apply it by hand:\n"
        "bricklane hotfix start\n"
        f"git fetch {project.git.remote} {world.branch} {world.source.head_commit}\n"
        f"git switch {world.branch}\n"
        f"git cherry-pick {shas}    (resolve, git add, git cherry-pick --continue)\n"
        f"git push {project.git.remote} {world.branch}, and close #{world.source.number}",
    )
