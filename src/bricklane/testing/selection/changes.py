"""What git says of a project: its files, and which of them changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from bricklane.errors import BricklaneError, ExitCode
from bricklane.gitflow.git import Git
from bricklane.project.settings import GitFlowSettings
from bricklane.testing.selection.graph import Tree

# Larger files are data, whose text says nothing of what depends on what.
READ_BYTES = 1_000_000
READ = (".py", ".ipynb", ".yml", ".yaml")


def base_of(git: Git, flow: GitFlowSettings, asked: str) -> tuple[str, str]:
    """Return the name of the base, and the commit at which the work that is here left it.

    Args:
        git: the project's clone.
        flow: names the branches.
        asked: branch, tag or commit; empty for develop, else main.

    Raises:
        BricklaneError: when there is no such commit, or nothing in common with it.
    """
    here = git.current_branch()
    names = [asked] if asked else list(_candidates(flow, here))
    name = next((each for each in names if git.commit(each)), None)
    if name is None:
        raise BricklaneError(
            f"there is nothing to compare with: git knows no {' and no '.join(names)}",
            hint="name a branch, tag or commit: --changed=BASE",
            exit_code=ExitCode.USAGE,
        )
    found = git.run("merge-base", "HEAD", name, allowed=frozenset({0, 1}))
    if found.code != 0:
        shallow = "\ngit fetch --unshallow" if git.is_shallow() else ""
        raise BricklaneError(
            f"HEAD and {name} have no commit in common",
            hint=f"name another base: --changed=BASE{shallow}",
        )
    return name, found.output.strip()


def _candidates(flow: GitFlowSettings, here: str | None) -> Iterator[str]:
    for branch in dict.fromkeys((flow.develop, flow.main)):
        yield f"{flow.remote}/{branch}"
        if branch != here:
            yield branch


def changed_files(git: Git, root: Path, commit: str) -> list[str]:
    """Return the files below ``root`` that differ from ``commit``, new and deleted ones too."""
    inside = replace(git, top=root)
    tracked = inside.names("diff", "--name-only", "-z", "--no-renames", "--relative", commit)
    return sorted({*tracked, *inside.names("ls-files", "-z", "--others", "--exclude-standard")})


def tree_of(git: Git, root: Path, deleted: Iterable[str]) -> Tree:
    """Return path → text of the project's files; of those that are no code, the text is empty.

    Args:
        git: the project's clone.
        root: the project's folder.
        deleted: paths that are no longer there and may still be named.
    """
    inside = replace(git, top=root)
    listed = inside.names("ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return {path: _text(root / path) for path in sorted({*listed, *deleted})}


def _text(file: Path) -> str:
    if file.suffix not in READ or not file.is_file() or file.stat().st_size > READ_BYTES:
        return ""
    return file.read_text("utf-8", errors="replace")
