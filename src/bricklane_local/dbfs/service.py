"""The files of one workspace's DBFS.

Source: https://docs.databricks.com/api/workspace/dbfs.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.trash import Trash
from bricklane_local.dbfs.datasets import FOLDER as DATASETS
from bricklane_local.files_api.tree import Entry, Uploads, entries, entry, names_of, within
from bricklane_local.store.database import Database

# The documented limit of one read, put or added block.
BLOCK_LIMIT = 1024 * 1024
FOREIGN = ("Volumes", "Workspace")


@dataclass(slots=True)
class Upload:
    """A file that is written block by block.

    Args:
        waiting: where its blocks are until it is closed.
        path: the path it will have.
    """

    waiting: Path
    path: str


class Dbfs:
    """One workspace's DBFS.

    Args:
        root: the folder behind ``dbfs:/``.
        uploads: where files wait until they are complete.
        trash: takes what is deleted.
        database: numbers the handles of uploads.
    """

    def __init__(self, root: Path, uploads: Uploads, trash: Trash, database: Database) -> None:
        self._root = root
        self._uploads = uploads
        self._trash = trash
        self._database = database
        # Handles end with the server, as their clients see at the next block.
        self._open: dict[int, Upload] = {}
        root.mkdir(parents=True, exist_ok=True)

    def _names(self, path: str) -> list[str]:
        bare = path.removeprefix("dbfs:")
        if not bare.startswith("/"):
            raise invalid(f"Path must be absolute: {path}")
        names = names_of(bare)
        if names and names[0] in FOREIGN:
            raise invalid(f"/{names[0]} is no part of DBFS: use the API of its files for {path}")
        return names

    def file(self, path: str) -> Path:
        """Return where ``path`` lies on this machine.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE when it is no path of DBFS.
        """
        return within(self._root, self._names(path), path)

    def changed(self, path: str) -> Path:
        """Return where ``path`` lies, for whoever is about to change it.

        Raises:
            ApiError: PERMISSION_DENIED below ``/databricks-datasets``, which can only be read.
        """
        if self._names(path)[:1] == [DATASETS]:
            raise ApiError("PERMISSION_DENIED", f"/{DATASETS} can only be read: {path}")
        return self.file(path)

    def shown(self, path: str) -> str:
        """Return ``path`` as answers spell it."""
        return "/" + "/".join(self._names(path))

    def _existing(self, path: str) -> Path:
        file = self.file(path)
        if not file.exists():
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"No file or directory exists on path {path}."
            )
        return file

    def status(self, path: str) -> dict[str, Any]:
        """Describe a file or directory."""
        return _info(self.shown(path), entry(self._existing(path)))

    def children(self, path: str) -> list[dict[str, Any]]:
        """Describe what a directory holds, or a file itself."""
        file, shown = self._existing(path), self.shown(path)
        if not file.is_dir():
            return [_info(shown, entry(file))]
        prefix = shown.rstrip("/")
        return [_info(f"{prefix}/{item.name}", item) for item in entries(file)]

    def make_directories(self, path: str) -> None:
        """Make a directory and all that are missing above it.

        Raises:
            ApiError: RESOURCE_ALREADY_EXISTS when a file is in the way.
        """
        try:
            self.changed(path).mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError):
            raise ApiError(
                "RESOURCE_ALREADY_EXISTS", f"Cannot create directory {path}: a file is in the way."
            ) from None

    def delete(self, path: str, *, recursive: bool) -> None:
        """Delete a file or directory; one that does not exist is no error, as documented.

        Raises:
            ApiError: DIRECTORY_NOT_EMPTY unless ``recursive``; the root cannot be deleted.
        """
        file = self.changed(path)
        if file == self._root:
            raise ApiError("DIRECTORY_PROTECTED", "The root of DBFS cannot be deleted")
        if file.is_dir() and not file.is_symlink() and not recursive and entries(file):
            raise ApiError("IO_ERROR", f"{path} is not empty: set recursive to true", status=400)
        self._trash.take(file)
        self._trash.empty()

    def move(self, source: str, destination: str) -> None:
        """Rename a file or directory.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, RESOURCE_ALREADY_EXISTS.
        """
        self.changed(source)
        file, target = self._existing(source), self.changed(destination)
        if target.exists():
            raise ApiError(
                "RESOURCE_ALREADY_EXISTS", f"A file or directory already exists at {destination}."
            )
        if target.is_relative_to(file):
            raise invalid(f"{source} cannot be moved into itself: {destination}")
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)

    def put(self, path: str, content: bytes, *, overwrite: bool) -> None:
        """Write a whole file.

        Raises:
            ApiError: RESOURCE_ALREADY_EXISTS, MAX_BLOCK_SIZE_EXCEEDED.
        """
        _require_small(content)
        self.require_free(path, overwrite=overwrite)
        waiting = self._uploads.waiting()
        waiting.write_bytes(content)
        self._place(waiting, path)

    def require_free(self, path: str, *, overwrite: bool) -> None:
        """Refuse to write over a directory, or over a file unless ``overwrite``."""
        file = self.changed(path)
        if file.is_dir() or (file.exists() and not overwrite):
            raise ApiError(
                "RESOURCE_ALREADY_EXISTS", f"A file or directory already exists at {path}."
            )

    def _place(self, waiting: Path, path: str) -> None:
        try:
            self._uploads.place(waiting, self.file(path))
        except (FileExistsError, NotADirectoryError):
            raise ApiError(
                "RESOURCE_ALREADY_EXISTS", f"A directory in the path {path} is a file."
            ) from None
        finally:
            waiting.unlink(missing_ok=True)

    def create(self, path: str, *, overwrite: bool) -> int:
        """Begin to write a file block by block; return its handle."""
        self.require_free(path, overwrite=overwrite)
        waiting = self._uploads.waiting()
        waiting.touch()
        handle = self._database.next_number("dbfs-handle")
        self._open[handle] = Upload(waiting, path)
        return handle

    def add_block(self, handle: int, content: bytes) -> None:
        """Append to the file of a handle.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, MAX_BLOCK_SIZE_EXCEEDED.
        """
        _require_small(content)
        with self._upload(handle).waiting.open("ab") as file:
            file.write(content)

    def close(self, handle: int) -> None:
        """Give the file of a handle its place."""
        upload = self._upload(handle)
        del self._open[handle]
        self._place(upload.waiting, upload.path)

    def _upload(self, handle: int) -> Upload:
        if handle not in self._open:
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"No stream is open with handle {handle}")
        return self._open[handle]

    def read(self, path: str, offset: int, length: int) -> bytes:
        """Return a part of a file.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, MAX_READ_SIZE_EXCEEDED, or
                INVALID_PARAMETER_VALUE for a directory.
        """
        file = self._existing(path)
        if file.is_dir():
            raise invalid(f"{path} is a directory")
        if length > BLOCK_LIMIT:
            raise ApiError("MAX_READ_SIZE_EXCEEDED", f"length exceeds {BLOCK_LIMIT}: {length}")
        with file.open("rb") as content:
            content.seek(offset)
            return content.read(length)


def _require_small(content: bytes) -> None:
    if len(content) > BLOCK_LIMIT:
        raise ApiError(
            "MAX_BLOCK_SIZE_EXCEEDED",
            f"The data is {len(content)} bytes; one call takes at most {BLOCK_LIMIT}",
        )


def _info(path: str, item: Entry) -> dict[str, Any]:
    return {
        "path": path,
        "is_dir": item.is_directory,
        "file_size": item.size,
        "modification_time": item.modified_at,
    }
