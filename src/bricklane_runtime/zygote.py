"""Starts task workers by forking a process that has the slow imports behind it.

Protocol: JSON lines over one end of a socket pair, whose other end the server holds; so nobody else
can connect, and the zygote cannot outlive the server unnoticed.

- ``{"op": "start", "id": ID, "spec": PATH, "cold": false}`` starts a worker; answers are
  ``{"event": "started", "id", "pid"}``, later ``{"event": "exited", "id", "exit_code", "signal"}``
  (one of the two is null), or ``{"event": "failed", "id", "message"}`` when no process could be
  made. ``cold`` starts a fresh interpreter, for environments that replace preloaded packages.
- ``{"op": "kill", "id": ID, "grace_seconds": S}`` sends SIGTERM to the worker's process group, and
  SIGKILL after the grace.
- ``{"event": "ready"}`` comes once, when the imports are done.

When the socket closes, all workers are killed and the zygote ends.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import selectors
import signal
import socket
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

from bricklane_runtime.processes import (
    adopt_orphans,
    begin_session,
    end_children,
    kill_group,
    reset_signals,
)
from bricklane_runtime.worker import supervise

# What nearly every run imports, and what takes long. None of them may open a gRPC channel or start
# a thread: a fork copies neither.
PRELOADED = (
    "pyspark.sql.connect.session",
    "pyspark.sql.connect.dataframe",
    "pyspark.sql.connect.functions",
    "pyspark.sql.functions",
    "pyspark.sql.types",
    "pandas",
    "pyarrow.csv",
    "pyarrow.dataset",
    "pyarrow.parquet",
    "requests",
    "IPython.core.interactiveshell",
    "bricklane_runtime.classic.session",
    "bricklane_runtime.notebook.runner",
    "bricklane_runtime.programs",
)


@dataclass(slots=True)
class Child:
    """A worker.

    Args:
        pid: its supervisor, which leads the process group.
        kill_at: when to send SIGKILL, by the monotonic clock, or None.
    """

    pid: int
    kill_at: float | None = None


class Zygote:
    """Forks workers for one connected server.

    Args:
        connection: the server.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._received = b""
        self._children: dict[str, Child] = {}
        self._life_read, self._life_write = os.pipe()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_write, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection, selectors.EVENT_READ)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._open = True

    def serve(self) -> None:
        """Obey the server until it goes, then kill what is left."""
        adopt_orphans()
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._close)
        signal.signal(signal.SIGINT, self._close)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        self._send({"event": "ready"})
        while self._open:
            for key, _ in self._selector.select(self._patience()):
                if key.fileobj is self._connection:
                    self._receive()
                else:
                    os.read(self._wake_read, 512)
            self._reap()
            self._kill_overdue()
        for child in self._children.values():
            kill_group(child.pid, signal.SIGKILL)
        end_children()

    def _close(self, *_: object) -> None:
        self._open = False

    def _patience(self) -> float | None:
        times = [child.kill_at for child in self._children.values() if child.kill_at is not None]
        return max(0.0, min(times) - time.monotonic()) if times else None

    def _receive(self) -> None:
        try:
            data = self._connection.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            self._open = False
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            OPERATIONS[message["op"]](self, message)

    def _start(self, message: dict[str, Any]) -> None:
        identity = message["id"]
        try:
            pid = self._fork(Path(message["spec"]), bool(message.get("cold")))
        except OSError as error:
            self._send({"event": "failed", "id": identity, "message": str(error)})
            return
        self._children[identity] = Child(pid)
        self._send({"event": "started", "id": identity, "pid": pid})

    def _fork(self, specification: Path, cold: bool) -> int:
        ready_read, ready_write = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become_worker(specification, cold, ready_write)
        os.close(ready_write)
        os.read(ready_read, 1)  # until then the process group does not exist and cannot be killed
        os.close(ready_read)
        return pid

    def _become_worker(self, specification: Path, cold: bool, ready: int) -> Never:
        try:
            begin_session()
            os.close(ready)
            reset_signals()
            self._selector.close()
            self._connection.close()
            for descriptor in (self._life_write, self._wake_read, self._wake_write):
                os.close(descriptor)
            if cold:
                self._replace(specification)
            supervise(specification, self._life_read)
        except BaseException as error:
            print(f"worker could not start: {error}", file=sys.stderr, flush=True)  # noqa: T201
        finally:
            os._exit(1)

    def _replace(self, specification: Path) -> None:
        os.set_inheritable(self._life_read, True)
        module = "bricklane_runtime.worker"
        options = [str(specification), "--life", str(self._life_read)]
        os.execv(sys.executable, [sys.executable, "-P", "-m", module, *options])  # noqa: S606

    def _kill(self, message: dict[str, Any]) -> None:
        child = self._children.get(message["id"])
        if child is None:
            return  # it ended while the message was on its way
        grace = float(message.get("grace_seconds", 0))
        if grace > 0:
            kill_group(child.pid, signal.SIGTERM)
        child.kill_at = time.monotonic() + grace

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for child in self._children.values():
            if child.kill_at is not None and child.kill_at <= now:
                kill_group(child.pid, signal.SIGKILL)
                child.kill_at = None

    def _reap(self) -> None:
        for identity, child in list(self._children.items()):
            flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
            if os.waitid(os.P_PID, child.pid, flags) is None:
                continue
            # Before the leader is reaped its group id cannot belong to anybody else.
            kill_group(child.pid, signal.SIGKILL)
            _, status = os.waitpid(child.pid, 0)
            code = os.waitstatus_to_exitcode(status)
            del self._children[identity]
            # A killed supervisor could not end what its task had put into other groups.
            end_children(known={other.pid for other in self._children.values()})
            event = {"exit_code": code, "signal": None}
            if code < 0:
                event = {"exit_code": None, "signal": -code}
            self._send({"event": "exited", "id": identity, **event})

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._connection.sendall(json.dumps(message).encode() + b"\n")
        except ConnectionError:
            self._open = False


OPERATIONS = {"start": Zygote._start, "kill": Zygote._kill}


def preload() -> None:
    """Import what runs need, and keep it out of the garbage collector's way."""
    for name in PRELOADED:
        __import__(name)
    # numpy's OpenBLAS has threads, and handlers that make them anew in a fork.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    gc.collect()
    gc.freeze()  # a collection in a child would otherwise copy every page


def main(arguments: list[str]) -> int:
    """Run the zygote until its server goes."""
    parser = argparse.ArgumentParser(prog="bricklane_runtime.zygote")
    parser.add_argument("--descriptor", required=True, type=int, help="of a connected socket")
    options = parser.parse_args(arguments)
    connection = socket.socket(fileno=options.descriptor)
    os.set_inheritable(options.descriptor, False)
    preload()
    Zygote(connection).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
