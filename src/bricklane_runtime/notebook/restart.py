"""``dbutils.library.restartPython()``: the Python state of a notebook, cleared."""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
from types import ModuleType
from typing import Never


class RestartPython(Exception):  # noqa: N818 - it is no error
    """Ends a cell, and the life of everything that was defined before."""


def restart() -> Never:
    """End a cell and clear the Python state.

    Raises:
        RestartPython: always.
    """
    raise RestartPython


def forget_modules(folders: list[str]) -> None:
    """Have modules below some folders imported anew.

    A package with an extension module stays: most cannot be loaded twice into one process, and its
    version could not have changed, since the run's environment constrains it.

    Args:
        folders: where the user's packages and files are.
    """
    starts = tuple(folder.rstrip("/") + "/" for folder in folders)
    inside = {
        name: module for name, module in list(sys.modules.items()) if _is_below(module, starts)
    }
    native = {name.partition(".")[0] for name, module in inside.items() if _is_native(module)}
    for name in inside:
        if name != "__main__" and name.partition(".")[0] not in native:
            del sys.modules[name]
    importlib.invalidate_caches()


def _is_below(module: ModuleType, starts: tuple[str, ...]) -> bool:
    return str(getattr(module, "__file__", None) or "").startswith(starts)


def _is_native(module: ModuleType) -> bool:
    name = str(getattr(module, "__file__", None) or "")
    return name.endswith(tuple(importlib.machinery.EXTENSION_SUFFIXES))
