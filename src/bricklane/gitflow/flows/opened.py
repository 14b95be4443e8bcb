"""What is open already: of releases, and of hotfixes, there is one at a time."""

from __future__ import annotations

import time

from bricklane.errors import BricklaneError
from bricklane.forge.model import PullRequestState
from bricklane.gitflow.kinds import Kind
from bricklane.gitflow.project import Project
from bricklane.gitflow.remote import PushRejected, RemoteRefs, take_back
from bricklane.gitflow.versions import Version

# Seconds before each further look for another draft of the same moment.
LOOKS = (0.5, 1.0, 2.0)


def open_branches(project: Project, seen: RemoteRefs, kind: Kind) -> list[str]:
    """Return the branches of ``kind`` whose versions are not published."""
    return [branch for branch, _ in open_versions(project, seen, kind)]


def open_versions(project: Project, seen: RemoteRefs, kind: Kind) -> list[tuple[str, Version]]:
    """Return the branches of ``kind`` whose versions are not published, with these."""
    opened = []
    for branch in sorted(filter(kind.holds, seen.branches)):
        try:
            version = Version.parse(kind.name_in(branch))
        except ValueError:
            continue
        if project.tags.name(version) not in seen.tags:
            opened.append((branch, version))
    return opened


def check_no_other(project: Project, seen: RemoteRefs, kind: Kind, branch: str) -> None:
    """Check that no branch of ``kind`` is open but ``branch``.

    Raises:
        BricklaneError: naming the other one.
    """
    for opened in open_branches(project, seen, kind):
        if opened != branch:
            raise is_open(project, kind, opened)


def is_open(project: Project, kind: Kind, branch: str) -> BricklaneError:
    """Return the error that names an open branch, and the ways to end that."""
    found = list(project.forge.pull_requests(head=branch, state=PullRequestState.OPEN))
    by = f": pull request #{found[0].number} by {found[0].author}, {found[0].url}" if found else ""
    return BricklaneError(
        f"another {kind.name} is open: {branch}{by}",
        hint=f"publish it: bricklane release publish {kind.name_in(branch)}\n"
        f"or give it up: git push {project.git.remote} --delete {branch}",
    )


def yield_to_another(
    project: Project, kind: Kind, branch: str, version: Version, commit: str
) -> None:
    """Take a new branch back when somebody drafted another version at the same moment.

    No lease sees that. Of two that see each other the lower version stays: its draft looks again
    until the other one is gone, or turns out to have been there first.

    Args:
        project: where.
        kind: of the branch.
        branch: that was pushed just now.
        version: that it becomes.
        commit: its head.

    Raises:
        BricklaneError: when the other one stays.
    """
    for pause in (*LOOKS, None):
        found = open_versions(project, project.observe(), kind)
        others = [other for other in found if other[0] != branch]
        if not others:
            return
        if pause is None or others[0][1] < version:
            break
        time.sleep(pause)
    other = is_open(project, kind, others[0][0])
    try:
        take_back(project.git, branch, commit)
    except PushRejected as kept:
        raise BricklaneError(
            f"{other.message}\nand {branch}, drafted at the same moment, is there too: "
            f"{kept.message}",
            hint=f"git push {project.git.remote} --delete {branch}\n{other.hint}",
        ) from None
    raise BricklaneError(
        f"{other.message}\n{branch}, drafted at the same moment, was taken back", hint=other.hint
    )
