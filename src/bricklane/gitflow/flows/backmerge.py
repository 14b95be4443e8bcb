"""Back-merges: what went into production comes back to the branches that others build on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bricklane.errors import BricklaneError
from bricklane.forge.model import PullRequest, PullRequestState
from bricklane.gitflow.flows.workflows import CHECKING, start, was_started
from bricklane.gitflow.kinds import BACK_MERGE, Kind
from bricklane.gitflow.merging import conflicts_left, merged_commit
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import fetch_commits, fetch_heads, push
from bricklane.gitflow.versions import Version


class Published(Protocol):
    """What is known of a version that is in production."""

    @property
    def project(self) -> Project:
        """Where."""

    @property
    def kind(self) -> Kind:
        """The kind of the branch that became the version."""

    @property
    def version(self) -> Version:
        """The version."""

    @property
    def branch(self) -> str:
        """The branch that became the version."""

    @property
    def base(self) -> str:
        """The branch of production."""

    @property
    def merge_commit(self) -> str:
        """The commit in production that is the version."""


@dataclass(frozen=True, slots=True)
class BackMerge:
    """One pull request to be.

    Args:
        target: the branch that takes the version.
        branch: the branch that brings it.
    """

    target: str
    branch: str


def back_merges(world: Published) -> tuple[BackMerge, ...]:
    """Return where the version has to go: long-lived branches, and open ones of the listed kinds.

    Branches that have it already are left out.
    """
    prefix = f"{world.project.kinds.named(BACK_MERGE).prefix}{world.version}"
    wanted = []
    for name in world.kind.back_merge:
        kind = world.project.kinds.named(name)
        if kind.branch:
            wanted.append(BackMerge(kind.branch, prefix))
        else:
            wanted += [
                BackMerge(branch, f"{prefix}-into-{kind.name_in(branch)}")
                for branch in _open_branches(world, kind)
            ]
    forge = world.project.forge
    return tuple(
        found for found in wanted if not forge.is_ancestor(world.merge_commit, found.target)
    )


def _open_branches(world: Published, kind: Kind) -> list[str]:
    """Return the branches of ``kind`` that are not published."""
    forge = world.project.forge
    opened = []
    for branch in forge.branches(kind.prefix):
        try:
            version = Version.parse(kind.name_in(branch.name))
        except ValueError:
            continue
        if branch.name != world.branch and not forge.tag(world.project.tags.name(version)):
            opened.append(branch.name)
    return opened


def open_one(world: Published, back_merge: BackMerge) -> PullRequest | None:
    """Return the open pull request of ``back_merge``, if there is one."""
    found = world.project.forge.pull_requests(
        head=back_merge.branch, base=back_merge.target, state=PullRequestState.OPEN
    )
    return next(iter(found), None)


def all_open(world: Published) -> bool:
    """Return whether every branch has the version, or a pull request that brings it."""
    return all(_is_under_way(world, found) for found in back_merges(world))


def _is_under_way(world: Published, back_merge: BackMerge) -> bool:
    if open_one(world, back_merge) is None:
        return False
    return not world.project.acts_as_workflow() or was_started(
        world.project.forge, CHECKING, back_merge.branch
    )


def open_all(world: Published) -> None:
    """Open the pull requests that are missing.

    Raises:
        BricklaneError: when the forge refuses.
    """
    for found in back_merges(world):
        if not _is_under_way(world, found):
            _open(world, found)


def _open(world: Published, back_merge: BackMerge) -> None:
    """Bring about the branch, then the pull request, then its checks, each if it is missing."""
    project = world.project
    into = project.forge.branch(back_merge.target)
    if into is None:
        raise BricklaneError(f"{back_merge.target} is gone from the forge; run this command again")
    target = into.commit
    fetch_heads(project.git, {into.name: target})
    fetch_commits(project.git, world.merge_commit)
    present = project.forge.branch(back_merge.branch)
    if present is None:
        head = merged_commit(project, target, world.merge_commit, _message(world, back_merge))
        push(project.git, head, back_merge.branch, seen=None)
    else:
        head = present.commit
        fetch_commits(project.git, head)
    conflicts = conflicts_left(project, target, head)
    project.forge.create_pull_request(
        head=back_merge.branch,
        base=back_merge.target,
        title=_title(world, back_merge),
        body=_body(world, back_merge, conflicts),
    )
    if project.acts_as_workflow() and not was_started(project.forge, CHECKING, back_merge.branch):
        start(project.forge, CHECKING, back_merge.branch)


def _title(world: Published, back_merge: BackMerge) -> str:
    title = world.project.kinds.named(BACK_MERGE).title.format(version=world.version)
    return f"{title} into {back_merge.target}"


def _message(world: Published, back_merge: BackMerge) -> str:
    return f"Merge {world.version} into {back_merge.target}\n"


def _body(world: Published, back_merge: BackMerge, conflicts: Sequence[str]) -> str:
    text = (
        f"{world.version} is in production. This brings it to `{back_merge.target}`; "
        "merge it with **a merge commit**, so that git knows that it is there.\n"
    )
    if not conflicts:
        return text
    remote = world.project.git.remote
    listed = "\n".join(f"- `{name}`" for name in conflicts)
    return (
        f"{text}\nIt conflicts in:\n\n{listed}\n\nResolve it by hand:\n\n```sh\n"
        f"git fetch {remote}\n"
        f"git switch {back_merge.branch}\n"
        f"git merge {remote}/{back_merge.target}    # resolve, git add, git commit\n"
        f"git push {remote} {back_merge.branch}\n```\n"
    )


def detail(world: Published) -> str:
    """Return which branches lack the version."""
    targets = [found.target for found in back_merges(world)]
    return f"into {', '.join(targets)}" if targets else "no branch lacks it"
