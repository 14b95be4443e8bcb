"""Builds trees without a working tree: a base, and entries to put or remove."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import BadName, GitFailure, MissingObject
from bricklane_local.forge.git.names import check_path, is_sha
from bricklane_local.forge.git.objects import MODES
from bricklane_local.forge.git.refs import AT_ONCE, kind_of


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be at a path.

    Args:
        path: from the tree's root.
        mode: six octal digits; ignored when removing.
        sha: of the object; None removes the file, or the folder with all in it.
    """

    path: str
    mode: str
    sha: str | None


async def build(bare: Bare, base: str | None, entries: Sequence[Entry]) -> str:
    """Store the tree that ``base`` becomes with ``entries``, and return its name.

    Args:
        bare: the repository.
        base: tree or commit to begin with; None for an empty tree.
        entries: what is put or removed; a later one for the same path wins.

    Raises:
        BadName: when a path or mode is none.
        MissingObject: when an object is not there or of another kind than its mode says.
    """
    await _check(bare, entries)
    with tempfile.TemporaryDirectory(prefix="bricklane-index-") as folder:
        index = _Index(bare, {"GIT_INDEX_FILE": str(Path(folder) / "index")})
        if base is None:
            await index.git("read-tree", "--empty")
        else:
            await index.git("read-tree", base)
        await index.clear([item.path for item in entries if item.sha is None or _is_tree(item)])
        files = [item for item in entries if item.sha is not None and not _is_tree(item)]
        await index.put(files)
        for item in entries:
            if item.sha is not None and _is_tree(item):
                await index.git("read-tree", "-i", f"--prefix={check_path(item.path)}/", item.sha)
        return (await index.git("write-tree")).strip()


@dataclass(frozen=True, slots=True)
class _Index:
    bare: Bare
    extra: dict[str, str]

    async def git(self, *arguments: str, given: bytes = b"") -> str:
        return (await self.bare.git(*arguments, given=given, extra=self.extra)).text

    async def clear(self, paths: Sequence[str]) -> None:
        present: list[str] = []
        for start in range(0, len(paths), AT_ONCE):
            some = [check_path(path) for path in paths[start : start + AT_ONCE]]
            listed = await self.git("ls-files", "-z", "--", *some)
            present += [path for path in listed.split("\0") if path]
        await self._update("".join(f"0 {'0' * 40}\t{path}\0" for path in present))

    async def put(self, entries: Sequence[Entry]) -> None:
        await self._update(
            "".join(f"{item.mode} {item.sha}\t{check_path(item.path)}\0" for item in entries)
        )

    async def _update(self, lines: str) -> None:
        if not lines:
            return
        given = lines.encode("utf-8", "surrogateescape")
        try:
            await self.git("update-index", "--replace", "-z", "--index-info", given=given)
        except GitFailure as error:
            raise BadName(f"git cannot hold these paths: {error.message}") from None


def _is_tree(entry: Entry) -> bool:
    return MODES.get(entry.mode) == "tree"


async def _check(bare: Bare, entries: Sequence[Entry]) -> None:
    for item in entries:
        check_path(item.path)
        if item.sha is None:
            continue
        kind = MODES.get(item.mode)
        if kind is None:
            raise BadName(f"{item.mode} is not a mode of {item.path}: use {', '.join(MODES)}")
        if not is_sha(item.sha):
            raise BadName(f"{item.sha!r} of {item.path} is not the name of an object")
        # A submodule's commit is in another repository.
        if kind != "commit" and await kind_of(bare, item.sha) != kind:
            raise MissingObject(f"tree.sha {item.sha} is not a valid {kind}")
