"""A folder of this machine whose contents an API shows, and which nothing leads out of."""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.app.errors import ApiError, invalid


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or directory.

    Args:
        name: its last part.
        is_directory: whether it is a directory.
        size: bytes of a file, 0 for a directory.
        modified_at: milliseconds since the epoch.
    """

    name: str
    is_directory: bool
    size: int
    modified_at: int


def names_of(path: str) -> list[str]:
    """Return the names in a path that a client sent.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when one would climb, or cannot be a name.
    """
    names = [name for name in path.split("/") if name]
    if ".." in names or "." in names:
        raise invalid(f"Path ({path}) must not contain '.' or '..' as a name")
    if "\0" in path:
        raise invalid(f"Path ({path!r}) must not contain a NUL character")
    for name in names:
        if len(name.encode("utf-8", "surrogatepass")) > 255:
            raise invalid(f"The name {name[:40]}... in a path exceeds 255 bytes")
    return names


def within(root: Path, names: list[str], shown: str) -> Path:
    """Return the path of ``names`` below ``root``.

    Args:
        root: the folder; it may itself be a symbolic link.
        names: as :func:`names_of` returned them.
        shown: the path as the client knows it.

    Raises:
        ApiError: PERMISSION_DENIED when a symbolic link on the way leads out of the folder.
    """
    path = root.joinpath(*names)
    real_root = root.resolve()
    if not path.resolve().is_relative_to(real_root):
        raise ApiError("PERMISSION_DENIED", f"Path ({shown}) leads out of {root.name} by a link")
    return path


def entry(path: Path) -> Entry:
    """Describe an existing file or directory.

    Raises:
        FileNotFoundError: when it does not exist.
    """
    status = path.stat()
    is_directory = path.is_dir()
    modified = status.st_mtime_ns // 1_000_000
    return Entry(path.name, is_directory, 0 if is_directory else status.st_size, modified)


def entries(path: Path) -> list[Entry]:
    """Describe what a directory holds, by name; links that lead nowhere are left out."""
    with os.scandir(path) as found:
        names = sorted(item.name for item in found)
    described = []
    for name in names:
        try:
            described.append(entry(path / name))
        except FileNotFoundError:
            continue
    return described


class Uploads:
    """Files that are being received: they take their place only when they are complete.

    Args:
        folder: where they wait, on the file system of the volumes if possible.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        # What waits here belonged to a server that ended in the middle.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)

    def waiting(self) -> Path:
        """Return the path for a new file."""
        return self._folder / uuid.uuid4().hex

    async def receive(self, pieces: AsyncIterator[bytes]) -> Path:
        """Write what arrives to a waiting file; nothing of it remains when the sender fails."""
        path = self.waiting()
        try:
            with path.open("wb") as file:
                async for piece in pieces:
                    file.write(piece)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return path

    @staticmethod
    def place(waiting: Path, target: Path) -> None:
        """Move a complete file to its place, replacing what is there in one step."""
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            waiting.replace(target)
        except OSError as error:
            if error.errno != errno.EXDEV:
                waiting.unlink(missing_ok=True)
                raise
            # An external volume may lie on another file system, where only a copy is atomic.
            beside = target.with_name(f".{uuid.uuid4().hex}")
            shutil.move(waiting, beside)
            beside.replace(target)
