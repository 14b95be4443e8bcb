"""What is where: each target's version, and the releases and hotfixes under way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Status:
    """What is where.

    Args:
        targets: in the order of the bundle.
        branches: that will become versions, sorted by name, and how far each is.
        pull_requests: that are open, newest first.
    """

    targets: tuple[TargetStatus, ...]
    branches: tuple[tuple[Branch, Readiness], ...]
    pull_requests: tuple[PullRequest, ...]


def status(forge: Forge, settings: Settings) -> Status:
    """Return what is where, asked of the forge.

    Raises:
        ForgeError: when it cannot be asked.
    """
    return Status(
        targets=tuple(target_status(forge, settings, target) for target in settings.targets),
        branches=tuple(
            (branch, readiness(forge, settings, branch.name, branch.commit, version))
            for branch, version in _open_branches(forge, settings)
        ),
        pull_requests=tuple(forge.pull_requests(state=PullRequestState.OPEN)),
    )


def _open_branches(forge: Forge, settings: Settings) -> Iterator[tuple[Branch, str]]:
    """Yield the branches whose versions are not published, with these."""
    tags = TagFormat(settings.gitflow.tag)
    kinds = kinds_of(settings.gitflow).releasing()
    for kind in sorted(kinds, key=lambda kind: kind.prefix):
        for branch in forge.branches(kind.prefix):
            version = kind.name_in(branch.name)
            if Version.is_valid(version) and not forge.tag(tags.name(Version.parse(version))):
                yield branch, version


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
