"""What a notebook changes in the test's process, and the way back."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import os
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

# Modules that a run provides, or that remember what it provided.
OF_A_RUN = ("__main__", "pyspark.dbutils", "dbruntime", "databricks.connect",
    "databricks.sdk.runtime")  # fmt: skip
HOOKS = ("displayhook", "excepthook", "stdout", "stderr", "stdin", "ps1", "ps2", "ps3", "argv")
MISSING = object()


@contextlib.contextmanager
def process_kept(folder: Path, imported: Iterable[Path]) -> Iterator[None]:
    """Run a block in a folder, and undo what it changes in the process.

    Undone are the working directory, the environment, the module search path, builtins, the hooks
    of ``sys``, warning filters, and modules that were found by the block's own search path only.

    Args:
        folder: the working directory.
        imported: folders that modules are imported from, beside those of the test.
    """
    path, modules = list(sys.path), dict(sys.modules)
    environment, cwd = dict(os.environ), _cwd()
    names = dict(vars(builtins))
    hooks = {name: getattr(sys, name, MISSING) for name in HOOKS}
    filters = list(warnings.filters)
    for name in OF_A_RUN[1:]:
        sys.modules.pop(name, None)
    os.chdir(folder)
    added = [str(entry) for entry in (folder, *imported) if str(entry) not in path]
    sys.path[:0] = added
    try:
        with _shell_kept():
            yield
    finally:
        _restore_modules(modules, path)
        sys.path[:] = path
        _restore(os.environ, environment)
        os.chdir(cwd)
        _restore(vars(builtins), names)
        for name, value in hooks.items():
            _set_hook(name, value)
        warnings.filters[:] = filters  # type: ignore[index]


def _cwd() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - restored as it is
    except FileNotFoundError:  # a test removed the folder that it is in
        return "/"


def _restore(mapping: Any, before: dict[str, Any]) -> None:
    for name in [name for name in mapping if name not in before]:
        del mapping[name]
    for name, value in before.items():
        if mapping.get(name, MISSING) is not value:
            mapping[name] = value


def _set_hook(name: str, value: object) -> None:
    if value is not MISSING:
        setattr(sys, name, value)
    elif hasattr(sys, name):
        delattr(sys, name)


def _restore_modules(before: dict[str, ModuleType], path: list[str]) -> None:
    own = [entry for entry in sys.path if entry not in path]
    found_there = {
        name
        for name, module in list(sys.modules.items())
        if "." not in name and name not in before and _folder(module) in own
    }
    for name in list(sys.modules):
        if name.partition(".")[0] in found_there or (name in OF_A_RUN and name not in before):
            del sys.modules[name]
    for name, module in before.items():
        if sys.modules.get(name) is not module:
            sys.modules[name] = module


def _folder(module: ModuleType) -> str:
    """Return the entry of the search path that a top-level module was found by."""
    places = list(getattr(module, "__path__", ())) or [getattr(module, "__file__", None) or ""]
    return str(Path(places[0]).parent)


@contextlib.contextmanager
def _shell_kept() -> Iterator[None]:
    """Let a run have an IPython shell of its own, whatever shell there is."""
    from IPython.core import async_helpers
    from IPython.core.interactiveshell import InteractiveShell

    loops: Any = async_helpers
    loop = getattr(loops, "_asyncio_event_loop", None)
    kind: Any = InteractiveShell
    before = kind._instance
    if before is not None:
        type(before).clear_instance()
    try:
        yield
    finally:
        shell = kind._instance
        if shell is not None:
            # It would be kept, with all that the notebook left, until the process ends.
            atexit.unregister(shell.atexit_operations)
            type(shell).clear_instance()
        made = getattr(loops, "_asyncio_event_loop", None)
        if made is not None and made is not loop:
            made.close()
            loops._asyncio_event_loop = loop
        if before is not None:
            for each in type(before)._walk_mro():
                each._instance = before
