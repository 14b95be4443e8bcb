"""Reads and builds trees: a base, and entries to put or remove.

Source: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.failures import BadName, MissingObject
from bricklane_local.forge.git.model import TreeEntry
from bricklane_local.forge.git.names import check_path, is_sha
from bricklane_local.forge.git.storing import store

KINDS = {"100644": "blob", "100755": "blob", "120000": "blob", "040000": "tree", "160000": "commit"}
FOLDER = "040000"
SHA_BYTES = 20


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


def parse(content: bytes, folder: str = "") -> list[TreeEntry]:
    """Return the entries of one tree object.

    Args:
        content: its bytes.
        folder: path of the tree, put before each name.
    """
    found, position = [], 0
    while position < len(content):
        space = content.index(b" ", position)
        end = content.index(b"\0", space)
        mode = content[position:space].decode().zfill(6)
        name = content[space + 1 : end].decode("utf-8", "surrogateescape")
        position = end + 1 + SHA_BYTES
        path = f"{folder}/{name}" if folder else name
        kind = KINDS.get(mode, "blob")
        found.append(TreeEntry(path, mode, kind, content[end + 1 : position].hex()))
    return found


async def listing(bare: Bare, sha: str, folder: str = "") -> list[TreeEntry]:
    """Return the entries of a tree or commit, without sizes.

    Raises:
        MissingObject: when it is not there.
    """
    (found,) = await bare.ask([f"{sha}^{{tree}}"], contents=True) if is_sha(sha) else [None]
    if found is None:
        raise MissingObject(f"there is no tree {sha}")
    return parse(found.content, folder)


async def everything(bare: Bare, sha: str) -> list[TreeEntry]:
    """Return all that is in a tree and below it, without sizes, in git's order."""
    below: dict[str, list[TreeEntry]] = {"": await listing(bare, sha)}
    waiting = [entry for entry in below[""] if entry.kind == "tree"]
    while waiting:
        answers = await bare.ask([entry.sha for entry in waiting], contents=True)
        following = []
        for entry, answer in zip(waiting, answers, strict=True):
            if answer is None:
                raise MissingObject(f"there is no tree {entry.sha}")
            below[entry.path] = parse(answer.content, entry.path)
            following += [row for row in below[entry.path] if row.kind == "tree"]
        waiting = following
    return list(_ordered(below, ""))


def _ordered(below: dict[str, list[TreeEntry]], folder: str) -> Iterator[TreeEntry]:
    for entry in below[folder]:
        yield entry
        if entry.kind == "tree":
            yield from _ordered(below, entry.path)


async def entry_at(bare: Bare, sha: str, path: str) -> TreeEntry | None:
    """Return what a tree or commit has at ``path``, without its size, or None."""
    walked, here = "", sha
    entry = None
    for name in path.split("/"):
        if entry is not None and entry.kind != "tree":
            return None
        rows = await listing(bare, here, walked)
        walked = f"{walked}/{name}" if walked else name
        entry = next((row for row in rows if row.path == walked), None)
        if entry is None:
            return None
        here = entry.sha
    return entry


async def sized(bare: Bare, entries: Sequence[TreeEntry]) -> list[TreeEntry]:
    """Return the entries with the sizes of files."""
    files = [entry.sha for entry in entries if entry.kind == "blob"]
    sizes = {found.sha: found.size for found in await bare.ask(files) if found is not None}
    return [
        replace(entry, size=sizes.get(entry.sha)) if entry.kind == "blob" else entry
        for entry in entries
    ]


@dataclass(slots=True)
class _Folder:
    """A tree under construction: names to what is there, read when first needed."""

    rows: dict[str, tuple[str, str]] = field(default_factory=dict)
    folders: dict[str, _Folder] = field(default_factory=dict)

    async def descend(self, bare: Bare, name: str, *, make: bool) -> _Folder | None:
        if name in self.folders:
            return self.folders[name]
        mode, sha = self.rows.get(name, ("", ""))
        if mode != FOLDER and not make:
            return None
        self.folders[name] = await _opened(bare, sha) if mode == FOLDER else _Folder()
        self.rows.pop(name, None)
        return self.folders[name]

    def put(self, name: str, mode: str, sha: str | None) -> None:
        self.folders.pop(name, None)
        self.rows.pop(name, None)
        if sha is not None:
            self.rows[name] = (mode, sha)

    async def store(self, bare: Bare) -> str | None:
        """Store the tree and return its name; None when nothing is left in it."""
        rows = dict(self.rows)
        for name, folder in self.folders.items():
            sha = await folder.store(bare)
            if sha is not None:
                rows[name] = (FOLDER, sha)
        if not rows:
            return None
        return await store(bare, "tree", _content(rows))


def _content(rows: dict[str, tuple[str, str]]) -> bytes:
    def order(row: tuple[bytes, str, str]) -> bytes:
        return row[0] + (b"/" if row[1] == FOLDER else b"")

    named = [(_bytes(name), mode, sha) for name, (mode, sha) in rows.items()]
    return b"".join(
        mode.lstrip("0").encode() + b" " + name + b"\0" + bytes.fromhex(sha)
        for name, mode, sha in sorted(named, key=order)
    )


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


async def _opened(bare: Bare, sha: str) -> _Folder:
    rows = await listing(bare, sha)
    return _Folder({row.path: (row.mode, row.sha) for row in rows})


async def empty(bare: Bare) -> str:
    """Store the tree without entries and return its name."""
    return await store(bare, "tree", b"")


async def build(bare: Bare, base: str | None, entries: Sequence[Entry]) -> str:
    """Store the tree that ``base`` becomes with ``entries``, and return its name.

    Args:
        bare: the repository.
        base: tree or commit to begin with; None for an empty tree.
        entries: what is put or removed, in this order.

    Raises:
        BadName: when a path or mode is none.
        MissingObject: when an object is not there or of another kind than its mode says.
    """
    await _check(bare, entries)
    root = _Folder() if base is None else await _opened(bare, base)
    for entry in entries:
        *above, name = check_path(entry.path).split("/")
        folder: _Folder | None = root
        for step in above:
            if folder is not None:
                folder = await folder.descend(bare, step, make=entry.sha is not None)
        if folder is not None:
            folder.put(name, entry.mode, entry.sha)
    return await root.store(bare) or await empty(bare)


async def _check(bare: Bare, entries: Sequence[Entry]) -> None:
    wanted = []
    for entry in entries:
        check_path(entry.path)
        if entry.sha is None:
            continue
        if entry.mode not in KINDS:
            raise BadName(f"{entry.mode} is not a mode of {entry.path}: use {', '.join(KINDS)}")
        if not is_sha(entry.sha):
            raise BadName(f"{entry.sha!r} of {entry.path} is not the name of an object")
        if KINDS[entry.mode] != "commit":  # a submodule's is in another repository
            wanted.append((entry.sha, KINDS[entry.mode]))
    answers = await bare.ask([sha for sha, _ in wanted])
    for (sha, kind), answer in zip(wanted, answers, strict=True):
        if answer is None or answer.kind != kind:
            raise MissingObject(f"tree.sha {sha} is not a valid {kind}")
