"""Runs one task in a child process and writes down what it prints.

The parent (supervisor) does nothing but copy: the task's output goes through a pipe and the
redactor into the log. So the log is complete when the task is killed, crashes in native code or
leaves with ``os._exit``, and printing never waits for a thread that needs the interpreter lock.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Never

from bricklane_runtime.processes import (
    adopt_orphans,
    begin_session,
    die_with_parent,
    end_children,
    end_like,
    kill_group,
    reset_signals,
)
from bricklane_runtime.redaction import StreamRedactor

LOG_LIMIT = 20 * 1024 * 1024
CHUNK = 1 << 16
# How long the beginning of a possible secret may stay unseen while nothing follows it.
QUIET_SECONDS = 0.5


class SecretChannel:
    """The task's way to tell its supervisor which values to hide.

    Args:
        connection: connected to the supervisor.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    def hide(self, value: str) -> None:
        """Hide ``value`` in the log; on return nothing printed later can show it."""
        data = value.encode()
        self._connection.sendall(len(data).to_bytes(4, "big") + data)
        self._connection.recv(1)


class LogFile:
    """A file with what a task printed, cut at a limit.

    Args:
        path: the file, made anew.
        limit: bytes kept.
    """

    def __init__(self, path: Path, limit: int = LOG_LIMIT) -> None:
        self._stream = path.open("wb", buffering=0)
        self._left = limit
        self._limit = limit

    def append(self, data: bytes) -> None:
        """Append what may be shown."""
        if not data or self._left < 0:
            return
        self._stream.write(data[: self._left])
        self._left -= len(data)
        if self._left < 0:
            note = f"\n[output truncated: {self._limit // 1024 // 1024} MB are kept of a run]\n"
            self._stream.write(note.encode())


@dataclass(frozen=True, slots=True)
class Logs:
    """The files for what a task prints, see :mod:`bricklane_runtime.results`.

    Args:
        all: for both streams.
        apart: for standard output and standard error, or None to keep them in one.
    """

    all: Path
    apart: tuple[Path, Path] | None = None

    def opened(self) -> list[list[LogFile]]:
        """Return the files of each pipe that the task needs: of one, or of one for each stream."""
        log = LogFile(self.all)
        return [[log, LogFile(path)] for path in self.apart] if self.apart else [[log]]


class Output:
    """A pipe that the task prints into: what comes out is redacted, and appended to files.

    Args:
        files: where to.
    """

    def __init__(self, files: list[LogFile]) -> None:
        self.read, self.write = os.pipe()
        self.redactor = StreamRedactor()
        self._files = files

    def copy(self) -> bool | None:
        """Copy a piece; return whether there was one, None at the end."""
        try:
            piece = os.read(self.read, CHUNK)
        except BlockingIOError:
            return False
        self._append(self.redactor.feed(piece))
        return bool(piece) or None

    def flush(self) -> None:
        """Append what was kept back as the possible beginning of a secret."""
        self._append(self.redactor.flush())

    def _append(self, data: bytes) -> None:
        for file in self._files:
            file.append(data)


@dataclass(slots=True)
class Supervisor:
    """Waits for a task and everything it prints.

    Args:
        task: process id of the task.
        outputs: what the task prints into.
        channel: the supervisor's end of the secret channel.
        life: a pipe that closes when whoever started the supervisor dies, or None.
    """

    task: int
    outputs: list[Output]
    channel: socket.socket
    life: int | None
    _status: int | None = None
    _pending: bytes = b""
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def wait(self) -> int:
        """Copy output until the task has ended.

        Returns:
            The task's status as :func:`os.waitpid` gives it.
        """
        wake_read, wake_write = os.pipe()
        os.set_blocking(wake_write, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        register = self._selector.register
        register(wake_read, selectors.EVENT_READ, lambda: os.read(wake_read, 512))
        for output in self.outputs:
            os.set_blocking(output.read, False)
            register(output.read, selectors.EVENT_READ, partial(self._copy, output))
        register(self.channel, selectors.EVENT_READ, self._hide)
        if self.life is not None:
            register(self.life, selectors.EVENT_READ, self._abandon)
        while not self._ended():
            waiting = any(output.redactor.waiting for output in self.outputs)
            ready = self._selector.select(QUIET_SECONDS if waiting else None)
            for key, _ in ready:
                key.data()
            if not ready:
                for output in self.outputs:
                    output.flush()
        self._drain()
        assert self._status is not None  # noqa: S101 - _ended() is true only when it is set
        return self._status

    def _ended(self) -> bool:
        if self._status is None:
            pid, status = os.waitpid(self.task, os.WNOHANG)
            if pid:
                self._status = status
        return self._status is not None

    def _copy(self, output: Output) -> bool:
        copied = output.copy()
        if copied is None:
            self._selector.unregister(output.read)
        return bool(copied)

    def _drain(self) -> None:
        for output in self.outputs:
            if output.read in self._selector.get_map():
                # A process left behind may print for ever; what the task itself wrote is one pipe
                # full.
                for _ in range(64):
                    if not self._copy(output):
                        break
            output.flush()

    def _hide(self) -> None:
        data = self.channel.recv(CHUNK)
        if not data:
            self._selector.unregister(self.channel)
            return
        self._pending += data
        while len(self._pending) >= 4:
            end = 4 + int.from_bytes(self._pending[:4], "big")
            if len(self._pending) < end:
                return
            for output in self.outputs:
                output.redactor.add(self._pending[4:end])
            self._pending = self._pending[end:]
            with contextlib.suppress(OSError):  # the task is gone, and so is its wish
                self.channel.sendall(b"\0")

    def _abandon(self) -> None:
        kill_group(os.getpgrp(), signal.SIGKILL)


def run_supervised(
    task: Callable[[SecretChannel], int],
    logs: Logs,
    secrets: tuple[str, ...],
    life: int | None = None,
) -> Never:
    """Run ``task`` in a child of this process, log its output, and end as it ended.

    Args:
        task: what to run; its result is the exit code.
        logs: files for its output.
        secrets: values to hide from the beginning.
        life: a pipe that closes when this process shall give up.
    """
    begin_session()
    adopt_orphans()
    outputs = [Output(files) for files in logs.opened()]
    ours, theirs = socket.socketpair()
    parent = os.getpid()
    # Ignored before the fork: a signal to the group must reach the task, never its supervisor.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        die_with_parent(parent)
        ours.close()
        for output in outputs:
            os.close(output.read)
        if life is not None:
            os.close(life)
        _run_child(task, outputs[0].write, outputs[-1].write, SecretChannel(theirs))
    theirs.close()
    for output in outputs:
        os.close(output.write)
        for value in secrets:
            output.redactor.add(value.encode())
    status = Supervisor(pid, outputs, ours, life).wait()
    end_children()
    end_like(status)
    raise AssertionError("unreachable")


def _run_child(
    task: Callable[[SecretChannel], int], output: int, errors: int, channel: SecretChannel
) -> Never:
    code = 1
    try:
        reset_signals()
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(output, 1)
        os.dup2(errors, 2)
        for descriptor in {nothing, output, errors}:
            os.close(descriptor)
        code = task(channel)
    finally:
        # Finalising the interpreter would also run what the forking process left on its stack.
        os._exit(code)
