"""The compute of one cloud: one Spark for all workspaces, and a place for each running task."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.paths import StatePaths

if TYPE_CHECKING:
    from bricklane_local.compute.environments import Environments, Overlay
    from bricklane_local.compute.maven import MavenLibraries, MavenLibrary
    from bricklane_local.compute.spark.server import SparkEndpoint, SparkServer
    from bricklane_local.compute.workers import Exit, Workers

LOGGER = logging.getLogger(__name__)
# Tasks mostly wait for Spark, so a few more than cores keep both busy.
PLACES_PER_CORE = 2
# How often Spark is asked whether it is used.
LOOK_SECONDS = 60.0


def open_pool(paths: StatePaths, settings: ComputeSettings) -> ComputePool | None:
    """Return the compute of a cloud, or None when Spark is not installed."""
    if settings.spark is None or settings.java is None:
        return None
    return ComputePool(paths, settings)


class ComputePool:
    """Starts Spark and workers when the first task needs them, and keeps them warm.

    Args:
        paths: of the cloud.
        settings: where Spark and Java are; both given.
    """

    def __init__(self, paths: StatePaths, settings: ComputeSettings) -> None:
        self._paths = paths
        self._settings = settings
        self._places = asyncio.Semaphore(PLACES_PER_CORE * (os.cpu_count() or 1))
        self._using = 0
        self._used = time.monotonic()
        self._parts: tuple[SparkServer, Workers, Environments] | None = None
        self._maven: MavenLibraries | None = None

    def _open(self) -> tuple[SparkServer, Workers, Environments]:
        # Imported here: a cloud that runs no jobs never pays for them.
        from bricklane_local.compute.environments import Environments
        from bricklane_local.compute.spark.installation import SparkInstallation
        from bricklane_local.compute.spark.server import SparkServer
        from bricklane_local.compute.workers import Workers

        if self._parts is None:
            runtime, java = self._settings.spark, self._settings.java
            assert runtime is not None  # noqa: S101  (open_pool sees to it)
            assert java is not None  # noqa: S101
            installation = SparkInstallation(runtime, java)
            python = installation.python
            self._parts = (
                SparkServer(
                    installation, self._paths, memory_megabytes=self._settings.memory_megabytes
                ),
                Workers(
                    python=python,
                    folder=self._paths.workers,
                    log=self._paths.logs / "workers.log",
                ),
                Environments(python=python, folder=self._paths.environments),
            )
        return self._parts

    @contextlib.asynccontextmanager
    async def place(self, *, nested: bool) -> AsyncIterator[None]:
        """Wait for a place to run a task in; a nested task runs in the one of its parent."""
        if nested:
            yield
            return
        async with self._places:
            yield

    async def spark(self) -> SparkEndpoint:
        """Return where Spark is, started or restarted if need be.

        Raises:
            SparkError: when it does not come up.
        """
        self._using += 1
        try:
            return await self._open()[0].ensure()
        finally:
            self._using -= 1
            self._used = time.monotonic()

    async def program(
        self, folder: Path, session: Mapping[str, str], chosen: Mapping[str, str]
    ) -> list[str]:
        """Return the beginning of the command line of a program with a Spark of its own.

        Args:
            folder: of the run.
            session: settings that say for whom its sessions act.
            chosen: settings of the user's.

        Raises:
            SparkError: when the plugin cannot be compiled.
        """
        from bricklane_local.compute.spark.programs import prepare_program

        server = self._open()[0]
        return await asyncio.to_thread(
            prepare_program,
            server.installation,
            self._paths,
            await server.plugin(),
            folder,
            session,
            chosen,
            memory_megabytes=self._settings.memory_megabytes,
        )

    async def environment(
        self, dependencies: list[str], roots: dict[str, Path], *, alone: bool = False
    ) -> Overlay:
        """Return the packages that a task asks for beyond those that every task has.

        Args:
            dependencies: requirement lines.
            roots: path prefixes in them, with the folders that they mean.
            alone: for a program that imports nothing of the runtime.

        Raises:
            EnvironmentFailure: when they cannot be had.
        """
        return await self._open()[2].resolve(dependencies, roots, alone=alone)

    async def libraries(self, wanted: list[MavenLibrary]) -> list[Path]:
        """Return the jars of libraries by Maven coordinates, and of what they depend on.

        Raises:
            EnvironmentFailure: when they cannot be had.
        """
        from bricklane_local.compute.maven import MavenLibraries

        if self._maven is None:
            spark = self._open()[0].installation
            self._maven = MavenLibraries(spark.java, spark.spark_jars, self._paths.libraries)
        return await self._maven.resolve(wanted)

    async def run(self, specification: dict[str, Any], *, cold: bool, grace: float) -> Exit:
        """Run one task in a process of its own, to the end of that process.

        Args:
            specification: what the worker shall do.
            cold: start a new interpreter instead of forking a prepared one.
            grace: seconds between SIGTERM and SIGKILL when this coroutine is cancelled.

        Raises:
            WorkerError: when no process can be started.
        """
        async with self._in_use(specification):
            worker = await self._open()[1].start(specification, cold=cold)
            try:
                return await worker.wait()
            except asyncio.CancelledError:
                await worker.kill(grace_seconds=grace)
                await worker.wait()
                raise

    @contextlib.asynccontextmanager
    async def _in_use(self, specification: dict[str, Any]) -> AsyncIterator[None]:
        """Keep Spark, if a worker is told of it, and tell it where Spark is now."""
        told = specification.get("spark") or {}
        if not told.get("remote"):
            yield
            return
        self._using += 1
        try:
            # What was prepared meanwhile may have taken longer than Spark waits for use.
            endpoint = await self.spark()
            told |= {"remote": endpoint.remote, "token": endpoint.token}
            yield
        finally:
            self._using -= 1
            self._used = time.monotonic()

    async def watch(self) -> None:
        """Stop Spark whenever nobody has used it for as long as the settings say."""
        limit = self._settings.idle_minutes * 60
        while limit:
            await asyncio.sleep(min(LOOK_SECONDS, limit / 2))
            if self._parts is not None and self._parts[0].is_running:
                await self._rest(self._parts[0], limit)

    async def _rest(self, spark: SparkServer, limit: float) -> None:
        from bricklane_local.errors import LocalError

        try:
            idle = await spark.idle_seconds()
        except LocalError as error:
            LOGGER.warning("Spark cannot be asked whether it is used: %s", error.message)
            return
        unused = min(idle, time.monotonic() - self._used)
        if not self._using and unused >= limit:
            LOGGER.info("Spark was not used for %d s and is stopped", unused)
            await spark.rest()

    async def warm(self) -> None:
        """Prepare Spark and the workers for the first task; failures wait for that task."""
        from bricklane_local.errors import LocalError

        spark, workers, _ = self._open()
        self._using += 1
        try:
            await asyncio.gather(spark.warm(), workers.warm())
        except LocalError as error:
            LOGGER.warning("compute is not warm: %s", error.message)
        finally:
            self._using -= 1
            self._used = time.monotonic()

    async def stop(self) -> None:
        """End Spark and all workers; no process is left."""
        if self._parts is not None:
            spark, workers, _ = self._parts
            await asyncio.gather(workers.stop(), spark.stop())
