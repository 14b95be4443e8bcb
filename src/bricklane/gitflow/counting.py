"""Which version comes next, and which one it follows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.kinds import Bump, Kind
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import RemoteRefs, fetch_commits
from bricklane.gitflow.versions import FIRST, Version, raised


@dataclass(frozen=True, slots=True)
class Counted:
    """A version to be, and the one before it.

    Args:
        version: the next one.
        previous: the one it follows; none for a first version.
        since: the commit of the previous one's tag.
    """

    version: Version
    previous: Version | None
    since: str | None


def next_version(project: Project, seen: RemoteRefs, kind: Kind, bump: Bump) -> Counted:
    """Return the version that a new branch of ``kind`` becomes.

    Args:
        project: where a kind counts from a branch, that branch must have been fetched.
        seen: branches and tags of the remote.
        kind: of the branch.
        bump: what to raise.

    Raises:
        BricklaneError: when the kind does not raise that part, or the tag exists.
    """
    if bump not in kind.bumps:
        raise BricklaneError(
            f"a {kind.name} raises {' or '.join(kind.bumps)}, not {bump}",
            exit_code=ExitCode.USAGE,
        )
    previous = _counted_from(project, seen, kind)
    version = raised(previous or FIRST, bump)
    tag = project.tags.name(version)
    if tag in seen.tags:
        raise BricklaneError(
            f"the next version would be {version}, but the tag {tag} exists "
            f"(at {seen.tags[tag][:10]})",
            hint="tags of releases belong on the branch of production; "
            f"delete the tag if it is a mistake: git push {project.git.remote} :refs/tags/{tag}",
        )
    since = seen.tags[project.tags.name(previous)] if previous else None
    return Counted(version, previous, since)


def _counted_from(project: Project, seen: RemoteRefs, kind: Kind) -> Version | None:
    versions = project.tags.versions(seen.tags)
    if not kind.counts_from:
        return versions[0] if versions else None
    branch = project.kinds.branch(kind.counts_from)
    for version in versions:
        commit = seen.tags[project.tags.name(version)]
        fetch_commits(project.git, commit)
        if project.git.contains(seen.branches[branch], commit):
            return version
    raise BricklaneError(
        f"there is no {kind.name} before the first release: {branch} holds no version's tag",
        hint="bricklane release draft --minor",
    )


def before(project: Project, tags: Mapping[str, str], version: Version) -> Version | None:
    """Return the highest version below ``version`` that has a tag."""
    lower = (found for found in project.tags.versions(tags) if found < version)
    return next(lower, None)
