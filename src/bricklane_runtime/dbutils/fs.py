"""``dbutils.fs``: files of volumes, of DBFS and of the run's machine.

Source: https://docs.databricks.com/en/dev-tools/databricks-utils.html#file-system-utility-dbutilsfs
"""

from __future__ import annotations

from typing import Any, Never

from bricklane_runtime.dbutils.stores import FileInfo, Store
from bricklane_runtime.dbutils.utility import Utility, refuse

NO_MOUNTS = "mounts are a legacy of DBFS; use a Unity Catalog volume (/Volumes/...)"


class FileSystem(Utility):
    """Utilities for files: ``/Volumes/...``, ``dbfs:/...``, ``file:/...`` and ``/Workspace/...``.

    Args:
        volumes: holds ``/Volumes``.
        dbfs: holds ``dbfs:/``.
        local: holds ``file:/`` and ``/Workspace``.
    """

    def __init__(self, volumes: Store, dbfs: Store, local: Store) -> None:
        self._volumes = volumes
        self._dbfs = dbfs
        self._local = local

    def ls(self, dir: str) -> list[FileInfo]:  # noqa: A002 - Databricks' name
        """List a folder, or a file."""
        store, path = self._at(dir)
        return store.list(path)

    def head(self, file: str, maxBytes: int = 65536) -> str:  # noqa: N803 - Databricks' name
        """Return the beginning of a file as text."""
        store, path = self._at(file)
        data = store.read(path, maxBytes + 1)
        if len(data) > maxBytes:
            print(f"[Truncated to first {maxBytes} bytes]")  # noqa: T201 - as on Databricks
        return data[:maxBytes].decode("utf-8", "replace")

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write text to a file."""
        store, path = self._at(file)
        data = contents.encode()
        store.write(path, data, overwrite)
        print(f"Wrote {len(data)} bytes.")  # noqa: T201 - as on Databricks
        return True

    def mkdirs(self, dir: str) -> bool:  # noqa: A002 - Databricks' name
        """Make a folder and those above it."""
        store, path = self._at(dir)
        store.make_folder(path)
        return True

    def rm(self, dir: str, recurse: bool = False) -> bool:  # noqa: A002 - Databricks' name
        """Remove a file, or a folder with ``recurse``; False when there is none."""
        store, path = self._at(dir)
        info = store.find(path)
        if info is None:
            return False
        if not info.isDir():
            store.remove_file(path)
            return True
        children = store.list(path)
        if children and not recurse:
            raise OSError(f"Cannot delete non-empty directory {dir}: pass recurse=True")
        store.remove_folder(path)
        return True

    def cp(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or a folder with ``recurse``, also from one file system to another."""
        source, path = self._at(from_)
        target, goal = self._at(to)
        info = source.find(path)
        if info is None:
            raise FileNotFoundError(f"No such file or directory: {from_}")
        if info.isDir():
            if not recurse:
                raise IsADirectoryError(f"Cannot copy directory {from_}: pass recurse=True")
            self._copy_folder(source, path, target, goal)
            return True
        present = target.find(goal)
        if to.endswith("/") or (present is not None and present.isDir()):
            goal = f"{goal.rstrip('/')}/{info.name}"
        target.write(goal, source.read(path), True)
        return True

    def mv(self, from_: str, to: str, recurse: bool = False) -> bool:
        """Move a file, or a folder with ``recurse``, also from one file system to another."""
        self.cp(from_, to, recurse)
        return self.rm(from_, recurse)

    def _copy_folder(self, source: Store, path: str, target: Store, goal: str) -> None:
        target.make_folder(goal)
        for item in source.list(path):
            name = item.name.rstrip("/")
            inner, outer = f"{path.rstrip('/')}/{name}", f"{goal.rstrip('/')}/{name}"
            if item.isDir():
                self._copy_folder(source, inner, target, outer)
            else:
                target.write(outer, source.read(inner), True)

    def _at(self, path: str) -> tuple[Store, str]:
        """Return which store holds ``path``, and the path inside it."""
        scheme, colon, rest = str(path).partition(":")
        if not colon or "/" in scheme:
            scheme, rest = "", str(path)
        if scheme not in ("", "dbfs", "file"):
            raise ValueError(
                f"{path}: there is no {scheme} storage here; "
                "use /Volumes/..., dbfs:/... or file:/..."
            )
        plain = "/" + rest.lstrip("/")
        if scheme == "file" or (not scheme and _below(plain, "/Workspace")):
            return self._local, plain
        if _below(plain, "/Volumes"):
            return self._volumes, plain
        return self._dbfs, plain

    def mount(self, *_arguments: Any, **_named: Any) -> Never:
        """Not available: use a volume."""
        refuse("fs.mount", NO_MOUNTS)

    def updateMount(self, *_arguments: Any, **_named: Any) -> Never:  # noqa: N802
        """Not available: use a volume."""
        refuse("fs.updateMount", NO_MOUNTS)

    def unmount(self, *_arguments: Any, **_named: Any) -> Never:
        """Not available: use a volume."""
        refuse("fs.unmount", NO_MOUNTS)

    def mounts(self) -> Never:
        """Not available: use a volume."""
        refuse("fs.mounts", NO_MOUNTS)

    def refreshMounts(self) -> Never:  # noqa: N802
        """Not available: use a volume."""
        refuse("fs.refreshMounts", NO_MOUNTS)


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder + "/")
