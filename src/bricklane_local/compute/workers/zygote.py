"""The connection to one zygote process, and the workers that it started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODULE = "bricklane_runtime.zygote"
# A cold machine reads half a gigabyte of libraries first.
READY_SECONDS = 120.0
STOP_SECONDS = 10.0
TAIL = 4000
# Variables of the server's own environment that would change what runs see or who they are.
WITHHELD = ("BRICKLANE_", "CONDA_", "DATABRICKS_", "PYSPARK_", "PYTHON", "SPARK_", "VIRTUAL_ENV")


class WorkerError(Exception):
    """A worker process cannot be started."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a worker ended; one of the two is None.

    Args:
        exit_code: 0 after success, 1 after a failure, 143 after obeying a SIGTERM.
        signal: number of the signal that killed it.
    """

    exit_code: int | None
    signal: int | None


KILLED = Exit(None, int(signal.SIGKILL))


class Worker:
    """One task's process.

    Args:
        identity: the zygote's name for it.
        zygote: who started it.
    """

    def __init__(self, identity: str, zygote: Zygote) -> None:
        self._identity = identity
        self._zygote = zygote
        loop = asyncio.get_running_loop()
        self.started: asyncio.Future[int] = loop.create_future()
        self.ended: asyncio.Future[Exit] = loop.create_future()

    @property
    def pid(self) -> int:
        """Process id of its supervisor, which leads its process group."""
        return self.started.result()

    async def wait(self) -> Exit:
        """Wait for the end; any number of callers may."""
        return await asyncio.shield(self.ended)

    async def kill(self, grace_seconds: float = 5.0) -> None:
        """Tell the task to stop, and have it killed when it does not.

        Args:
            grace_seconds: time between SIGTERM and SIGKILL; 0 kills at once.
        """
        if not self.ended.done():
            request = {"op": "kill", "id": self._identity, "grace_seconds": grace_seconds}
            await self._zygote.send(request)


class Zygote:
    """A running zygote.

    Args:
        process: its process.
        reader: what it says.
        writer: what it is told.
        log: file with what it prints.
    """

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        log: Path,
    ) -> None:
        self.process = process
        self._reader = reader
        self._writer = writer
        self._log = log
        self._workers: dict[str, Worker] = {}
        self._number = 0
        self._listening = asyncio.create_task(self._listen())
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def launch(cls, python: Path, modules: Path, log: Path, extra: dict[str, str]) -> Zygote:
        """Start a zygote and wait until it is ready.

        Args:
            python: interpreter of the runtime's environment.
            modules: a folder with nothing but the package ``bricklane_runtime``.
            log: file for what it prints.
            extra: environment variables for it and its workers.

        Raises:
            WorkerError: it ended or did not become ready in time.
        """
        ours, theirs = socket.socketpair()
        environment = {**inherited(), "PYTHONPATH": str(modules), **extra}
        with theirs, log.open("ab") as stream:
            try:
                process = await asyncio.create_subprocess_exec(
                    *(str(python), "-P", "-m", MODULE, "--descriptor", str(theirs.fileno())),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=stream,
                    stderr=stream,
                    env=environment,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                raise WorkerError(f"Cannot start {python}: {error.strerror}") from None
        reader, writer = await asyncio.open_connection(sock=ours)
        zygote = cls(process, reader, writer, log)
        try:
            await asyncio.wait_for(asyncio.shield(zygote.ready), READY_SECONDS)
        except TimeoutError:
            await zygote.stop()
            raise WorkerError(
                f"The worker process {python} was not ready after {READY_SECONDS:.0f} s"
            ) from None
        return zygote

    @property
    def alive(self) -> bool:
        """Whether it can start workers."""
        # From the end of what it says until its process has been waited for it listens still.
        return not self._writer.is_closing() and not self._listening.done()

    async def start(self, specification: Path, cold: bool) -> Worker:
        """Start a worker.

        Raises:
            WorkerError: no process could be made, or the zygote ended.
        """
        if not self.alive:
            raise WorkerError(f"The worker process ended: {self._last_words()}")
        self._number += 1
        identity = str(self._number)
        worker = Worker(identity, self)
        self._workers[identity] = worker
        request = {"op": "start", "id": identity, "spec": str(specification), "cold": cold}
        await self.send(request)
        try:
            # Whoever is not waited for any more must not end what is told to all others.
            await asyncio.shield(worker.started)
        except asyncio.CancelledError:
            await worker.kill(grace_seconds=0)
            raise
        return worker

    async def send(self, message: dict[str, Any]) -> None:
        """Tell the zygote something; that it is gone shows elsewhere."""
        if self._writer.is_closing():
            return
        with contextlib.suppress(ConnectionError):
            self._writer.write(json.dumps(message).encode() + b"\n")
            await self._writer.drain()

    async def stop(self) -> None:
        """Kill all workers and end the zygote."""
        self._writer.close()
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            # Its workers' supervisors notice, and kill what they supervise.
            self.process.kill()
            await self.process.wait()
        await self._listening

    async def _listen(self) -> None:
        try:
            while line := await self._reader.readline():
                message = json.loads(line)
                EVENTS[message["event"]](self, message)
        except ConnectionError:
            pass  # the same as the end of the stream
        finally:
            await self._gone()

    async def _gone(self) -> None:
        self._writer.close()
        await self.process.wait()
        error = WorkerError(f"The worker process ended: {self._last_words()}")
        waiting: list[asyncio.Future[Any]] = [self.ready]
        waiting += [worker.started for worker in self._workers.values()]
        for future in waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()  # seen: not everybody waits for it
        for worker in self._workers.values():
            if not worker.ended.done():
                worker.ended.set_result(KILLED)
        self._workers.clear()

    def _last_words(self) -> str:
        with self._log.open("rb") as stream:
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - TAIL))
            text = stream.read().decode("utf-8", "replace").strip()
        return text or f"exit status {self.process.returncode}"

    def _on_ready(self, _message: dict[str, Any]) -> None:
        self.ready.set_result(None)

    def _on_started(self, message: dict[str, Any]) -> None:
        self._workers[message["id"]].started.set_result(message["pid"])

    def _on_failed(self, message: dict[str, Any]) -> None:
        worker = self._workers.pop(message["id"])
        worker.started.set_exception(
            WorkerError(f"No process for the task could be made: {message['message']}")
        )
        worker.started.exception()  # seen: a start that was cancelled waits for it no longer

    def _on_exited(self, message: dict[str, Any]) -> None:
        worker = self._workers.pop(message["id"])
        worker.ended.set_result(Exit(message["exit_code"], message["signal"]))


def inherited() -> dict[str, str]:
    """Return the variables that processes of the runtime get from the server's own.

    The machines of Databricks have the time of UTC, whatever the time is where this one stands.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(WITHHELD)}
    return kept | {"TZ": "UTC"}


EVENTS = {
    "ready": Zygote._on_ready,
    "started": Zygote._on_started,
    "failed": Zygote._on_failed,
    "exited": Zygote._on_exited,
}
