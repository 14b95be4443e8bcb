"""Makes Python's file functions understand the paths of a workspace.

Which functions, and which of their arguments are paths, is a table. Everything that the standard
library builds on them follows: ``pathlib``, ``shutil``, ``glob``, ``os.walk``, ``os.path.exists``.
Paths in results and in errors are turned back.
"""

from __future__ import annotations

import builtins
import functools
import glob
import importlib.machinery
import inspect
import io
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from bricklane_runtime.files.guard import Guard, Use
from bricklane_runtime.files.roots import Roots

Function = Callable[..., Any]

# A function's use of its path, where its other arguments decide: called with all of them.
Deciding = Callable[..., Use]
Uses = tuple[Use | Deciding | None, ...]
WRITING_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def by_mode(file: Any = "", mode: str = "r", *_: Any, **__: Any) -> Use:
    """Return what :func:`open` does in a mode."""
    del file
    return Use.WRITE if set("wax+").intersection(mode) else Use.READ


def by_flags(path: Any = "", flags: int = 0, *_: Any, **__: Any) -> Use:
    """Return what :func:`os.open` does with these flags."""
    del path
    return Use.WRITE if flags & WRITING_FLAGS else Use.READ


def by_access(path: Any = "", mode: int = os.F_OK, **_: Any) -> Use:
    """Return what :func:`os.access` asks for."""
    del path
    return Use.WRITE if mode & os.W_OK else Use.READ if mode & os.R_OK else Use.LOOK


READ, WRITE, LOOK = ((use,) for use in (Use.READ, Use.WRITE, Use.LOOK))
# Functions whose first arguments are paths, by module, with the use of each; None for no use.
PATHS: dict[Any, dict[Uses, tuple[str, ...]]] = {
    builtins: {(by_mode,): ("open",)},
    io: {(by_mode,): ("open",), READ: ("open_code",)},
    os: {
        (by_flags,): ("open",),
        (by_access,): ("access",),
        LOOK: ("chdir", "lstat", "pathconf", "stat", "statvfs"),
        READ: ("listdir", "readlink", "getxattr", "listxattr"),
        WRITE: (
            *("chmod", "chown", "lchown", "mkdir", "mkfifo", "remove", "rmdir", "truncate"),
            *("unlink", "utime", "removexattr", "setxattr"),
        ),
        (Use.READ, Use.WRITE): ("link",),
        (Use.WRITE, Use.WRITE): ("rename", "replace"),
        (None, Use.WRITE): ("symlink",),
    },
    sqlite3: {WRITE: ("connect",)},
}
# What the first one and two of them are called when given by name.
KEYWORDS = ("path", "src", "file", "database"), ("dst",)
# Sets by which other modules ask what an os function can do.
ABILITIES = ("supports_dir_fd", "supports_fd", "supports_follow_symlinks", "supports_effective_ids")


class MappedEntry:
    """An :class:`os.DirEntry` whose path is written as user code writes it.

    Args:
        entry: the real one.
        path: its path for the user.
    """

    __slots__ = ("_entry", "path")

    def __init__(self, entry: os.DirEntry[Any], path: Any) -> None:
        self._entry = entry
        self.path = path

    def __getattr__(self, name: str) -> Any:
        return getattr(self._entry, name)

    def __fspath__(self) -> Any:
        return self.path

    def __repr__(self) -> str:
        return repr(self._entry)


class MappedEntries:
    """What :func:`os.scandir` returns for a mapped folder."""

    def __init__(self, entries: Any, roots: Roots) -> None:
        self._entries = entries
        self._roots = roots

    def __iter__(self) -> Iterator[MappedEntry]:
        return self

    def __next__(self) -> MappedEntry:
        entry = next(self._entries)
        return MappedEntry(entry, self._roots.to_user(entry.path))

    def __enter__(self) -> MappedEntries:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the folder."""
        self._entries.close()


def install(roots: Roots, guard: Guard) -> None:
    """Map paths in this process from now on, and guard volumes; there is no way back."""
    made: dict[Function, Function] = {}
    for module, uses, name in _rows():
        original = getattr(module, name, None)
        if original is not None:
            # One for each function, as builtins.open and io.open are the same.
            made.setdefault(original, _mapping(original, uses, roots, guard))
            _replace(module, name, made[original])
    _replace(os, "access", _yes_or_no(os.access))
    _replace(os, "scandir", _scanning(os.scandir, roots, guard))
    renew_globbing()
    _replace(os, "getcwd", _reversing(os.getcwd, roots))
    _replace(os, "getcwdb", _reversing(os.getcwdb, roots))
    _map_processes(roots, guard)
    _map_imports(roots, guard)


def _rows() -> Iterator[tuple[Any, Uses, str]]:
    for module, by_use in PATHS.items():
        for uses, names in by_use.items():
            yield from ((module, uses, name) for name in names)


def _replace(module: Any, name: str, replacement: Function) -> None:
    original = getattr(module, name)
    # Functions that Spark runs are sent with references to what they use: by this name.
    replacement.__module__ = module.__name__
    for ability in ABILITIES:
        known: set[Any] = getattr(os, ability, set())
        if original in known:
            known.add(replacement)
    setattr(module, name, replacement)


def _mapping(original: Function, uses: Uses, roots: Roots, guard: Guard) -> Function:
    count = len(uses)

    @functools.wraps(original)
    def mapped(*arguments: Any, **named: Any) -> Any:
        for place, use in enumerate(uses):
            path = _given(place, arguments, named)
            if use is not None and path is not None:
                guard.require(path, use if isinstance(use, Use) else use(*arguments, **named))
        positional = [roots.to_local(item) for item in arguments[:count]]
        for group in KEYWORDS[:count]:
            for keyword in group:
                if keyword in named:
                    named[keyword] = roots.to_local(named[keyword])
        try:
            return original(*positional, *arguments[count:], **named)
        except OSError as error:
            raise _for_user(error, roots) from error.__cause__

    return mapped


def _given(place: int, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Return the path that a function was given at a place; None for none."""
    if len(arguments) > place:
        return arguments[place]
    return next((named[name] for name in KEYWORDS[place] if name in named), None)


def _yes_or_no(original: Function) -> Function:
    @functools.wraps(original)
    def access(*arguments: Any, **named: Any) -> bool:
        try:
            return bool(original(*arguments, **named))
        except OSError:
            return False

    return access


def _for_user(error: OSError, roots: Roots) -> OSError:
    error.filename = roots.to_user(error.filename)
    if error.filename2 is not None:
        error.filename2 = roots.to_user(error.filename2)
    return error


def _scanning(original: Function, roots: Roots, guard: Guard) -> Function:
    scan = _mapping(original, READ, roots, guard)

    @functools.wraps(original)
    def scandir(path: Any = ".") -> Any:
        entries = scan(path)
        return entries if roots.to_local(path) is path else MappedEntries(entries, roots)

    return scandir


def _reversing(original: Function, roots: Roots) -> Function:
    @functools.wraps(original)
    def reversed_result() -> Any:
        return roots.to_user(original())

    return reversed_result


def renew_globbing() -> None:
    """Have pathlib's globbing use what ``os`` has now: since Python 3.13 it keeps references."""
    for kind in vars(glob).values():
        for name in ("lstat", "scandir"):
            if isinstance(kind, type) and name in vars(kind):
                setattr(kind, name, staticmethod(getattr(os, name)))


def _map_processes(roots: Roots, guard: Guard) -> None:
    """Map the arguments and the folder of processes that user code starts."""
    original = subprocess.Popen.__init__
    signature = inspect.signature(original)

    @functools.wraps(original)
    def start(*arguments: Any, **named: Any) -> None:
        given = signature.bind(*arguments, **named)
        command = given.arguments["args"]
        if isinstance(command, str) and given.arguments.get("shell"):
            guard.require_command(command)
            given.arguments["args"] = roots.in_command(command)
        elif isinstance(command, (list, tuple)):
            for item in command:
                guard.require_command(item if isinstance(item, str) else os.fsdecode(item))
            given.arguments["args"] = [_argument(item, roots) for item in command]
        for name in ("cwd", "executable"):
            if given.arguments.get(name) is not None:
                given.arguments[name] = roots.to_local(given.arguments[name])
        original(*given.args, **given.kwargs)

    subprocess.Popen.__init__ = start  # type: ignore[method-assign]
    _replace(os, "system", _commanding(os.system, roots, guard))


def _argument(item: Any, roots: Roots) -> Any:
    return roots.in_command(item) if isinstance(item, str) else roots.to_local(item)


def _commanding(original: Function, roots: Roots, guard: Guard) -> Function:
    @functools.wraps(original)
    def system(command: str) -> int:
        guard.require_command(command)
        status: int = original(roots.in_command(command))
        return status

    return system


def _map_imports(roots: Roots, guard: Guard) -> None:
    """Let ``sys.path`` hold workspace paths; the import system does not use ``os`` functions."""
    details = (
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (importlib.machinery.SourceFileLoader, importlib.machinery.SOURCE_SUFFIXES),
        (importlib.machinery.SourcelessFileLoader, importlib.machinery.BYTECODE_SUFFIXES),
    )
    find = importlib.machinery.FileFinder.path_hook(*details)

    def hook(entry: str) -> Any:
        local = roots.to_local(entry)
        if local is entry:
            raise ImportError(f"{entry} is not a workspace path")
        try:
            guard.require(entry, Use.READ)
        except OSError as error:
            raise ImportError(str(error)) from error
        return find(local)

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()
