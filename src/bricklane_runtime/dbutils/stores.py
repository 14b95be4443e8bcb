"""The three places where ``dbutils.fs`` finds files, behind one interface."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote

from bricklane_runtime.rest import RestError

if TYPE_CHECKING:
    from bricklane_runtime.rest import Rest

# https://docs.databricks.com/api/workspace/dbfs: blocks of up to 1 MB each way.
DBFS_BLOCK = 1024 * 1024


class FileInfo(NamedTuple):
    """What ``dbutils.fs.ls`` says of a file; names and paths of folders end with a slash."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815 - Databricks' name

    def isDir(self) -> bool:  # noqa: N802 - Databricks' name
        """Tell whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802 - Databricks' name
        """Tell whether it is a file."""
        return not self.isDir()


class Store(Protocol):
    """A place with files; paths are absolute inside it."""

    def list(self, path: str) -> list[FileInfo]:
        """Return what a folder holds, by name; a file lists itself."""
        ...

    def find(self, path: str) -> FileInfo | None:
        """Return what is at a path, or None."""
        ...

    def read(self, path: str, size: int | None = None) -> bytes:
        """Return a file's content, or its first ``size`` bytes."""
        ...

    def write(self, path: str, data: bytes, overwrite: bool) -> None:
        """Write a file."""
        ...

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it."""
        ...

    def remove_file(self, path: str) -> None:
        """Remove a file."""
        ...

    def remove_folder(self, path: str) -> None:
        """Remove a folder with all it holds."""
        ...


def _info(scheme: str, path: str, folder: bool, size: int, modified: int) -> FileInfo:
    plain = path.rstrip("/")
    slash = "/" if folder else ""
    name = plain.rpartition("/")[2] + slash
    return FileInfo(f"{scheme}:{plain}{slash}", name, 0 if folder else size, modified)


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(f"No such file or directory: {path}")


class VolumeStore:
    """Files of Unity Catalog volumes (https://docs.databricks.com/api/workspace/files).

    Args:
        rest: the workspace.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def list(self, path: str) -> list[FileInfo]:
        """Return what a folder holds, by name; a file lists itself."""
        try:
            found = [
                _info(
                    "dbfs",
                    item["path"],
                    bool(item.get("is_directory")),
                    int(item.get("file_size") or 0),
                    int(item.get("last_modified") or 0),
                )
                for item in self._contents(path)
            ]
        except RestError as error:
            itself = self._file(path) if error.status in (400, 404) else None
            if itself is None:
                raise (_missing(path) if error.status == 404 else error) from None
            return [itself]
        return sorted(found, key=lambda item: item.name)

    def _contents(self, path: str) -> Iterator[dict[str, Any]]:
        token = ""
        while True:
            query = {"page_token": token} if token else {}
            answer = self._rest.call("GET", _route("directories", path), **query)
            yield from answer.get("contents", [])
            token = answer.get("next_page_token") or ""
            if not token:
                return

    def find(self, path: str) -> FileInfo | None:
        """Return what is at a path, or None."""
        if self._exists("directories", path):
            return _info("dbfs", path, True, 0, 0)
        return self._file(path)

    def _file(self, path: str) -> FileInfo | None:
        try:
            answer = self._rest.send("HEAD", _route("files", path))
        except RestError as error:
            if error.status in (400, 404):
                return None
            raise
        return _info("dbfs", path, False, int(answer.headers.get("Content-Length") or 0), 0)

    def _exists(self, kind: str, path: str) -> bool:
        try:
            self._rest.send("HEAD", _route(kind, path))
        except RestError as error:
            if error.status in (400, 404):
                return False
            raise
        return True

    def read(self, path: str, size: int | None = None) -> bytes:
        """Return a file's content, or its first ``size`` bytes."""
        headers = {"Range": f"bytes=0-{size - 1}"} if size else {}
        try:
            content = self._rest.send("GET", _route("files", path), headers=headers).content
        except RestError as error:
            if error.status == 404:
                raise _missing(path) from None
            if error.status == 416:  # the range of an empty file
                return b""
            raise
        return content if size is None else content[:size]

    def write(self, path: str, data: bytes, overwrite: bool) -> None:
        """Write a file."""
        query = {"overwrite": "true" if overwrite else "false"}
        self._rest.send("PUT", _route("files", path), params=query, data=data)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it."""
        self._rest.send("PUT", _route("directories", path))

    def remove_file(self, path: str) -> None:
        """Remove a file."""
        self._rest.send("DELETE", _route("files", path))

    def remove_folder(self, path: str) -> None:
        """Remove a folder with all it holds: the API removes empty ones only."""
        for item in self.list(path):
            inner = f"{path.rstrip('/')}/{item.name.rstrip('/')}"
            if item.isDir():
                self.remove_folder(inner)
            else:
                self.remove_file(inner)
        self._rest.send("DELETE", _route("directories", path))


def _route(kind: str, path: str) -> str:
    return f"/api/2.0/fs/{kind}{quote(path.rstrip('/'))}"


class DbfsStore:
    """Files of ``dbfs:/`` (https://docs.databricks.com/api/workspace/dbfs).

    Args:
        rest: the workspace.
    """

    def __init__(self, rest: Rest) -> None:
        self._rest = rest

    def list(self, path: str) -> list[FileInfo]:
        """Return what a folder holds, by name; a file lists itself."""
        try:
            answer = self._rest.call("GET", "/api/2.0/dbfs/list", path=path)
        except RestError as error:
            raise (_missing(f"dbfs:{path}") if error.status == 404 else error) from None
        found = [_dbfs_info(item) for item in answer.get("files", [])]
        return sorted(found, key=lambda item: item.name)

    def find(self, path: str) -> FileInfo | None:
        """Return what is at a path, or None."""
        try:
            return _dbfs_info(self._rest.call("GET", "/api/2.0/dbfs/get-status", path=path))
        except RestError as error:
            if error.status == 404:
                return None
            raise

    def read(self, path: str, size: int | None = None) -> bytes:
        """Return a file's content, or its first ``size`` bytes."""
        pieces: list[bytes] = []
        done = 0
        while size is None or done < size:
            wanted = DBFS_BLOCK if size is None else min(DBFS_BLOCK, size - done)
            piece = self._block(path, done, wanted)
            if not piece:
                break
            pieces.append(piece)
            done += len(piece)
        return b"".join(pieces)

    def _block(self, path: str, offset: int, length: int) -> bytes:
        try:
            answer = self._rest.call(
                "GET", "/api/2.0/dbfs/read", path=path, offset=offset, length=length
            )
        except RestError as error:
            raise (_missing(f"dbfs:{path}") if error.status == 404 else error) from None
        return base64.b64decode(answer.get("data") or "")

    def write(self, path: str, data: bytes, overwrite: bool) -> None:
        """Write a file."""
        created = self._rest.call("POST", "/api/2.0/dbfs/create", path=path, overwrite=overwrite)
        handle = created["handle"]
        for begin in range(0, len(data), DBFS_BLOCK):
            block = base64.b64encode(data[begin : begin + DBFS_BLOCK]).decode()
            self._rest.call("POST", "/api/2.0/dbfs/add-block", handle=handle, data=block)
        self._rest.call("POST", "/api/2.0/dbfs/close", handle=handle)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it."""
        self._rest.call("POST", "/api/2.0/dbfs/mkdirs", path=path)

    def remove_file(self, path: str) -> None:
        """Remove a file."""
        self._rest.call("POST", "/api/2.0/dbfs/delete", path=path, recursive=False)

    def remove_folder(self, path: str) -> None:
        """Remove a folder with all it holds."""
        self._rest.call("POST", "/api/2.0/dbfs/delete", path=path, recursive=True)


def _dbfs_info(item: dict[str, Any]) -> FileInfo:
    modified = int(item.get("modification_time") or 0)
    folder = bool(item.get("is_dir"))
    return _info("dbfs", item["path"], folder, int(item.get("file_size") or 0), modified)


class LocalStore:
    """Files of the machine that the run is on, ``/Workspace`` among them."""

    def list(self, path: str) -> list[FileInfo]:
        """Return what a folder holds, by name; a file lists itself."""
        itself = self.find(path)
        if itself is None:
            raise _missing(f"file:{path}")
        if not itself.isDir():
            return [itself]
        found = [self.find(f"{path.rstrip('/')}/{name}") for name in sorted(os.listdir(path))]  # noqa: PTH208
        return [item for item in found if item is not None]

    def find(self, path: str) -> FileInfo | None:
        """Return what is at a path, or None."""
        at = Path(path)
        try:
            status = at.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        modified = int(status.st_mtime * 1000)
        return _info("file", path, at.is_dir(), status.st_size, modified)

    def read(self, path: str, size: int | None = None) -> bytes:
        """Return a file's content, or its first ``size`` bytes."""
        with Path(path).open("rb") as stream:
            return stream.read(-1 if size is None else size)

    def write(self, path: str, data: bytes, overwrite: bool) -> None:
        """Write a file."""
        at = Path(path)
        at.parent.mkdir(parents=True, exist_ok=True)
        with at.open("wb" if overwrite else "xb") as stream:
            stream.write(data)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it."""
        Path(path).mkdir(parents=True, exist_ok=True)

    def remove_file(self, path: str) -> None:
        """Remove a file."""
        Path(path).unlink()

    def remove_folder(self, path: str) -> None:
        """Remove a folder with all it holds."""
        shutil.rmtree(path)
