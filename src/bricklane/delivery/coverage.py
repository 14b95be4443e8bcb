"""The coverage of the branch that a change goes into, kept where its commits are.

The checks of a pull request write their figure as a status of the commit that they checked. The
figure of a branch is that of the newest of its commits that has one, itself or by the pull request
that brought it in; so no run of its own is needed after a merge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from bricklane.forge.errors import ForgeError
from bricklane.forge.model import CheckState
from bricklane.forge.protocol import Forge
from bricklane.gitflow.git import Git
from bricklane.testing.reports.markdown import figure
from bricklane.testing.reports.model import Base, Report

NAME = "bricklane/coverage"
FIGURE = re.compile(r"^(\d+(?:\.\d+)?) %")

# How many commits of the base are asked for a figure before there is none.
LOOKED_THROUGH = 10


def with_base(report: Report, forge: Forge | None, git: Git, base: str) -> Report:
    """Return a report with the coverage of the branch that the change goes into.

    Args:
        report: of the change.
        forge: keeps the figures; None when it is not asked.
        git: the clone.
        base: the branch; empty when there is none.
    """
    if report.coverage is None or not base:
        return report
    if forge is None:
        return replace(report, base=Base(None, f"no figure of {base}: the forge is not asked"))
    try:
        return replace(report, base=_base(forge, git, base))
    except ForgeError as error:
        return replace(report, base=Base(None, f"no figure of {base}: {error.message}"))


def _base(forge: Forge, git: Git, base: str) -> Base:
    branch = forge.branch(base)
    if branch is None:
        return Base(None, f"no figure of {base}: the forge has no such branch")
    for commit in _commits(git, branch.commit):
        for known in _asked(forge, git, commit):
            if (percent := _figure(forge, known)) is not None:
                return Base(percent, f"against {base} ({known[:10]})")
    return Base(None, f"no figure of {base} yet")


def _commits(git: Git, newest: str) -> Iterator[str]:
    if git.commit(newest) is None:
        yield newest  # The clone is older than the branch.
        return
    yield from git.lines("rev-list", "--first-parent", f"--max-count={LOOKED_THROUGH}", newest)


def _asked(forge: Forge, git: Git, commit: str) -> Iterator[str]:
    """Yield the commits whose figure is that of ``commit``: itself, and the head it merged."""
    yield commit
    merged = git.parents(commit)[1:] if git.commit(commit) else []
    yield from merged
    if not merged:
        yield from (found.head_commit for found in forge.pull_requests_of(commit))


def _figure(forge: Forge, commit: str) -> float | None:
    for check in forge.checks(commit):
        found = FIGURE.match(check.description) if check.name == NAME else None
        if found:
            return float(found[1])
    return None


def keep(report: Report, forge: Forge | None, commit: str, url: str) -> str:
    """Write down the coverage of a commit, as a status that is always green.

    Args:
        report: of its tests.
        forge: takes it; None when it is not asked.
        commit: its SHA; empty when it is not known.
        url: of the run's page.

    Returns:
        What to say of it; empty when there is nothing to keep.
    """
    if report.coverage is None or forge is None or not commit:
        return ""
    said = figure(replace(report, base=None))
    try:
        forge.set_check(commit, NAME, CheckState.SUCCESS, description=said, url=url)
    except ForgeError as error:
        return f"the coverage is not kept: {error.message}"
    return f"coverage of {commit[:10]}: {said}"
