"""Forks the Python workers of the warm Spark; runs in the project's environment, with pyspark only.

Spark starts it in place of ``pyspark.daemon`` (setting ``spark.python.daemon.module``) and keeps
workers from one test run to the next. A worker of an earlier run would go on with the project's
code as it was then; so, before each task, modules whose file has changed are forgotten.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Names the file with the folders that the test runs import from, as a JSON list.
FOLDERS_VARIABLE = "BRICKLANE_SPARK_FOLDERS"
# Names a link to the project, where the project's folder is another one for each run.
ROOT_VARIABLE = "BRICKLANE_SPARK_ROOT"

_seen: dict[str, int] = {}


def folders() -> list[str]:
    """Return the folders that test runs import the project's modules from."""
    try:
        found = json.loads(Path(os.environ[FOLDERS_VARIABLE]).read_text("utf-8"))
    except (KeyError, OSError, ValueError):
        return []  # The server is about to end, or no run has written it yet.
    return [folder for folder in found if isinstance(folder, str)]


def refresh() -> None:
    """Add folders of later runs to the path, and forget modules that have changed since."""
    if root := os.environ.get(ROOT_VARIABLE):
        os.chdir(root)
    known = folders()
    sys.path += [folder for folder in known if folder not in sys.path]
    places = tuple(folder.rstrip(os.sep) + os.sep for folder in known)
    own = {
        name: file
        for name, module in list(sys.modules.items())
        if (file := getattr(module, "__file__", None)) and file.startswith(places)
    }
    if any(_changed(file) for file in own.values()):
        # All of them, for the others hold what they have imported from those.
        for name, file in own.items():
            sys.modules.pop(name, None)
            _seen.pop(file, None)


def _changed(file: str) -> bool:
    try:
        now = os.stat(file).st_mtime_ns  # noqa: PTH116  (before each task)
    except OSError:
        return True
    return _seen.setdefault(file, now) != now


def refreshed(main: Callable[..., Any]) -> Callable[..., Any]:
    """Return a worker's ``main`` that refreshes the modules before each task."""

    def run(*streams: Any) -> Any:
        refresh()
        try:
            return main(*streams)
        finally:
            refresh()  # Notes when the files were changed of what the task has imported.

    return run


if __name__ == "__main__":
    daemon: Any = importlib.import_module("pyspark.daemon")
    daemon.worker_main = refreshed(daemon.worker_main)
    daemon.manager()
