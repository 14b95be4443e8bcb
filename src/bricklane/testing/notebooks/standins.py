"""What stands in for the workspace when a test runs a notebook."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from bricklane_runtime.dbutils.stores import FileInfo

PARTS = ("credentials", "data", "fs", "jobs", "library", "notebook", "secrets", "widgets")


class GivenSecrets:
    """The secrets that a test gives.

    Args:
        scopes: scope → key → value.
    """

    def __init__(self, scopes: Mapping[str, Mapping[str, str]]) -> None:
        self._scopes = scopes

    def value(self, scope: str, key: str) -> bytes:
        """Return a secret."""
        try:
            return self._scopes[scope][key].encode()
        except KeyError:
            raise ValueError(
                f"Secret does not exist with scope: {scope} and key: {key} (the test gives: "
                f"{', '.join(self._known()) or 'none'}); "
                f'give it with notebook(..., secrets={{"{scope}": {{"{key}": "..."}}}})'
            ) from None

    def keys(self, scope: str) -> list[str]:
        """Return the keys of a scope."""
        if scope not in self._scopes:
            raise ValueError(f"Secret scope {scope} does not exist (the test gives none)")
        return list(self._scopes[scope])

    def scopes(self) -> list[str]:
        """Return the names of the scopes."""
        return list(self._scopes)

    def _known(self) -> list[str]:
        return [f"{scope}/{key}" for scope, keys in self._scopes.items() for key in keys]


class KeptValues:
    """Task values: those that other tasks are said to have set, and those that the notebook sets.

    Args:
        given: task key → key → value.
    """

    def __init__(self, given: Mapping[str, Mapping[str, Any]]) -> None:
        self._given = given
        self.own: dict[str, Any] = {}

    def put(self, key: str, value: Any) -> None:
        """Keep a value of the notebook."""
        self.own[key] = value

    def find(self, task: str, key: str) -> Any:
        """Return the value of a task; KeyError when it is said to have set none."""
        return self._given[task][key]


class GivenFiles:
    """Files of this machine, under the paths that a test gives them.

    Args:
        folders: path prefix, such as ``/Volumes/main/raw``, to the folder that stands for it.
        writable: folders that may be changed, beside those; a path of DBFS that was meant for a
            workspace must not hit this machine.
        scheme: of paths that ``ls`` returns.
        required: prefix of paths that exist in a workspace only, unless a folder stands for them.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        writable: Sequence[Path],
        scheme: str,
        required: str = "",
    ) -> None:
        from bricklane.testing.notebooks.paths import roots_of
        from bricklane_runtime.dbutils.stores import LocalStore

        self._roots = roots_of(folders)
        self._store = LocalStore()
        self._writable = tuple(folder.resolve() for folder in (*writable, *folders.values()))
        self._scheme = scheme
        self._required = required

    def _at(self, path: str) -> str:
        local: str = self._roots.to_local(path)
        if local == path and self._required and not Path(path).exists():
            raise FileNotFoundError(
                f"No such file or directory: {path}; no folder of the test stands for it: "
                f'notebook(..., files={{"{self._required}": tmp_path}})'
            )
        return local

    def _changed(self, path: str) -> str:
        local = self._at(path)
        if not any(Path(local).resolve().is_relative_to(folder) for folder in self._writable):
            raise PermissionError(
                f"{path}: a notebook in a test changes files of the project and below "
                f"{tempfile.gettempdir()} only; name a folder that stands for the path: "
                f'notebook(..., files={{"{path}": tmp_path}})'
            )
        return local

    def _shown(self, info: FileInfo) -> FileInfo:
        folder, plain = info.isDir(), info.path.partition(":")[2].rstrip("/")
        user = self._roots.to_user(plain) + ("/" if folder else "")
        return info._replace(path=f"{self._scheme}:{user}")

    def list(self, path: str) -> list[FileInfo]:
        """Return what a folder holds, by name; a file lists itself."""
        return [self._shown(info) for info in self._store.list(self._at(path))]

    def find(self, path: str) -> FileInfo | None:
        """Return what is at a path, or None."""
        info = self._store.find(self._at(path))
        return None if info is None else self._shown(info)

    def read(self, path: str, size: int | None = None) -> bytes:
        """Return a file's content, or its first ``size`` bytes."""
        return self._store.read(self._at(path), size)

    def write(self, path: str, data: bytes, overwrite: bool) -> None:
        """Write a file."""
        self._store.write(self._changed(path), data, overwrite)

    def make_folder(self, path: str) -> None:
        """Make a folder and those above it."""
        self._store.make_folder(self._changed(path))

    def remove_file(self, path: str) -> None:
        """Remove a file."""
        self._store.remove_file(self._changed(path))

    def remove_folder(self, path: str) -> None:
        """Remove a folder with all it holds."""
        self._store.remove_folder(self._changed(path))


def replaced(dbutils: Any, stubs: Any) -> Any:
    """Return ``dbutils`` with what a test puts in its place.

    Args:
        dbutils: the real one.
        stubs: an object that stands for all of it; or a mapping from parts (``fs``) and functions
            (``fs.ls``) to what stands for each.

    Raises:
        BricklaneError: the mapping names what ``dbutils`` does not have.
    """
    __tracebackhide__ = True
    if stubs is None:
        return dbutils
    if not isinstance(stubs, Mapping):
        return stubs
    for name, stub in stubs.items():
        *parts, last = str(name).split(".")
        if (parts or [last])[0] not in PARTS:
            raise BricklaneError(
                f"dbutils has no {name!r} to be replaced",
                hint=f"it has: {', '.join(PARTS)}; a function is named such as fs.ls",
                exit_code=ExitCode.USAGE,
            )
        holder = dbutils
        for part in parts:
            holder = getattr(holder, part)
        setattr(holder, last, stub)
    return dbutils


def context(path: str) -> Any:
    """Return a notebook context that knows the notebook's path only."""
    from bricklane_runtime.dbutils.context import Context

    values = dict.fromkeys(
        ("apiUrl", "browserHostName", "clusterId", "currentRunId", "jobId", "multitaskParentRunId",
         "userName", "workspaceId"), ""
    )  # fmt: skip
    return Context({**values, "notebookPath": path}, "", {}, {"notebook_path": path})


PIP_MODES = ("check", "ignore", "refuse")


def pip_function(mode: str) -> Callable[[str], None]:
    """Return what runs ``%pip`` in a test, where nothing is installed.

    Args:
        mode: ``check``: what is in the environment is fine, the rest fails; ``ignore``: all is
            fine; ``refuse``: all fails.
    """
    __tracebackhide__ = True
    if mode not in PIP_MODES:
        raise BricklaneError(
            f"pip={mode!r} is not known",
            hint=f"one of: {', '.join(PIP_MODES)}",
            exit_code=ExitCode.USAGE,
        )

    def run(line: str) -> None:
        missing = list(_missing(line)) if mode == "check" else [line]
        if mode == "ignore" or not missing:
            print(f"[%pip {line}: nothing is installed by tests]")  # noqa: T201 - in the cell
            return
        raise BricklaneError(
            f"%pip {line}: tests install nothing, and {', '.join(missing)} is not in the "
            "environment",
            hint="add it to the project's development dependencies, or skip it with "
            'notebook(..., pip="ignore")',
        )

    return run


def _missing(line: str) -> list[str]:
    """Return what of a ``pip install`` line is not in the environment, or cannot be told."""
    import importlib.metadata
    import shlex

    from packaging.requirements import InvalidRequirement, Requirement

    command, *words = shlex.split(line) or [""]
    if command != "install":
        return [line]
    missing = []
    for word in words:
        if word in ("-q", "-U", "--quiet", "--upgrade"):
            continue
        try:
            wanted = Requirement(word)
            version = importlib.metadata.version(wanted.name)
            if not wanted.specifier.contains(version, prereleases=True):
                missing.append(f"{word} (version {version} is there)")
        except (InvalidRequirement, importlib.metadata.PackageNotFoundError):
            missing.append(word)
    return missing
