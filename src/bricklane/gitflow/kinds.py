"""Kinds of branches as rows: what they start from, where they go, what they deploy to.

The flows read rows and know no kind by name, so another way of working is another set of rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.settings import GitFlowSettings


class Bump(StrEnum):
    """Which part of a version a release raises."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of branch.

    Args:
        name: what people call it.
        branch: the name of the one branch of this kind; empty for a kind that is told by prefix.
        prefix: what names of its branches begin with; empty for a kind of one branch.
        starts_from: the kind that its branches begin at.
        merges_into: the kind that its pull requests are for.
        counts_from: the kind whose branch holds the tag that its version follows; empty counts
            from the highest tag of all.
        target: the bundle's target that its head is deployed to; empty for none.
        also: further targets that may be deployed from it.
        bumps: what its version may raise.
        tag: whether its merge becomes a version, tagged and published.
        back_merge: kinds whose branches take what it brought into production, in order.
        title: of its pull request; ``{version}`` stands for the version.
    """

    name: str
    branch: str = ""
    prefix: str = ""
    starts_from: str = ""
    merges_into: str = ""
    counts_from: str = ""
    target: str = ""
    also: tuple[str, ...] = ()
    bumps: tuple[Bump, ...] = ()
    tag: bool = False
    back_merge: tuple[str, ...] = ()
    title: str = ""

    def holds(self, branch: str) -> bool:
        """Return whether ``branch`` is of this kind."""
        if self.branch:
            return branch == self.branch
        return branch.startswith(self.prefix) and branch != self.prefix

    def deploys_to(self, target: str) -> bool:
        """Return whether its branches may be deployed to the bundle's ``target``."""
        return target == self.target or target in self.also

    def name_in(self, branch: str) -> str:
        """Return what follows the prefix in the name of a branch of this kind."""
        return branch.removeprefix(self.prefix)


FEATURE = "feature"
RELEASE = "release"
HOTFIX = "hotfix"
MAIN = "main"
DEVELOP = "develop"
BACK_MERGE = "back-merge"

_RELEASING = (Bump.MAJOR, Bump.MINOR)

PRESETS: Mapping[str, tuple[Kind, ...]] = {
    "gitflow": (
        Kind(MAIN, branch="main", target="prod"),
        Kind(DEVELOP, branch="develop", target="dev"),
        Kind(FEATURE, prefix="feature/", starts_from=DEVELOP, merges_into=DEVELOP, target="dev"),
        Kind(
            RELEASE,
            prefix="release/",
            starts_from=DEVELOP,
            merges_into=MAIN,
            target="staging",
            bumps=_RELEASING,
            tag=True,
            back_merge=(DEVELOP,),
            title="Release {version}",
        ),
        Kind(
            HOTFIX,
            prefix="hotfix/",
            starts_from=MAIN,
            merges_into=MAIN,
            counts_from=MAIN,
            target="staging",
            bumps=(Bump.PATCH,),
            tag=True,
            back_merge=(DEVELOP, RELEASE),
            title="Hotfix {version}",
        ),
        Kind(BACK_MERGE, prefix="back-merge/", starts_from=MAIN, title="Back-merge {version}"),
    ),
    # One long-lived branch: what is not released yet waits on main itself.
    "trunk": (
        Kind(MAIN, branch="main", target="prod", also=("dev",)),
        Kind(FEATURE, prefix="feature/", starts_from=MAIN, merges_into=MAIN, target="dev"),
        Kind(
            RELEASE,
            prefix="release/",
            starts_from=MAIN,
            merges_into=MAIN,
            target="staging",
            bumps=_RELEASING,
            tag=True,
            title="Release {version}",
        ),
        Kind(
            HOTFIX,
            prefix="hotfix/",
            starts_from=MAIN,
            merges_into=MAIN,
            counts_from=MAIN,
            target="staging",
            bumps=(Bump.PATCH,),
            tag=True,
            back_merge=(RELEASE,),
            title="Hotfix {version}",
        ),
        Kind(BACK_MERGE, prefix="back-merge/", starts_from=MAIN, title="Back-merge {version}"),
    ),
}


@dataclass(frozen=True, slots=True)
class Kinds:
    """The rows of one project.

    Args:
        rows: long-lived kinds have the branch names of the project, others its prefixes.
    """

    rows: tuple[Kind, ...]

    def named(self, name: str) -> Kind:
        """Return the kind called ``name``.

        Raises:
            BricklaneError: when the preset has none.
        """
        for kind in self.rows:
            if kind.name == name:
                return kind
        raise BricklaneError(
            f"there is no kind of branch called {name!r}; there are: {_listed(self.rows)}",
            exit_code=ExitCode.CONFIG,
        )

    def of_branch(self, branch: str | None) -> Kind | None:
        """Return the kind of ``branch``; none for any other branch and for a detached HEAD."""
        if branch is None:
            return None
        return next((kind for kind in self.rows if kind.holds(branch)), None)

    def branch(self, name: str) -> str:
        """Return the one branch of the long-lived kind called ``name``."""
        return self.named(name).branch

    def releasing(self) -> tuple[Kind, ...]:
        """Return the kinds whose merges become versions."""
        return tuple(kind for kind in self.rows if kind.tag)


def kinds_of(settings: GitFlowSettings) -> Kinds:
    """Return the rows of the preset, with the names that the project has chosen.

    Raises:
        BricklaneError: for an unknown preset or kind, and for names that cannot be told apart.
    """
    if settings.preset not in PRESETS:
        raise BricklaneError(
            f"[gitflow] preset {settings.preset!r} is unknown; presets: {', '.join(PRESETS)}",
            exit_code=ExitCode.CONFIG,
        )
    preset = PRESETS[settings.preset]
    unknown = sorted(set(settings.prefixes) - {kind.name for kind in preset if kind.prefix})
    if unknown:
        raise BricklaneError(
            f"[gitflow] prefixes names unknown kinds of branches: {', '.join(unknown)}",
            hint=f"kinds with a prefix: {_listed(kind for kind in preset if kind.prefix)}",
            exit_code=ExitCode.CONFIG,
        )
    branches = {MAIN: settings.main, DEVELOP: settings.develop}
    rows = tuple(
        replace(
            kind,
            branch=branches[kind.name] if kind.branch else "",
            prefix=settings.prefixes.get(kind.name, kind.prefix),
        )
        for kind in preset
    )
    _check_names(rows)
    return Kinds(rows)


def _check_names(rows: tuple[Kind, ...]) -> None:
    for kind in rows:
        if not (kind.branch or kind.prefix):
            raise BricklaneError(
                f"[gitflow] the name of {kind.name} is empty", exit_code=ExitCode.CONFIG
            )
    for number, kind in enumerate(rows):
        for other in rows[number + 1 :]:
            names = (kind.branch or kind.prefix, other.branch or other.prefix)
            told_apart = not (kind.holds(names[1]) or other.holds(names[0]))
            if not told_apart or names[0] == names[1]:
                raise BricklaneError(
                    f"[gitflow] branches of {kind.name} ({names[0]}) and {other.name} "
                    f"({names[1]}) cannot be told apart",
                    hint="no prefix may begin with another prefix, nor a branch with a prefix",
                    exit_code=ExitCode.CONFIG,
                )


def _listed(rows: Iterable[Kind]) -> str:
    return ", ".join(kind.name for kind in rows)
