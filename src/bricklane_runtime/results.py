"""The files that a task run leaves in its run directory.

``result.json``: ``{"state": "SUCCESS"|"FAILED", "exit_value": str|null, "error": error|null}``
with error ``{"type", "message", "traceback", "cell_index", "cell_source", "line"}``. It is written
once, at the end; a run without it was killed or died.

``stdout.log``: what the task printed, standard output and error in order, redacted.

``driver.stdout`` and ``driver.stderr``: the same, each stream by itself, of a task that is told to
leave them. Each has a pipe of its own then, so ``stdout.log`` has what is printed at one moment on
both in any order.

``cells.json``: see :mod:`bricklane_runtime.notebook.outputs`.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULT = "result.json"
LOG = "stdout.log"
APART = ("driver.stdout", "driver.stderr")
CELLS = "cells.json"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a task failed.

    Args:
        type: name of the exception's class.
        message: its text.
        traceback: as Python prints it, without frames of the runtime itself.
        cell_index: of the notebook cell, counted from 0.
        cell_source: its source.
        line: line in the cell or the file, counted from 1.
    """

    type: str
    message: str
    traceback: str
    cell_index: int | None = None
    cell_source: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended.

    Args:
        failure: why it failed, or None when it succeeded.
        exit_value: what ``dbutils.notebook.exit`` was given.
    """

    failure: Failure | None = None
    exit_value: str | None = None

    def document(self) -> dict[str, Any]:
        """Return the content of ``result.json``."""
        return {
            "state": "FAILED" if self.failure else "SUCCESS",
            "exit_value": self.exit_value,
            "error": asdict(self.failure) if self.failure else None,
        }


def write_json(path: Path, document: object) -> None:
    """Write a JSON file so that readers see the old content or the new one, nothing between."""
    draft = path.with_name(f".{path.name}.new")
    # Text of user code may hold what UTF-8 cannot: half of a surrogate pair.
    with draft.open("w", encoding="utf-8", errors="replace") as stream:
        json.dump(document, stream, ensure_ascii=False)
    os.replace(draft, path)  # noqa: PTH105 - one system call, whatever user code does to pathlib
