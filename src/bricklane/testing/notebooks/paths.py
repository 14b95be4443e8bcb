"""Paths of a workspace that stand for folders of this machine while a notebook runs."""

from __future__ import annotations

import functools
import importlib
import io
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bricklane_runtime.files.roots import Roots

# Where the runtime puts functions that know such paths, beside builtins, which are restored anyway.
PATCHED = (io, os, sqlite3)
# Classes of pyspark that are given paths, and the methods that are.
SPARK = {
    "pyspark.sql.connect.readwriter": ("DataFrameReader", "DataFrameWriter"),
    "pyspark.sql.connect.streaming.readwriter": ("DataStreamReader", "DataStreamWriter"),
    "pyspark.sql.readwriter": ("DataFrameReader", "DataFrameWriter"),
}
METHODS = ("load", "csv", "json", "orc", "parquet", "text", "xml", "save", "start", "option",
    "options")  # fmt: skip


def roots_of(folders: Mapping[str, Path]) -> Roots:
    """Return the map from paths as the notebook writes them to folders."""
    from bricklane_runtime.files.roots import Roots

    plain = {name.removeprefix("dbfs:"): str(folder) for name, folder in folders.items()}
    # A folder within another one comes first.
    return Roots(dict(sorted(plain.items(), key=lambda item: -len(item[0]))))


@contextmanager
def paths_mapped(folders: Mapping[str, Path]) -> Iterator[None]:
    """Have Python's file functions and Spark's readers and writers know paths of a workspace.

    Args:
        folders: path prefix, such as ``/Volumes/main/raw``, to the folder that stands for it.
    """
    if not folders:
        yield
        return
    roots = roots_of(folders)
    with _python_mapped(roots), _spark_mapped(roots):
        yield


@contextmanager
def _python_mapped(roots: Roots) -> Iterator[None]:
    from bricklane_runtime.files import patches
    from bricklane_runtime.files.guard import Guard

    before = [(module, dict(vars(module))) for module in PATCHED]
    start, hooks = subprocess.Popen.__init__, list(sys.path_hooks)
    patches.install(roots, Guard(roots, None))
    try:
        yield
    finally:
        for module, names in before:
            for name, value in names.items():
                if getattr(module, name, None) is not value:
                    setattr(module, name, value)
        subprocess.Popen.__init__ = start  # type: ignore[method-assign]
        sys.path_hooks[:] = hooks
        sys.path_importer_cache.clear()
        patches.renew_globbing()


@contextmanager
def _spark_mapped(roots: Roots) -> Iterator[None]:
    before: list[tuple[Any, str, Any]] = []
    if "pyspark.sql" in sys.modules:
        for module, classes in SPARK.items():
            before += _mapped_module(module, classes, roots)
    try:
        yield
    finally:
        for kind, name, method in before:
            setattr(kind, name, method)


def _mapped_module(
    module: str, classes: tuple[str, ...], roots: Roots
) -> Iterator[tuple[Any, str, Any]]:
    try:
        loaded = importlib.import_module(module)
    except ImportError:  # a pyspark without Connect
        return
    for kind in (getattr(loaded, name) for name in classes):
        for name in METHODS:
            method = vars(kind).get(name)
            if method is not None:
                setattr(kind, name, _mapping(method, roots))
                yield kind, name, method


def _mapping(method: Callable[..., Any], roots: Roots) -> Callable[..., Any]:
    @functools.wraps(method)
    def mapped(self: Any, *arguments: Any, **named: Any) -> Any:
        given = (_local(value, roots) for value in arguments)
        return method(self, *given, **{name: _local(value, roots) for name, value in named.items()})

    return mapped


def _local(value: Any, roots: Roots) -> Any:
    if isinstance(value, str):
        return roots.to_local(value.removeprefix("dbfs:") if value.startswith("dbfs:/") else value)
    if isinstance(value, (list, tuple)):
        return type(value)(_local(item, roots) for item in value)
    return value
