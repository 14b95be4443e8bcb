"""What is where: each target's version, and the releases and hotfixes under way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from bricklane.delivery.environments import environment_of
from bricklane.delivery.readiness import Readiness, readiness
from bricklane.delivery.records import Record, records
from bricklane.forge.model import Branch, PullRequest, PullRequestState
from bricklane.forge.protocol import Forge
from bricklane.gitflow.kinds import kinds_of
from bricklane.gitflow.versions import TagFormat, Version
from bricklane.project.settings import Settings

# How far back a target's last good deployment is looked for.
LOOKED_THROUGH = 50


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """What a target has.

    Args:
        target: of the bundle.
        environment: of the forge.
        current: its newest deployment that went well; None when there is none.
        latest: its newest deployment, when that is another one: failed, or still going on.
    """

    target: str
    environment: str
    current: Record | None
    latest: Record | None


class Progress(StrEnum):
    """How far a branch is on its way to become a version."""

    OPEN = "under way"
    ALONE = "under way, without a pull request"
    MERGED = "being published"
    SQUASHED = "not to be published, as it was merged without a merge commit"
    LATE = "left over, with commits that came after its merge"


@dataclass(frozen=True, slots=True)
class VersionBranch:
    """A branch that becomes a version.

    Args:
        branch: the branch.
        progress: how far it is.
        pull_request: the one by which it goes into production; None when there is none.
        readiness: whether production may have its head; None when it is no version, or past that.
    """

    branch: Branch
    progress: Progress
    pull_request: PullRequest | None
    readiness: Readiness | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What is where.

    Args:
        targets: in the order of the bundle.
        versions: branches that will become versions, sorted by name.
        pull_requests: that are open, newest first.
    """

    targets: tuple[TargetStatus, ...]
    versions: tuple[VersionBranch, ...]
    pull_requests: tuple[PullRequest, ...]


def status(forge: Forge, settings: Settings) -> Status:
    """Return what is where, asked of the forge.

    Raises:
        ForgeError: when it cannot be asked.
    """
    opened = tuple(forge.pull_requests(state=PullRequestState.OPEN))
    prefixes = sorted(kind.prefix for kind in kinds_of(settings.gitflow).releasing())
    branches = [branch for prefix in prefixes for branch in forge.branches(prefix)]
    versions = [_version_branch(forge, settings, branch, opened) for branch in branches]
    return Status(
        targets=tuple(target_status(forge, settings, target) for target in settings.targets),
        versions=tuple(version for version in versions if version is not None),
        pull_requests=opened,
    )


def _version_branch(
    forge: Forge, settings: Settings, branch: Branch, opened: Iterable[PullRequest]
) -> VersionBranch | None:
    """Return how far ``branch`` is; None for one that is published and kept as it was."""
    request = next((request for request in opened if request.head == branch.name), None)
    merged = next(iter(forge.pull_requests(head=branch.name, state=PullRequestState.MERGED)), None)
    if request is not None or merged is None:
        if _is_tagged(forge, settings, branch.name):
            return None
        progress = Progress.ALONE if request is None else Progress.OPEN
        return VersionBranch(branch, progress, request, _readiness(forge, settings, branch))
    if merged.head_commit != branch.commit:
        return VersionBranch(branch, Progress.LATE, merged)
    if _is_tagged(forge, settings, branch.name):
        return None
    known = forge.is_ancestor(merged.head_commit, str(merged.merge_commit))
    return VersionBranch(branch, Progress.MERGED if known else Progress.SQUASHED, merged)


def _version(settings: Settings, branch: str) -> str:
    """Return the version that a branch is called after; "" when it is called otherwise."""
    kind = kinds_of(settings.gitflow).of_branch(branch)
    name = "" if kind is None else kind.name_in(branch)
    return name if Version.is_valid(name) else ""


def _readiness(forge: Forge, settings: Settings, branch: Branch) -> Readiness | None:
    version = _version(settings, branch.name)
    return readiness(forge, settings, branch.name, branch.commit, version) if version else None


def _is_tagged(forge: Forge, settings: Settings, branch: str) -> bool:
    version = _version(settings, branch)
    if not version:
        return False
    return forge.tag(TagFormat(settings.gitflow.tag).name(Version.parse(version))) is not None


def target_status(forge: Forge, settings: Settings, target: str) -> TargetStatus:
    """Return what a target has."""
    environment = environment_of(settings, target)
    latest: Record | None = None
    for record in islice(records(forge, environment), LOOKED_THROUGH):
        if record.good:
            return TargetStatus(target, environment, record, latest)
        latest = latest or record
    return TargetStatus(target, environment, None, latest)


def history(forge: Forge, settings: Settings, target: str = "") -> Iterator[Record]:
    """Yield the deployments to a target, or to all, newest first."""
    return records(forge, environment_of(settings, target) if target else None)
