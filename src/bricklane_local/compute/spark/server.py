"""The one Spark process of a cloud, serving all its workspaces over Spark Connect."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
import signal
from typing import TYPE_CHECKING, Any, TypeVar

from bricklane_local.compute.spark.class_archive import read_or_write_archive
from bricklane_local.compute.spark.doorbell import Doorbell
from bricklane_local.compute.spark.endpoint import SparkEndpoint
from bricklane_local.compute.spark.errors import SparkError
from bricklane_local.compute.spark.launching import java_command, write_private
from bricklane_local.compute.spark.plugin_jar import ensure_plugin
from bricklane_local.compute.spark.settings import (
    LASTING,
    java_options,
    log_configuration,
    properties_file,
    spark_properties,
)
from bricklane_local.compute.spark.status import IDLE, RUNNING, STARTING, STOPPED, SparkStatus

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bricklane_local.compute.spark.installation import SparkInstallation
    from bricklane_local.paths import StatePaths

_T = TypeVar("_T")
_MAIN = "bricklane.spark.Server"
# Spark's own variable would make it let in nobody with another token, before ours is asked.
_TOKEN_VARIABLE = "BRICKLANE_SPARK_TOKEN"  # noqa: S105  # a name, not a token
_START_SECONDS = 120.0
_STOP_SECONDS = 10.0
_LOG_LINES = 15


class SparkServer:
    """Starts the Spark process when it is first needed, watches it and ends it.

    The process ends with this one, even if this one is killed: it reads its standard input, whose
    other end is here, until it is closed.

    Args:
        installation: the Spark to run.
        paths: the cloud's folders.
        memory_megabytes: heap of the process.
        cache: folder for the compiled plugin; by default one beside Spark, for all clouds.
        overrides: Spark settings that replace ours.
    """

    def __init__(
        self,
        installation: SparkInstallation,
        paths: StatePaths,
        *,
        memory_megabytes: int = 2048,
        cache: Path | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self._installation = installation
        self._paths = paths
        self._memory = memory_megabytes
        self._cache = cache or installation.directory / "plugin"
        self._overrides = dict(overrides or {})
        self._token = secrets.token_urlsafe(32)
        self._port = 0
        self._process: asyncio.subprocess.Process | None = None
        self._drain: asyncio.Task[None] | None = None
        self._warm: asyncio.Future[None] | None = None
        self._idle: asyncio.Future[float] | None = None
        self._doorbell: Doorbell | None = None
        self._lock = asyncio.Lock()
        self._compiling = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Process id, None while there is no process."""
        return self._process.pid if self._process and self.is_running else None

    @property
    def is_running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.returncode is None

    @property
    def log(self) -> Path:
        """The file in which Spark logs."""
        return self._paths.logs / "spark.log"

    @property
    def output(self) -> Path:
        """The file with everything else the process prints, such as a crash."""
        return self._paths.logs / "spark.out"

    @property
    def _scratch(self) -> Path:
        return self._paths.spark / "scratch"

    @property
    def _temporary(self) -> Path:
        return self._scratch / "tmp"

    @property
    def installation(self) -> SparkInstallation:
        """The Spark that is run."""
        return self._installation

    async def plugin(self) -> Path:
        """Return the compiled plugin.

        Raises:
            SparkError: when the compiler fails.
        """
        # The lock of the compiler is one between processes.
        async with self._compiling:
            return await ensure_plugin(self._installation, self._cache)

    async def ensure(self) -> SparkEndpoint:
        """Return the running process's address, starting or restarting the process if needed.

        Many callers may ask at once; one start serves them all. After a restart the port is the
        old one unless somebody else took it. Sessions of the old process are gone.

        Raises:
            SparkError: when the process does not come up.
        """
        async with self._lock:
            if not self.is_running:
                await self._start()
        return SparkEndpoint(self._port, self._token)

    async def start(self) -> SparkEndpoint:
        """Start the process; the same as :meth:`ensure`."""
        return await self.ensure()

    async def warm(self) -> None:
        """Make the first query of a user as fast as later ones, by running some before.

        Raises:
            SparkError: when the process does not come up or ends meanwhile.
        """
        await self.ensure()
        process = self._process
        if process is None or process.stdin is None:
            raise self._ended("before it was warm")
        if self._warm is None:
            self._warm = asyncio.get_running_loop().create_future()
            process.stdin.write(b"warm\n")
            with contextlib.suppress(ConnectionError):
                await process.stdin.drain()
        await self._answered(process, self._warm, "before it was warm")

    async def stop(self) -> None:
        """End the process and what it started; no process is left when this returns."""
        async with self._lock:
            self._silence()
            if self._process is not None:
                await self._leave(STOPPED)

    async def idle_seconds(self) -> float:
        """Return how long nobody has used the process: no job ran, and no client called.

        Raises:
            SparkError: when the process is not there or ends meanwhile.
        """
        process = self._process
        if process is None or process.stdin is None or not self.is_running:
            raise self._ended("before it could say whether it is used")
        self._idle = asyncio.get_running_loop().create_future()
        process.stdin.write(b"idle\n")
        return await self._answered(process, self._idle, "while it was asked whether it is used")

    async def _answered(
        self, process: asyncio.subprocess.Process, answer: asyncio.Future[_T], when: str
    ) -> _T:
        """Return what the process answers; one that ends without an answer is an error."""
        ended = asyncio.create_task(process.wait())
        either: set[asyncio.Future[Any]] = {answer, ended}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not answer.done():
            raise self._ended(when)
        return answer.result()

    async def rest(self) -> None:
        """End the process until the next use: a call of :meth:`ensure`, or a client at its port."""
        async with self._lock:
            if self._process is None:
                return
            await self._leave(IDLE)
            self._doorbell = Doorbell(self._port, self.ensure)
            await self._doorbell.hang()

    async def _leave(self, state: str) -> None:
        if self._process is not None:
            await self._end(self._process)
        self._process = None
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._tell(state)

    def _silence(self) -> None:
        if self._doorbell is not None:
            self._doorbell.take_down()
            self._doorbell = None

    def _tell(self, state: str) -> None:
        SparkStatus(state, self.pid or 0, self._port).write(self._paths.spark_status)

    async def _start(self) -> None:
        self._silence()
        self._tell(STARTING)
        plugin = await self.plugin()
        await self._reap()
        argv = await asyncio.to_thread(self._prepare, plugin)
        with self.output.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=output,
                cwd=self._paths.spark,
                env=self._environment(),
                start_new_session=True,  # so that a Ctrl-C in the terminal reaches the server only
            )
        self._warm = None
        try:
            async with asyncio.timeout(_START_SECONDS):
                self._port = await self._ready(self._process)
        except TimeoutError:
            await self._end(self._process)
            raise self._ended(f"without being ready after {_START_SECONDS:.0f} s") from None
        except BaseException:
            # Before it is ready it has nothing to lose, and does not listen either.
            _signal_group(self._process.pid, signal.SIGKILL)
            await self._end(self._process)
            raise
        self._drain = asyncio.create_task(self._follow(self._process))
        self._tell(RUNNING)

    async def _ready(self, process: asyncio.subprocess.Process) -> int:
        if process.stdout is None:
            raise self._ended("without an output")
        line = (await process.stdout.readline()).decode().split()
        if len(line) != 2 or line[0] != "ready":
            await process.wait()
            raise self._ended("before it was ready")
        return int(line[1])

    async def _follow(self, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        while line := (await process.stdout.readline()).decode():
            answer, _, rest = line.strip().partition(" ")
            if answer == "idle":
                if self._idle is not None and not self._idle.done():
                    self._idle.set_result(int(rest) / 1000)
            elif self._warm is None or self._warm.done():
                continue
            elif answer == "warm":
                self._warm.set_result(None)
            elif answer == "cold":
                self._warm.set_exception(
                    SparkError(f"Spark's first query failed: {rest}", hint=self._log_hint())
                )

    def _prepare(self, plugin: Path) -> list[str]:
        spark = self._paths.spark
        # What a process left that was killed; there is one process at a time.
        shutil.rmtree(self._scratch, ignore_errors=True)
        for folder in (
            spark,
            self._scratch,
            self._temporary,
            spark / "warehouse",
            self._paths.logs,
        ):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        properties = spark_properties(
            self._installation, self._paths, port=self._port, overrides=self._overrides
        )
        settings = write_private(spark / "spark.properties", properties_file(properties))
        logging = write_private(spark / "log4j2.properties", log_configuration(self.log))
        options = java_options(
            memory_megabytes=self._memory,
            log_settings=logging,
            temporary=self._temporary,
            compilation=LASTING,
        )
        options += read_or_write_archive(plugin.with_suffix(".jsa"))
        command = java_command(self._installation, plugin, options, spark / "java.arguments")
        return [*command, _MAIN, str(settings)]

    def _environment(self) -> dict[str, str]:
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("SPARK_", "PYSPARK_", "DATABRICKS_", "JAVA_TOOL_OPTIONS"))
        }
        return {
            **inherited,
            _TOKEN_VARIABLE: self._token,
            "TMPDIR": str(self._temporary),  # of the Python workers of user-defined functions
            "JAVA_HOME": str(self._installation.java_home),
            "PYSPARK_PYTHON": str(self._installation.python),
        }

    async def _reap(self) -> None:
        if self._drain is not None:
            self._drain.cancel()
            self._drain = None
        if self._process is not None:
            # Workers of user-defined functions are in its group and may outlive it.
            _signal_group(self._process.pid, signal.SIGKILL)

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            pass
        _signal_group(process.pid, signal.SIGKILL)
        await process.wait()
        if self._drain is not None:
            await asyncio.gather(self._drain, return_exceptions=True)
            self._drain = None

    def _ended(self, when: str) -> SparkError:
        lines = [line for file in (self.output, self.log) for line in _tail(file)]
        said = "\n".join(lines[-_LOG_LINES:])
        return SparkError(
            f"Spark ended {when}." + (f" It said last:\n{said}" if said else ""),
            hint=self._log_hint(),
        )

    def _log_hint(self) -> str:
        return f"The whole log is {self.log}, other output {self.output}."


def _tail(file: Path) -> list[str]:
    if not file.is_file():
        return []
    return file.read_text(encoding="utf-8", errors="replace").splitlines()[-_LOG_LINES:]


def _signal_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
