"""What ``bricklane test --changed`` runs, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bricklane.delivery.wheels import project_command
from bricklane.gitflow.git import Git
from bricklane.project.settings import Settings
from bricklane.testing.levels.commands import command_of
from bricklane.testing.selection.changes import base_of, changed_files, tree_of
from bricklane.testing.selection.graph import build
from bricklane.testing.selection.selecting import Selection, select


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a change may break.

    Args:
        base: what it is compared with.
        commit: where the work left the base.
        selection: the test files.
    """

    base: str
    commit: str
    selection: Selection


def choose(settings: Settings, asked: str) -> Chosen:
    """Return what the changes since ``asked`` may break, uncommitted ones included.

    Raises:
        BricklaneError: when there is nothing to compare with.
    """
    git = Git.open(settings.root, settings.gitflow.remote)
    base, commit = base_of(git, settings.gitflow, asked)
    changed = changed_files(git, settings.root, commit)
    return Chosen(base, commit, select(build(tree_of(git, settings.root, changed)), changed))


def of_level(settings: Settings, level: str, paths: Iterable[str]) -> list[str]:
    """Return those of ``paths`` that the command of a level runs, as far as it names folders."""
    words = project_command(command_of(settings, level), settings.root, {}).arguments
    named = [word.split("::")[0].strip("/") for word in words]
    folders = [word for word in named if word and (settings.root / word).exists()]
    return [
        path
        for path in paths
        if not folders or any(path == x or path.startswith(f"{x}/") for x in folders)
    ]


def concerned(settings: Settings, level: str, chosen: Chosen) -> bool:
    """Return whether a level has tests that run; one whose tests are not known does."""
    picked = of_level(settings, level, chosen.selection.picked)
    return bool(picked) or not of_level(settings, level, chosen.selection.left_out)


def told(settings: Settings, levels: Iterable[str], chosen: Chosen) -> Iterator[str]:
    """Yield the lines that say what runs, why, and how much is left out."""
    selection = chosen.selection
    files = "1 file" if selection.changed == 1 else f"{selection.changed} files"
    yield f"{files} changed since {chosen.base} ({chosen.commit[:10]})"
    for level in levels:
        picked = of_level(settings, level, selection.picked)
        left = len(of_level(settings, level, selection.left_out))
        yield f"{level}: {len(picked)} of {len(picked) + left} test files, {left} left out"
        reasons = {selection.picked[path] for path in picked}
        if len(picked) > 1 and len(reasons) == 1:
            yield f"  all of them: {reasons.pop()}"
            continue
        yield from (f"  {path}: {selection.picked[path]}" for path in picked)
