"""Merges that know the files of a release: two versions meeting on one line are no conflict."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bricklane.gitflow.files import (
    LOCK,
    join_sections,
    own_entry,
    project_of,
    set_locked,
    set_version,
    split_sections,
)
from bricklane.gitflow.git import YES_OR_NO, Git
from bricklane.gitflow.project import Project
from bricklane.gitflow.scratch import scratch
from bricklane.gitflow.versions import Version

# git merge-file ends with the number of conflicts, at most 127:
# https://git-scm.com/docs/git-merge-file
CONFLICTS = frozenset(range(128))


@dataclass(frozen=True, slots=True)
class Sides:
    """One file as the three sides of a merge have it.

    Args:
        base: as it was.
        ours: as the branch that takes the merge has it.
        theirs: as the branch that brings it has it.
    """

    base: str
    ours: str
    theirs: str


Resolve = Callable[[Git, Sides], str | None]


def merged_commit(project: Project, target: str, source: str, message: str) -> str:
    """Return the commit whose merge into ``target`` brings ``source``.

    It is ``source`` itself, or, when the two conflict in nothing but versions and changelog, a
    merge of both in which those are settled: the higher version, every section.

    Args:
        project: whose files are known.
        target: the commit that takes the merge.
        source: the commit that is brought.
        message: of the merge, if one is made.
    """
    git = project.git
    merge = git.merge_trees(target, source)
    settled = {path: _settled(project, target, source, path) for path in merge.conflicts}
    if not merge.conflicts or None in settled.values():
        return source
    with scratch(git, merge.tree) as opened:
        for path, text in settled.items():
            data = (text or "").encode("utf-8", "surrogateescape")
            opened.change(PurePosixPath(path), lambda _, data=data: data)  # type: ignore[misc]
        tree = opened.write_tree()
    return git.write_commit(tree, [target, source], message)


def conflicts_left(project: Project, target: str, head: str) -> tuple[str, ...]:
    """Return the paths in which merging ``head`` into ``target`` needs a person."""
    return project.git.merge_trees(target, head).conflicts


def _settled(project: Project, target: str, source: str, path: str) -> str | None:
    resolve = _resolvers(project).get(PurePosixPath(path))
    if resolve is None:
        return None
    git = project.git
    bases = git.run("merge-base", target, source, allowed=YES_OR_NO).output.split()
    texts = [read_text(git, commit, path) for commit in (*bases[:1], target, source)]
    base, ours, theirs = texts if len(texts) == 3 else (None, *texts)
    if ours is None or theirs is None:
        return None  # Deleted on one side: not about versions.
    return resolve(git, Sides(base or "", ours, theirs))


def _resolvers(project: Project) -> dict[PurePosixPath, Resolve]:
    settings = project.settings.gitflow
    found: dict[PurePosixPath, Resolve] = {}
    for name in settings.version_files:
        path = project.folder / name
        found[path] = _project_resolver(path)
        found[path.with_name(LOCK)] = _resolve_lock
    if settings.changelog:
        found[project.folder / settings.changelog] = _resolve_changelog
    return found


def read_text(git: Git, commit: str, path: str) -> str | None:
    """Return a file of a commit, line ends as they would be checked out; none if it has none."""
    kept: list[bytes | None] = []

    def keep(old: bytes | None) -> None:
        kept.append(old)

    with scratch(git, git.tree(commit)) as opened:
        opened.change(PurePosixPath(path), keep)
    return None if kept[0] is None else kept[0].decode("utf-8", "surrogateescape")


def _project_resolver(path: PurePosixPath) -> Resolve:
    def resolve(git: Git, sides: Sides) -> str | None:
        found = [project_of(text).get("version", "") for text in (sides.ours, sides.theirs)]
        version = _higher(found)
        if version is None:
            return None
        same = [
            set_version(text, version, path) if project_of(text).get("version") else text
            for text in (sides.base, sides.ours, sides.theirs)
        ]
        return merge_texts(git, Sides(*same))

    return resolve


def _resolve_lock(git: Git, sides: Sides) -> str | None:
    # The project's own entry follows the higher version too; what else differs must merge.
    entries = [own_entry(text) for text in (sides.ours, sides.theirs)]
    version = _higher([entry.get("version", "") for entry in entries])
    if version is None:
        return None
    name = entries[0]["name"]
    same = [set_locked(text, name, version) for text in (sides.base, sides.ours, sides.theirs)]
    return merge_texts(git, Sides(*same))


def _higher(versions: list[str]) -> str | None:
    if not all(map(Version.is_valid, versions)):
        return None
    return str(max(map(Version.parse, versions)))


def _resolve_changelog(git: Git, sides: Sides) -> str | None:
    """Merge section by section; one that only one side has is no conflict."""
    head_base, base = split_sections(sides.base)
    head_ours, ours = split_sections(sides.ours)
    head_theirs, theirs = split_sections(sides.theirs)
    head = _three_way(git, head_base, head_ours, head_theirs)
    merged: dict[str, str] = {}
    for version in {**ours, **theirs}:
        text = _three_way(git, base.get(version), ours.get(version), theirs.get(version))
        if text is None:
            return None
        merged[version] = text
    return None if head is None else join_sections(head, merged)


def _three_way(git: Git, base: str | None, ours: str | None, theirs: str | None) -> str | None:
    """Merge one part of a text; an absent part that was taken out on one side counts as empty."""
    stripped = [
        None if text is None else text.strip("\r\n") + "\n" for text in (base, ours, theirs)
    ]
    base, ours, theirs = stripped
    if base == ours or ours == theirs:
        return theirs or ""
    if base == theirs or theirs is None:
        return ours or ""
    if ours is None:
        return theirs
    return merge_texts(git, Sides(base or "", ours, theirs))


def merge_texts(git: Git, sides: Sides) -> str | None:
    """Return the three-way merge of a text by git; none when it conflicts."""
    with tempfile.TemporaryDirectory(prefix="bricklane-merge-") as folder:
        files = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for file, text in zip(files, (sides.ours, sides.base, sides.theirs), strict=True):
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
        done = git.run("merge-file", "--quiet", *map(str, files), allowed=CONFLICTS)
        if done.code != 0:
            return None
        return files[0].read_bytes().decode("utf-8", "surrogateescape")
