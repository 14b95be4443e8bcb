"""Takes what runs did to the files behind ``/Workspace`` into the workspace tree.

Runs write by Python, by the shell, from the JVM; nothing tells of it but the files themselves, so
they are compared with what was placed. Where the tree has changed meanwhile, the later change
stands, as with two writers of one file anywhere.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal
from bricklane_local.store.blobs import Blobs
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject, WorkspaceObjects
from bricklane_local.workspace.paths import parent_of

LOGGER = logging.getLogger(__name__)
# Python writes it wherever it imports from; nobody means to keep it.
PASSED_OVER = ("__pycache__",)
# Time of the last change in nanoseconds, size in bytes, inode.
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """A file or folder as it was placed.

    Args:
        path: of the object it stands for.
        blob: digest of its content, None for a folder.
        stamp: by which a change is noticed, None for a folder.
    """

    path: str
    blob: str | None
    stamp: Stamp | None


@dataclass(frozen=True, slots=True)
class Found:
    """A file or folder as it is now.

    Args:
        file: where it is.
        path: of the workspace, by its place.
        status: of a file; None for a folder.
    """

    file: Path
    path: str
    status: os.stat_result | None

    @property
    def stamp(self) -> Stamp | None:
        """As in :class:`Placed`."""
        return None if self.status is None else stamp_of(self.status)


def stamp_of(status: os.stat_result) -> Stamp:
    """Return by what a change of a file is noticed."""
    return status.st_mtime_ns, status.st_size, status.st_ino


def files_in(folder: Path, path: str, *, deep: bool) -> Iterator[Found]:
    """Return what is in a folder, and with ``deep`` below it, folders before what they hold.

    Args:
        folder: where it is; one that is not there holds nothing.
        path: of the workspace, that it stands for.
        deep: also what is in the folders below it.
    """
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except (FileNotFoundError, NotADirectoryError):
        return
    for entry in entries:
        if entry.name in PASSED_OVER:
            continue
        file, name = Path(entry.path), f"{path.rstrip('/')}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield Found(file, name, None)
            if deep:
                yield from files_in(file, name, deep=True)
        elif entry.is_file(follow_symlinks=False):
            with contextlib.suppress(FileNotFoundError):  # gone since it was listed
                yield Found(file, name, entry.stat(follow_symlinks=False))


class Collector:
    """Compares files with what was placed, and changes the tree accordingly.

    Args:
        objects: the tree.
        blobs: its contents.
        placed: what stands where; kept up to date.
        allowed: says whether a principal may change a path of the workspace.
    """

    def __init__(
        self,
        objects: WorkspaceObjects,
        blobs: Blobs,
        placed: dict[Path, Placed],
        allowed: Callable[[Principal, str], bool],
    ) -> None:
        self._objects = objects
        self._blobs = blobs
        self._placed = placed
        self._allowed = allowed
        # What stands there and could not be taken over, as it was then, and why.
        self.refused: dict[Path, tuple[Stamp | None, str]] = {}

    def collect(self, folder: Path, path: str, principal: Principal, *, deep: bool = True) -> None:
        """Take over what happened in a folder; what cannot be taken over is added to ``refused``.

        Args:
            folder: where it is; one that is not there is passed over.
            path: of the workspace, that it stands for.
            principal: whom changes are put down to.
            deep: also in the folders below it.
        """
        if not folder.is_dir():
            return
        seen: set[Path] = set()
        for found in files_in(folder, path, deep=deep):
            seen.add(found.file)
            known = self._placed.get(found.file)
            if known is None or known.stamp != found.stamp:
                self._attempt(found, self._write, principal)
        for file, known in list(self._placed.items()):
            inside = file.parent == folder or (deep and folder in file.parents)
            if inside and file not in seen and file in self._placed:
                self._attempt(Found(file, known.path, None), self._drop, principal)

    def _attempt(
        self, found: Found, change: Callable[[Found, Principal], None], principal: Principal
    ) -> None:
        known = self._placed.get(found.file)
        path = found.path if known is None else known.path
        if found.file in self.refused and self.refused[found.file][0] == found.stamp:
            return
        try:
            self._require(principal, path)
            change(found, principal)
        except (ApiError, OSError, UnicodeEncodeError) as error:
            text = f"/Workspace{path} was changed by a run, but not in the workspace: {error}"
            LOGGER.warning("%s", ascii(text))
            self.refused[found.file] = found.stamp, text
        else:
            self.refused.pop(found.file, None)

    def _require(self, principal: Principal, path: str) -> None:
        path.encode()  # which names in another encoding do not survive
        if not self._allowed(principal, path):
            raise ApiError("PERMISSION_DENIED", f"{principal.user_name} may not change it")

    def _write(self, found: Found, principal: Principal) -> None:
        known = self._placed.get(found.file)
        if known is not None and (known.blob is None) != (found.status is None):
            self._drop(found, principal)  # a file where a folder was, or the other way round
            known = None
        if found.status is None:
            self._objects.make_directories(found.path, principal)
            self._placed[found.file] = Placed(found.path, None, None)
            return
        path = found.path if known is None else known.path
        current = self._objects.find(path)
        placed, now = None if known is None else known.blob, found.status.st_mtime_ns // 1_000_000
        if current is not None and current.blob != placed and current.modified_at > now:
            return  # the tree is newer: it is placed over the file
        blob = self._blobs.put_file(found.file)
        if current is None or current.blob != blob:
            self._store(path, blob, current, principal)
        self._placed[found.file] = Placed(path, blob, found.stamp)

    def _store(
        self, path: str, blob: str, current: WorkspaceObject | None, principal: Principal
    ) -> None:
        self._objects.make_directories(parent_of(path), principal)
        self._objects.write(
            path,
            blob,
            principal,
            object_type=ObjectType.FILE if current is None else current.object_type,
            language=None if current is None else current.language,
            source_format=None if current is None else current.format,
            overwrite=True,
        )

    def _drop(self, found: Found, principal: Principal) -> None:
        known = self._placed.pop(found.file)
        if known.blob is None:
            for file in [file for file in self._placed if file.parent == found.file]:
                self._drop(Found(file, self._placed[file].path, None), principal)
        current = self._objects.find(known.path)
        if current is None or current.blob != known.blob or self._objects.under(known.path):
            return  # somebody else changed it since: it is placed again
        self._objects.delete(known.path, recursive=False)
