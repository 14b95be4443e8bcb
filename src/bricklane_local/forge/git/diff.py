"""What changed between two commits, file by file.

Source: https://git-scm.com/docs/git-diff-tree
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bricklane_local.forge.git.bare import Bare
from bricklane_local.forge.git.model import ZERO, CommitData, FileChange

# The tree without entries, which every git knows without storing it.
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
STATUSES = {"A": "added", "D": "removed", "M": "modified", "R": "renamed", "C": "copied"}
COMMON = ("-r", "-M", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index")
# A larger patch of one file is left out, as GitHub leaves it out.
PATCH_LIMIT = 1024 * 1024
HEADER = re.compile(rb"^diff --git ", re.MULTILINE)


@dataclass(slots=True)
class _Reader:
    content: bytes
    position: int = 0

    def field(self) -> str:
        end = self.content.index(b"\0", self.position)
        found = self.content[self.position : end].decode(errors="replace")
        self.position = end + 1
        return found

    def at(self, byte: bytes) -> bool:
        return self.content[self.position : self.position + 1] == byte


@dataclass(frozen=True, slots=True)
class _Row:
    status: str
    old: str
    new: str
    previous: str | None
    path: str


async def files(bare: Bare, base: str, head: str, *, patches: bool = True) -> list[FileChange]:
    """Return the files that differ between two commits or trees, by path.

    Args:
        bare: the repository.
        base: before; :data:`EMPTY_TREE` for nothing.
        head: after.
        patches: whether to make the hunks too.
    """
    form = ["--raw", "--numstat", *(["--patch"] if patches else [])]
    result = await bare.git("diff-tree", *COMMON, *form, "-z", base, head, "--")
    reader = _Reader(result.output)
    rows = []
    while reader.at(b":"):
        rows.append(_row(reader))
    numbers = [_numbers(reader) for _ in rows]
    # One NUL divides the numbers from the patches.
    texts = _patches(rows, result.output[reader.position + 1 :])
    return [
        _change(row, added, removed, text)
        for row, (added, removed), text in zip(rows, numbers, texts, strict=True)
    ]


async def files_of(bare: Bare, commit: CommitData) -> list[FileChange]:
    """Return the files that a commit changes, compared with its first parent."""
    return await files(bare, commit.parents[0] if commit.parents else EMPTY_TREE, commit.sha)


async def text(bare: Bare, base: str, head: str) -> bytes:
    """Return the differences of two commits as one unified diff."""
    return (await bare.git("diff-tree", *COMMON, "--patch", "--binary", base, head, "--")).output


async def mail(bare: Bare, base: str, head: str) -> bytes:
    """Return the commits after ``base`` up to ``head`` as mails that ``git am`` applies."""
    return (await bare.git("format-patch", "--stdout", "--no-signature", f"{base}..{head}")).output


def _row(reader: _Reader) -> _Row:
    _, _, old, new, status = reader.field().split(" ")
    first = reader.field()
    if status[0] in "RC":
        return _Row(status[0], old, new, first, reader.field())
    return _Row(status[0], old, new, None, first)


def _numbers(reader: _Reader) -> tuple[int, int]:
    added, removed, path = reader.field().split("\t", 2)
    if not path:  # renamed: both names follow
        reader.field()
        reader.field()
    return (0, 0) if added == "-" else (int(added), int(removed))


def _patches(rows: list[_Row], content: bytes) -> list[str | None]:
    starts = [found.start() for found in HEADER.finditer(content)]
    if not starts:
        return [None] * len(rows)
    ends = [*starts[1:], len(content)]
    pieces = iter([content[start:end] for start, end in zip(starts, ends, strict=True)])
    texts = []
    for row in rows:
        # A file that becomes a link, or the other way round, has two patches.
        whole = b"".join(_hunks(next(pieces, b"")) for _ in range(2 if row.status == "T" else 1))
        shown = 0 < len(whole) <= PATCH_LIMIT
        texts.append(whole.decode(errors="replace").removesuffix("\n") if shown else None)
    return texts


def _hunks(piece: bytes) -> bytes:
    start = piece.find(b"\n@@ ")
    return b"" if start < 0 else piece[start + 1 :]


def _change(row: _Row, added: int, removed: int, patch: str | None) -> FileChange:
    sha = row.old if row.new == ZERO else row.new
    status = STATUSES.get(row.status, "changed")
    return FileChange(row.path, row.previous, status, added, removed, sha, patch)
