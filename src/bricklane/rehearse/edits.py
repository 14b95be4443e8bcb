"""Changes that a scenario makes to files of the project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bricklane.errors import BricklaneError


def apply(folder: Path, edits: Sequence[Mapping[str, Any]]) -> None:
    """Make the changes that a scenario lists.

    Args:
        folder: of the project.
        edits: each names a ``file`` below the folder and one of ``write`` (the whole text),
            ``append`` (text for the end) and ``replace`` (a text that occurs once) with ``by``.

    Raises:
        BricklaneError: when an edit is none of these, or its text is not there exactly once.
    """
    for edit in edits:
        keys = frozenset(edit)
        if keys not in KINDS:
            raise BricklaneError(
                f"an edit has {', '.join(sorted(edit))}; expected file and write, file and "
                "append, or file, replace and by"
            )
        path = (folder / str(edit["file"])).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise BricklaneError(f"{edit['file']} is outside of the project")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(KINDS[keys](path, edit), "utf-8")


def _write(_: Path, edit: Mapping[str, Any]) -> str:
    return str(edit["write"])


def _append(path: Path, edit: Mapping[str, Any]) -> str:
    return path.read_text("utf-8") + str(edit["append"])


def _replace(path: Path, edit: Mapping[str, Any]) -> str:
    old, text = str(edit["replace"]), path.read_text("utf-8")
    if text.count(old) != 1:
        raise BricklaneError(f"{edit['file']} has {text.count(old)} times, not once: {old}")
    return text.replace(old, str(edit["by"]))


KINDS: Mapping[frozenset[str], Callable[[Path, Mapping[str, Any]], str]] = {
    frozenset({"file", "write"}): _write,
    frozenset({"file", "append"}): _append,
    frozenset({"file", "replace", "by"}): _replace,
}
