"""A process that runs commands one after another and keeps their state: an execution context.

It connects to the server on loopback, sends the secret of its specification as its first line, and
then answers JSON lines until the connection ends:

- ``{"op": "execute", "id", "language", "command"}`` → ``{"id", "cancelled", "exit_value",
  "record"}``, with the record of a cell as :mod:`bricklane_runtime.notebook.outputs` describes it;
- ``{"op": "cancel", "id"}`` stops a command, which then ends as cancelled.

Commands run in the main thread, where Python raises what interrupts them.
"""

from __future__ import annotations

import contextlib
import json
import queue
import signal
import socket
import threading
from typing import TYPE_CHECKING, Any

from bricklane_runtime.callbacks import connected
from bricklane_runtime.classic.code import plain
from bricklane_runtime.classic.needs import first_need
from bricklane_runtime.notebook.host import Place
from bricklane_runtime.notebook.runner import NotebookRun, TaskHost
from bricklane_runtime.notebook.source import Cell, cell
from bricklane_runtime.results import Outcome
from bricklane_runtime.specification import NotebookTask

if TYPE_CHECKING:
    from bricklane_runtime.task import Task

Message = dict[str, Any]


def serve(task: Task) -> Outcome:
    """Serve the server that has started this process, until it closes the connection."""
    with connected(task, task.specification.execution_context) as connection:
        ExecutionContext(task, connection).serve()
    return Outcome()


class CommandHost(TaskHost):
    """The surroundings of commands: those of a notebook in the user's home.

    Args:
        task: the run.
    """

    number = 0

    def __init__(self, task: Task) -> None:
        home = f"/Users/{task.specification.user}/command"
        super().__init__(task, NotebookTask(path=home, content_file=""))

    def place(self, path: str, index: int, cell: Cell) -> Place:
        """Return where the code of a command is; each has a name of its own."""
        if path != self.path:
            return super().place(path, index, cell)
        return Place(f"<command {self.number}>")


class ExecutionContext:
    """The state that commands share.

    Args:
        task: the run.
        connection: to the server.
    """

    def __init__(self, task: Task, connection: socket.socket) -> None:
        self._task = task
        self._connection = connection
        self._host = CommandHost(task)
        self._notebook = NotebookRun(self._host)
        self._waiting: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._running = ""
        self._cancelled: set[str] = set()

    def serve(self) -> None:
        """Run commands until the connection ends."""
        signal.signal(signal.SIGINT, self._interrupted)
        threading.Thread(target=self._receive, daemon=True).start()
        while (message := self._waiting.get()) is not None:
            answer = self._answer(message)
            line = json.dumps({"id": message["id"], **answer}).encode() + b"\n"
            with contextlib.suppress(OSError):  # the server is gone, which ends the loop
                self._connection.sendall(line)

    def _receive(self) -> None:
        with self._connection.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                message = json.loads(line)
                if message["op"] == "cancel":
                    self._cancel(message["id"])
                else:
                    self._waiting.put(message)
        self._waiting.put(None)

    def _cancel(self, identity: str) -> None:
        self._cancelled.add(identity)
        if self._running == identity:
            main = threading.main_thread().ident
            assert main is not None  # noqa: S101 - it runs
            signal.pthread_kill(main, signal.SIGINT)
            self._task.interrupt()

    def _interrupted(self, *_: object) -> None:
        if self._running in self._cancelled:
            self._running = ""  # raised once: what comes after it is ours
            raise KeyboardInterrupt

    def _settle(self, message: Message) -> None:
        """Have classic Spark from the first command on that needs it, if none has used Spark."""
        session = self._task.session
        if self._task.is_settled or session is None:
            return
        needed = message["language"] == "PYTHON" and first_need([plain(message["command"])])
        if needed and not session.is_connected:
            self._task.settle(classic=True)
            self._host.session = self._task.session
            self._notebook.renew()
            # PySpark has put its own in place.
            signal.signal(signal.SIGINT, self._interrupted)
        elif session.is_connected:
            self._task.settle(classic=False)

    def _answer(self, message: Message) -> Message:
        identity = message["id"]
        self._host.number += 1
        outcome = Outcome()
        try:
            # Not yet running: a start of Java that is interrupted would leave half of PySpark.
            self._settle(message)
            self._running = identity
            if identity not in self._cancelled:
                outcome = self._notebook.run([cell(message["command"], message["language"])])
            self._running = ""
        except KeyboardInterrupt:
            if identity not in self._cancelled:
                raise
        if identity in self._cancelled:
            return {"cancelled": True, "exit_value": None, "record": None}
        value = self._task.redacted(outcome).exit_value
        return {"cancelled": False, "exit_value": value, "record": self._host.recorder.take()}
