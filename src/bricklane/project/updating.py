"""Brings a project to the template of this bricklane, keeping what the team changed.

Git merges three trees: what the template gave last time (the base, kept in the project), what the
project is now, and what the template gives today. Nothing is committed: the result lies in the
working tree and the index as after ``git merge``, conflicts as markers.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from packaging.version import Version

from bricklane import __version__
from bricklane.errors import BricklaneError, ExitCode
from bricklane.process import CommandFailed
from bricklane.project.adoption import adoption_of
from bricklane.project.base import BASE, NOT_IN_BASE, record_base, unpack_base
from bricklane.project.bundlefile import find_bundle, read_bundle
from bricklane.project.rendering import ANSWERS, ask, files_of, questions, render
from bricklane.project.repository import git

CLEAN, CONFLICTS = 0, 1  # exit statuses of ``git merge-recursive``
DELETED_BY_TEAM = {"1", "3"}  # stages in the index: in the base and in the template, not here


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a project says of how it was made.

    Args:
        version: of the bricklane that made it or updated it last.
        answers: to questions that the template still asks.
        adopted: whether only its delivery comes from the template.
    """

    version: str
    answers: Mapping[str, str]
    adopted: bool


@dataclass(frozen=True, slots=True)
class Update:
    """What an update did.

    Args:
        root: of the project.
        before: version of the template that the project had.
        answers: what it is made with now.
        asked: questions that were new, with their answers.
        changed: files that are different now, relative to ``root``.
        conflicts: those of them that a person has to resolve.
        left_out: files of the template that the team had deleted, and that stay so.
        with_base: whether the project had kept what the template gave last time.
    """

    root: Path
    before: str
    answers: Mapping[str, str]
    asked: Mapping[str, str]
    changed: tuple[str, ...]
    conflicts: tuple[str, ...]
    left_out: tuple[str, ...]
    with_base: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the project is in its repository."""

    top: Path
    prefix: Path

    @property
    def root(self) -> Path:
        return self.top / self.prefix


def update(start: Path, given: Mapping[str, str], *, defaults: bool) -> Update:
    """Update the project that ``start`` is in.

    Args:
        start: a folder in the project.
        given: answers that change, or that new questions need.
        defaults: take the default for each new question.

    Raises:
        BricklaneError: when the project is not from the template, has changes that are not
            committed, or is newer than this bricklane.
    """
    bundle = find_bundle(start)
    place = _place(bundle.parent)
    recorded = read_recorded(place.root)
    _ensure_not_newer(recorded)
    _ensure_clean(place)
    adopted = adoption_of(read_bundle(bundle)) if recorded.adopted else None
    answers = ask({**recorded.answers, **given}, defaults=defaults, adopted=adopted)
    with TemporaryDirectory(prefix="bricklane-") as temporary:
        old, new = Path(temporary, "old"), Path(temporary, "new")
        new.mkdir()
        render(answers, new, adopted=adopted)
        with_base = unpack_base(place.root, old)
        _ensure_nothing_in_the_way(place, old, new)
        conflicts, left_out = _merge(place, _tree(place, old), _tree(place, new))
        shutil.copyfile(new / ANSWERS, place.root / ANSWERS)
        record_base(new, place.root)
    git(place.root, "add", "--force", "--", str(ANSWERS), str(BASE))
    return Update(
        root=place.root,
        before=recorded.version,
        answers=answers,
        asked={name: answers[name] for name in answers if name not in recorded.answers},
        changed=_names(place, "diff", "--name-only", "-z", "--relative", "HEAD"),
        conflicts=conflicts,
        left_out=left_out,
        with_base=with_base,
    )


def pending(root: Path) -> tuple[str, ...]:
    """Return the files that an update would change, relative to ``root``; nothing is changed.

    Raises:
        BricklaneError: when the project is not from the template, or newer than this bricklane.
    """
    recorded = read_recorded(root)
    _ensure_not_newer(recorded)
    adopted = adoption_of(read_bundle(find_bundle(root))) if recorded.adopted else None
    with TemporaryDirectory(prefix="bricklane-") as temporary:
        old, new = Path(temporary, "old"), Path(temporary, "new")
        new.mkdir()
        answers = recorded.answers
        if not questions().keys() <= answers.keys():
            answers = ask(answers, defaults=True, adopted=adopted)
        render(answers, new, adopted=adopted)
        unpack_base(root, old)
        given = {*files_of(new), *(files_of(old) if old.is_dir() else ())} - NOT_IN_BASE
        return tuple(
            str(name)
            for name in sorted(given)
            if not _same(old / name, new / name) and not _same(root / name, new / name)
        )


def read_recorded(root: Path) -> Recorded:
    """Return what the project at ``root`` says of how it was made.

    Raises:
        BricklaneError: when it says nothing.
    """
    file = root / ANSWERS
    if not file.is_file():
        raise BricklaneError(
            f"{root} is not from bricklane's template: it has no {ANSWERS}",
            hint="to add delivery to a bundle that you have: bricklane adopt",
            exit_code=ExitCode.CONFIG,
        )
    try:
        content: Any = yaml.safe_load(file.read_text("utf-8"))
        version = str(content["_bricklane"])
        Version(version)
    except (yaml.YAMLError, LookupError, TypeError, ValueError):
        raise BricklaneError(
            f"{file} cannot be read: expected `_bricklane: VERSION` and one answer on each line",
            hint=f"take it from the commit that wrote it last: git log -- {ANSWERS}",
            exit_code=ExitCode.CONFIG,
        ) from None
    answers = {name: str(value) for name, value in content.items() if name in questions()}
    return Recorded(version, answers, content.get("_adopted") is True)


def _ensure_not_newer(recorded: Recorded) -> None:
    if Version(recorded.version) > Version(__version__):
        raise BricklaneError(
            f"the project is from the template of bricklane {recorded.version}, "
            f"and this is the older {__version__}",
            hint="uv tool upgrade bricklane",
            exit_code=ExitCode.CONFIG,
        )


def _place(root: Path) -> _Place:
    try:
        top = git(root, "rev-parse", "--show-toplevel").output.rstrip("\n")
        git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    except CommandFailed:
        raise BricklaneError(
            f"{root} is not in a git repository with a commit, so changes could not be told apart",
            hint="git init && git add --all && git commit",
        ) from None
    return _Place(Path(top), root.resolve().relative_to(Path(top).resolve()))


def _ensure_clean(place: _Place) -> None:
    status = git(place.top, "status", "--porcelain", "--untracked-files=no").output.splitlines()
    if status:
        shown = "\n".join(status[:10])
        raise BricklaneError(
            f"the repository has changes that are not committed:\n{shown}",
            hint="commit them first, so that the update can be told from them and undone",
        )


def _ensure_nothing_in_the_way(place: _Place, old: Path, new: Path) -> None:
    """Check that no file which git does not know stands where the template changes one."""
    tracked = set(_names(place, "ls-tree", "-r", "--name-only", "-z", "HEAD"))
    in_the_way = [
        str(name)
        for name in files_of(new)
        if str(name) not in tracked
        and (place.root / name).exists()
        and not _same(old / name, new / name)
    ]
    if in_the_way:
        raise BricklaneError(
            f"files that git does not track are in the way: {', '.join(in_the_way)}",
            hint="commit them, or move them elsewhere",
        )


def _same(one: Path, other: Path) -> bool:
    if one.is_file() and other.is_file():
        return one.read_bytes() == other.read_bytes()
    return not one.exists() and not other.exists()


def _names(place: _Place, *arguments: str) -> tuple[str, ...]:
    listed = git(place.root, *arguments, "--", ".").output.split("\0")
    return tuple(dict.fromkeys(filter(None, listed)))


def _tree(place: _Place, folder: Path) -> str:
    """Store the files of ``folder`` as a git tree of the whole repository; return its SHA."""
    names = [name for name in files_of(folder) if name not in NOT_IN_BASE]
    if not names:
        return git(place.top, "hash-object", "-t", "tree", "-w", "--stdin", text="").output.strip()
    # Stored as they are: no filter and no ignore file of the project has a say.
    paths = [str(folder / name) for name in names]
    blobs = git(place.top, "hash-object", "-w", "--no-filters", *paths).output.split()
    entries = [
        f"100644 {blob}\t{(place.prefix / name).as_posix()}\n"
        for name, blob in zip(names, blobs, strict=True)
    ]
    with TemporaryDirectory(prefix="bricklane-") as temporary:
        index = {"GIT_INDEX_FILE": str(Path(temporary, "index"))}
        git(place.top, "update-index", "--index-info", text="".join(entries), environment=index)
        return git(place.top, "write-tree", environment=index).output.strip()


def _merge(place: _Place, old: str, new: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Merge the change from ``old`` to ``new`` into the working tree.

    Returns:
        The files that conflict, and those that the team had deleted, which stay so.
    """
    head = git(place.top, "rev-parse", "HEAD").output.strip()
    # What the conflict markers call the two sides.
    names = {f"GITHEAD_{head}": "your project", f"GITHEAD_{new}": f"bricklane {__version__}"}
    git(
        place.top,
        *("-c", "merge.directoryRenames=false"),
        *("merge-recursive", old, "--", head, new),
        environment=names,
        allowed=frozenset({CLEAN, CONFLICTS}),
    )
    stages: dict[str, set[str]] = {}
    for entry in _names(place, "ls-files", "--unmerged", "-z"):
        mode_blob_stage, _, name = entry.partition("\t")
        stages.setdefault(name, set()).add(mode_blob_stage.split()[2])
    gone = tuple(name for name, found in stages.items() if found == DELETED_BY_TEAM)
    if gone:
        git(place.root, "rm", "--quiet", "--force", "--", *gone)
    return tuple(name for name in stages if name not in gone), gone
