"""Folders that outlive jobs, as on a runner of one's own that is never made anew.

A job finds what an earlier one of the very same description has left: the tools that its steps
install, the environment of its project, the Spark of its tests. Nobody else's: a job of another
workflow, of other steps, or of a pull request from a fork has folders of its own or none.
"""

from __future__ import annotations

import csv
import hashlib
import itertools
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import orjson

from bricklane_local.forge.actions.workflows.model import Job

# What bricklane reads: https://docs.astral.sh/uv/reference/environment has the other two.
FOLDER = "BRICKLANE_RUNNER_DIR"
TOOLS, PROGRAMS = "UV_TOOL_DIR", "UV_TOOL_BIN_DIR"


class LastingFolders:
    """Gives each job a folder that no other running job has.

    Args:
        root: where they are.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._taken: set[Path] = set()

    def clear(self) -> None:
        """Remove them all; a Spark that was left in one ends, for it sees that."""
        shutil.rmtree(self._root, ignore_errors=True)

    def take(self, repository: int, workflow: str, job: Job) -> Path:
        """Return a folder for a job, until :meth:`give_back`.

        Args:
            repository: its id.
            workflow: path of the file.
            job: as the file describes it.
        """
        described = orjson.dumps([workflow, job], default=str)
        name = hashlib.sha256(described).hexdigest()[:12]
        for number in itertools.count(1):
            folder = self._root / str(repository) / f"{name}-{number}"
            if folder not in self._taken:
                break
        self._taken.add(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return folder

    def give_back(self, folder: Path, *, whole: bool) -> None:
        """Let another job have a folder.

        Args:
            folder: that :meth:`take` returned.
            whole: whether the job ended by itself; one that was ended may have been installing
                something, and what it has not finished is removed.
        """
        if not whole:
            for site in folder.glob("*/*/lib/python*/site-packages"):
                if not _is_whole(site):
                    shutil.rmtree(site.parents[2], ignore_errors=True)
        self._taken.discard(folder)


def _is_whole(site: Path) -> bool:
    """Say whether each package that is installed has all files, in the size that it says.

    Source: https://packaging.python.org/en/latest/specifications/recording-installed-packages
    """
    for package in site.glob("*.dist-info"):
        try:
            with (package / "RECORD").open(encoding="utf-8", newline="") as record:
                for name, _, size in csv.reader(record):
                    found = (site / name).stat().st_size
                    if size and found != int(size):
                        return False
        except (OSError, ValueError):
            return False
    return True


def lasting_variables(folder: Path, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that let a job use its folder.

    Args:
        folder: of the job.
        environment: of the job without them.
    """
    programs = folder / "bin"
    return {
        FOLDER: str(folder),
        TOOLS: str(folder / "tools"),
        PROGRAMS: str(programs),
        "PATH": os.pathsep.join((str(programs), environment["PATH"])),
    }
