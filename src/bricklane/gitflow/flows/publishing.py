"""Publishing: the merge into production, and what follows it on git and the forge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bricklane.errors import BricklaneError, ExitCode
from bricklane.flow import Step
from bricklane.forge.model import PullRequest, PullRequestState
from bricklane.gitflow import notes
from bricklane.gitflow.counting import before
from bricklane.gitflow.flows import backmerge
from bricklane.gitflow.kinds import Kind
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import fetch_commits
from bricklane.gitflow.versions import Version, parse_version


@dataclass(frozen=True)
class PublishWorld:
    """What publishing is about. A flow with more to do has a world that inherits from this one.

    Args:
        project: where.
        kind: of the branch that becomes the version.
        version: the version.
        pull_request: into production, as it was when the flow began.
    """

    project: Project
    kind: Kind
    version: Version
    pull_request: PullRequest

    @property
    def tag(self) -> str:
        """The tag of the version."""
        return self.project.tags.name(self.version)

    @property
    def branch(self) -> str:
        """The branch that becomes the version."""
        return self.pull_request.head

    @property
    def base(self) -> str:
        """The branch of production."""
        return self.pull_request.base

    @property
    def title(self) -> str:
        """What the version is called on the forge."""
        return self.kind.title.format(version=self.version)

    @property
    def merge_commit(self) -> str:
        """The commit in production that is the version.

        Raises:
            BricklaneError: when the pull request is not merged.
        """
        commit = self.pull_request.merge_commit
        if self.pull_request.state is not PullRequestState.MERGED or commit is None:
            raise BricklaneError(f"pull request #{self.pull_request.number} is not merged")
        return commit

    def log(self, head: str) -> list[notes.LoggedCommit]:
        """Return the commits of ``head`` since the version before, oldest first."""
        git = self.project.git
        tags = self.project.observe().tags
        previous = before(self.project, tags, self.version)
        since = () if previous is None else (tags[self.project.tags.name(previous)],)
        fetch_commits(git, head, *since)
        return notes.log(git, head, *since)

    def notes(self) -> str:
        """Return the release notes."""
        log = self.log(self.pull_request.head_commit)
        return notes.shortened(notes.body(notes.entries(log)))


# Finding out what is to be published

# How many merged releases are looked through for one that is not tagged.
LOOKED_THROUGH = 5


def prepare_merged(project: Project, number: int) -> PublishWorld:
    """Return what the merged pull request ``number`` publishes.

    Raises:
        BricklaneError: when it is not merged, is not the way into production of a release or
            hotfix, was squashed or rebased, or its version is not above what is published.
    """
    found = project.forge.pull_request(number)
    if found is None:
        raise BricklaneError(f"there is no pull request #{number}", exit_code=ExitCode.USAGE)
    world = _world(project, found)
    if found.state is not PullRequestState.MERGED:
        raise BricklaneError(
            f"pull request #{number} ({world.branch} into {world.base}) is {found.state}",
            hint=f"bricklane release publish {world.version}",
        )
    _check_merge_commit(world)
    check_is_next(world)
    return world


def _check_merge_commit(world: PublishWorld) -> None:
    head = world.pull_request.head_commit
    if not world.project.forge.is_ancestor(head, world.merge_commit):
        raise _squashed(world)


def prepare_open(project: Project, version: str | None) -> PublishWorld:
    """Return what is open to be published, or was merged to that end.

    Args:
        project: where.
        version: to publish; without one, the only one that is open.

    Raises:
        BricklaneError: when there is none, or more than one, or it was squashed or rebased.
    """
    world = _only_open(project) if version is None else _of_version(project, parse_version(version))
    if world.pull_request.state is PullRequestState.MERGED:
        _check_merge_commit(world)
    return world


def _of_version(project: Project, wanted: Version) -> PublishWorld:
    found: list[PullRequest] = []
    for kind in project.kinds.releasing():
        base = project.kinds.branch(kind.merges_into)
        found += project.forge.pull_requests(head=f"{kind.prefix}{wanted}", base=base)
    for state in (PullRequestState.OPEN, PullRequestState.MERGED):
        for pull_request in found:
            if pull_request.state is state:
                return _world(project, pull_request)
    names = " or ".join(f"{kind.prefix}{wanted}" for kind in project.kinds.releasing())
    raise BricklaneError(
        f"there is no pull request of {names} to publish",
        hint="bricklane release draft --minor, or bricklane hotfix draft --pr NUMBER",
    )


def _only_open(project: Project) -> PublishWorld:
    found = list(_worlds(project, PullRequestState.OPEN))
    if not found:
        # One that is merged and not tagged yet is on its way: the same words resume.
        tags = project.observe().tags
        merged = islice(_worlds(project, PullRequestState.MERGED), LOOKED_THROUGH)
        found = [world for world in merged if world.tag not in tags][:1]
    if len(found) == 1:
        return found[0]
    if not found:
        raise BricklaneError("no release or hotfix is open", hint="bricklane release draft --minor")
    raise BricklaneError(
        f"more than one is open: {', '.join(each.branch for each in found)}",
        hint="\n".join(f"bricklane release publish {each.version}" for each in found),
        exit_code=ExitCode.USAGE,
    )


def _worlds(project: Project, state: PullRequestState) -> Iterator[PublishWorld]:
    """Yield what the pull requests in ``state`` publish, newest first; others are passed over."""
    kinds = project.kinds
    for base in sorted({kinds.branch(kind.merges_into) for kind in kinds.releasing()}):
        for each in project.forge.pull_requests(base=base, state=state):
            kind = kinds.of_branch(each.head)
            if kind is None or not kind.tag or not _is_own(project, each):
                continue
            if Version.is_valid(kind.name_in(each.head)):
                yield _world(project, each)


def _is_own(project: Project, pull_request: PullRequest) -> bool:
    return pull_request.head_repository == project.forge.repository().name


def _world(project: Project, pull_request: PullRequest) -> PublishWorld:
    kind = project.kind_of_version_branch(pull_request.head)
    base = project.kinds.branch(kind.merges_into)
    if pull_request.base != base:
        raise BricklaneError(
            f"pull request #{pull_request.number} goes into {pull_request.base}; "
            f"a {kind.name} goes into {base}"
        )
    if not _is_own(project, pull_request):
        raise BricklaneError(
            f"pull request #{pull_request.number} comes from "
            f"{pull_request.head_repository or 'a deleted repository'}; "
            f"only branches of this repository are published"
        )
    version = parse_version(kind.name_in(pull_request.head))
    return PublishWorld(project, kind, version, pull_request)


def check_is_next(world: PublishWorld) -> None:
    """Check that the version is above everything that is published, or is published itself.

    Raises:
        BricklaneError: when a higher one is published.
    """
    tags = world.project.observe().tags
    versions = world.project.tags.versions(tags)
    if world.tag in tags or not versions or world.version > versions[0]:
        return
    raise BricklaneError(
        f"{world.version} is not above {versions[0]}, which is published already",
        hint=f"draft it again with a higher version, and delete {world.branch}",
    )


def _squashed(world: PublishWorld) -> BricklaneError:
    return BricklaneError(
        f"pull request #{world.pull_request.number} ({world.branch} into {world.base}) was not "
        "merged with a merge commit but squashed or rebased, so git does not know that "
        f"{world.base} has {world.branch}, and the next merges would conflict",
        hint=f"open another pull request from {world.branch} into {world.base} (git push "
        f"{world.project.git.remote} {world.pull_request.head_commit}:refs/heads/{world.branch} "
        "if it is gone; then run again what drafted it) and merge it with a merge commit\n"
        f"allow only merge commits into {world.base}: a ruleset can demand it",
    )


# Locally: the gate, and the merge


def as_it_is_now(world: PublishWorld) -> PublishWorld:
    """Return the world with the pull request as the forge has it now."""
    found = world.project.forge.pull_request(world.pull_request.number)
    if found is None:
        raise BricklaneError(f"pull request #{world.pull_request.number} is gone")
    return replace(world, pull_request=found)


def is_merged(world: PublishWorld) -> bool:
    """Return whether the pull request is merged."""
    return as_it_is_now(world).pull_request.state is PullRequestState.MERGED


# After production has it


def _is_tagged(world: PublishWorld) -> bool:
    present = world.project.forge.tag(world.tag)
    if present is not None and present != world.merge_commit:
        raise BricklaneError(
            f"the tag {world.tag} exists, at {present[:10]} instead of {world.merge_commit[:10]}, "
            f"the merge of #{world.pull_request.number}",
            hint="a published version never changes: find out who made the tag, and draft a "
            "higher version",
        )
    return present is not None


def _tag(world: PublishWorld) -> None:
    world.project.forge.create_tag(world.tag, world.merge_commit, f"{world.title}\n")


def _is_released(world: PublishWorld) -> bool:
    found = world.project.forge.release(world.tag)
    return found is not None and not found.draft


def _release(world: PublishWorld) -> None:
    world.project.forge.save_release(
        world.tag, name=world.title, body=world.notes(), target=world.merge_commit, draft=False
    )


def _has_later_commits(world: PublishWorld) -> bool:
    found = world.project.forge.branch(world.branch)
    return found is not None and found.commit != world.pull_request.head_commit


def _branch_is_gone(world: PublishWorld) -> bool:
    # Work that came after the merge is in no other branch: it is kept.
    return world.project.forge.branch(world.branch) is None or _has_later_commits(world)


def _delete_branch(world: PublishWorld) -> None:
    world.project.forge.delete_branch(world.branch)


def _branch_detail(world: PublishWorld) -> str:
    kept = " (kept: it has commits that came after its merge)" if _has_later_commits(world) else ""
    return f"{world.branch}{kept}"


FINISH: tuple[Step[PublishWorld], ...] = (
    Step("tag the merge", _is_tagged, _tag, lambda world: world.tag),
    Step("publish the release with its notes", _is_released, _release, lambda world: world.title),
    Step("open back-merge pull requests", backmerge.all_open, backmerge.open_all, backmerge.detail),
)
DELETE_BRANCH: Step[PublishWorld] = Step(
    "delete the branch", _branch_is_gone, _delete_branch, _branch_detail
)


def finish_of(project: Project) -> tuple[Step[PublishWorld], ...]:
    """Return the steps after the deployment to production, as the settings want them."""
    return (*FINISH, DELETE_BRANCH) if project.settings.gitflow.delete_branches else FINISH
