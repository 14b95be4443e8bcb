"""The compute of one cloud: one Spark for all workspaces, and a place for each running task."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.compute.choices import token_of
from bricklane_local.compute.settings import IDLE_MINUTES, ComputeSettings
from bricklane_local.compute.shares import Shares
from bricklane_local.compute.spark.status import SparkStatus
from bricklane_local.paths import StatePaths

if TYPE_CHECKING:
    from bricklane_local.compute.environments import Environments, Overlay
    from bricklane_local.compute.maven import MavenLibraries, MavenLibrary
    from bricklane_local.compute.spark.endpoint import SparkEndpoint
    from bricklane_local.compute.spark.installation import SparkInstallation
    from bricklane_local.compute.spark.remote.server import RemoteSpark
    from bricklane_local.compute.spark.server import SparkServer
    from bricklane_local.compute.workers import Exit, Workers

LOGGER = logging.getLogger(__name__)
# Tasks mostly wait for Spark, so a few more than cores keep both busy.
PLACES_PER_CORE = 2
# How often Spark is asked whether it is used.
LOOK_SECONDS = 60.0


# Gives settings by which a session acts for the administrator, as long as it is open.
Identity = Callable[[], AbstractContextManager[dict[str, str]]]


def open_pool(
    paths: StatePaths, settings: ComputeSettings, identity: Identity
) -> ComputePool | None:
    """Return the compute of a cloud, or None when Spark is not installed."""
    if settings.choices.address is None and SparkStatus.read(paths.spark_status).remote:
        # Of a remote Spark that the cloud does not use any more.
        paths.spark_status.unlink()
    if settings.spark is None or settings.java is None:
        return None
    return ComputePool(paths, settings, identity)


class ComputePool:
    """Starts Spark and workers when the first task needs them, and keeps them warm.

    Args:
        paths: of the cloud.
        settings: where Spark and Java are; both given.
        identity: by which a remote Spark is looked at.
    """

    def __init__(self, paths: StatePaths, settings: ComputeSettings, identity: Identity) -> None:
        self._paths = paths
        self._settings = settings
        self._identity = identity
        self._remote: RemoteSpark | None = None
        self._places = asyncio.Semaphore(PLACES_PER_CORE * (os.cpu_count() or 1))
        self._shares = Shares(settings.run_cores)
        self._using = 0
        self._used = time.monotonic()
        self._parts: tuple[SparkServer, Workers, Environments] | None = None
        self._maven: MavenLibraries | None = None

    @property
    def remote(self) -> RemoteSpark | None:
        """The Spark that somebody else runs; None for one of the cloud's own.

        Raises:
            LocalError: when there is no token for it.
        """
        address = self._settings.choices.address
        if address is not None and self._remote is None:
            from bricklane_local.compute.spark.remote.checking import RemoteCheck
            from bricklane_local.compute.spark.remote.server import RemoteSpark

            token = token_of(self._paths, self._settings.choices)
            check = RemoteCheck(self._paths, self._installation.python, self._identity)
            self._remote = RemoteSpark(self._paths, address, token, check)
        return self._remote

    def _modules(self) -> Path:
        from bricklane_local.compute.workers.modules import runtime_copy, runtime_folder

        if self.remote is None:
            return runtime_folder(self._paths.workers)
        # Functions arrive there in Spark's processes, which see the storage and not our packages.
        return runtime_copy(self._paths.spark_remote / "python")

    @property
    def _installation(self) -> SparkInstallation:
        from bricklane_local.compute.spark.installation import SparkInstallation

        runtime, java = self._settings.spark, self._settings.java
        assert runtime is not None  # noqa: S101  (open_pool sees to it)
        assert java is not None  # noqa: S101
        return SparkInstallation(runtime, java)

    def _open(self) -> tuple[SparkServer, Workers, Environments]:
        # Imported here: a cloud that runs no jobs never pays for them.
        from bricklane_local.compute.environments import Environments
        from bricklane_local.compute.spark.server import SparkServer
        from bricklane_local.compute.workers import Workers

        if self._parts is None:
            installation = self._installation
            python = installation.python
            self._parts = (
                SparkServer(
                    installation, self._paths, memory_megabytes=self._settings.memory_megabytes
                ),
                Workers(
                    python=python,
                    modules=self._modules,
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
        if self.remote is not None:
            return await self.remote.ensure()
        self._using += 1
        try:
            return await self._open()[0].ensure()
        finally:
            self._using -= 1
            self._used = time.monotonic()

    async def program(
        self,
        folder: Path,
        session: Mapping[str, str],
        chosen: Mapping[str, Any],
        *,
        most_megabytes: int | None = None,
        jars: Sequence[Path] = (),
    ) -> list[str]:
        """Return the beginning of the command line of a program with a Spark of its own.

        Args:
            folder: of the run.
            session: settings that say for whom its sessions act.
            chosen: settings of the user's.
            most_megabytes: bound of its heap where the cloud's own setting is larger.
            jars: further ones whose classes it has.

        Raises:
            SparkError: when the plugin cannot be compiled.
        """
        from bricklane_local.compute.spark.programs import prepare_program

        server, memory = self._open()[0], self._settings.memory_megabytes
        return await asyncio.to_thread(
            prepare_program,
            server.installation,
            self._paths,
            await server.plugin(),
            folder,
            session,
            {name: str(value) for name, value in chosen.items()},
            memory_megabytes=min(memory, most_megabytes or memory),
            jars=jars,
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
            spark = self._installation
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
            with self._shares.given(specification):
                return await self._run(specification, cold=cold, grace=grace)

    async def _run(self, specification: dict[str, Any], *, cold: bool, grace: float) -> Exit:
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
        """Stop Spark whenever nobody has used it for as long as the settings say.

        Of a remote Spark, note whether it is there.
        """
        if self.remote is not None:
            await self.remote.watch()
        minutes = self._settings.idle_minutes
        limit = (IDLE_MINUTES if minutes is None else minutes) * 60
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
            if self.remote is None:
                await asyncio.gather(spark.warm(), workers.warm())
            else:
                await workers.warm()
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
