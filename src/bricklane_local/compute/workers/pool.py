"""Workers for the tasks of a cloud."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bricklane_local.compute.workers.modules import runtime_variables
from bricklane_local.compute.workers.zygote import Worker, WorkerError, Zygote

SPECIFICATION = "task.json"


class Workers:
    """Starts a process for each task; the zygote behind it starts with the first of them.

    Args:
        python: interpreter of the runtime's environment.
        modules: finds the folder with the package that tasks run in.
        log: file for what the zygote prints; what tasks print is in their run directories.
    """

    def __init__(self, python: Path, modules: Callable[[], Path], log: Path) -> None:
        self._python = python
        self._modules = modules
        self._log = log
        self._zygote: Zygote | None = None
        self._starting = asyncio.Lock()

    async def warm(self) -> None:
        """Start the zygote if none runs, so that the first task need not wait for it.

        Raises:
            WorkerError: it cannot be started.
        """
        async with self._starting:
            if self._zygote is None or not self._zygote.alive:
                self._log.parent.mkdir(parents=True, exist_ok=True)
                modules = self._modules()
                self._zygote = await Zygote.launch(
                    self._python, modules, self._log, runtime_variables()
                )

    async def start(self, specification: dict[str, Any], *, cold: bool = False) -> Worker:
        """Start a task.

        Args:
            specification: see ``bricklane_runtime.specification``; its run directory is made when
                absent.
            cold: whether its libraries replace some of the runtime's own: it then gets a fresh
                interpreter instead of a fork.

        Returns:
            The running worker.

        Raises:
            WorkerError: the process cannot be started.
        """
        path = write_specification(specification)
        try:
            await self.warm()
            assert self._zygote is not None  # noqa: S101 - warm() set it
            return await self._zygote.start(path, cold)
        except (WorkerError, asyncio.CancelledError):
            path.unlink(missing_ok=True)  # it holds tokens
            raise

    async def stop(self) -> None:
        """Kill all workers and the zygote."""
        async with self._starting:
            zygote, self._zygote = self._zygote, None
            if zygote is not None:
                await zygote.stop()


def write_specification(specification: dict[str, Any]) -> Path:
    """Write a specification into its run directory, readable by this user only."""
    folder = Path(specification["run_directory"])
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / SPECIFICATION
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
        json.dump(specification, stream)
    return path
