"""A process that holds the Spark sessions of one principal and runs statements in them.

It connects to the server on loopback, sends the secret of its specification as its first line, and
then answers JSON lines until the connection ends:

- ``{"op": "open", "session", "catalog", "schema", "conf", "settings"}`` → ``{"event": "opened",
  "session", "error"}``; ``conf`` is the workspace's, ``settings`` are the client's.
  With ``schema_may_come`` a schema that does not exist is entered once it does; until then the
  session is in the one that the catalog begins with.
- ``{"op": "execute", "session", "id", …}``, see :class:`bricklane_runtime.sql.execution.Request` →
  ``{"event": "ended", "id", "error"}``; statements run side by side.
- ``{"op": "cancel", "session", "id"}`` stops a statement, which then ends with an error.
- ``{"op": "close", "session"}`` forgets a session.

``error`` is null, or ``{"type", "message", "sql_state"}``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.errors import AnalysisException

from bricklane_runtime.callbacks import connected
from bricklane_runtime.failures import failure
from bricklane_runtime.pipelines.single import CANCELLED
from bricklane_runtime.results import Outcome
from bricklane_runtime.session import RunSession, quoted
from bricklane_runtime.sql.execution import Request, execute
from bricklane_runtime.sql.results import STATEMENT
from bricklane_runtime.sql.timelimit import TimeLimit

if TYPE_CHECKING:
    from bricklane_runtime.task import Task


def serve(task: Task) -> Outcome:
    """Serve the server that has started this process, until it closes the connection."""
    with connected(task, task.specification.sql_worker) as connection:
        Worker(task, connection).serve()
    return Outcome()


class Worker:
    """The sessions of one process.

    Args:
        task: says where Spark is, and as whom.
        connection: to the server.
    """

    def __init__(self, task: Task, connection: socket.socket) -> None:
        self._task = task
        self._connection = connection
        self._sending = threading.Lock()
        self._sessions: dict[str, RunSession] = {}
        self._cancelled: set[str] = set()
        self._coming: dict[str, str] = {}
        self._limits: dict[str, TimeLimit] = {}

    def serve(self) -> None:
        """Answer messages until the connection ends."""
        with self._connection.makefile("r", encoding="utf-8") as lines:
            for line in lines:
                message = json.loads(line)
                operate = OPERATIONS[message["op"]]
                threading.Thread(target=operate, args=(self, message), daemon=True).start()

    def _send(self, message: dict[str, Any]) -> None:
        line = json.dumps(self._task.vault.redactor.data(message)).encode() + b"\n"
        with self._sending, contextlib.suppress(OSError):  # the server is gone, and so is its wish
            self._connection.sendall(line)

    def _open(self, message: dict[str, Any]) -> None:
        name = message["session"]
        answer = {"event": "opened", "session": name, "error": None}
        try:
            self._sessions[name] = self._session(message)
        except Exception as error:
            answer["error"] = described(error)
        self._send(answer)

    def _session(self, message: dict[str, Any]) -> RunSession:
        specification = self._task.specification
        catalog, schema = message.get("catalog"), message.get("schema")
        spark = dataclasses.replace(specification.spark, conf=message.get("conf") or {})
        session = RunSession(
            dataclasses.replace(specification, spark=spark, catalog=catalog or "", schema="")
        )
        settings = message.get("settings") or {}
        self._limits[message["session"]] = TimeLimit.of(settings)
        for key, value in settings.items():
            session.conf.set(key, value)
        if schema and not self._use(session, schema):
            if not message.get("schema_may_come"):
                session.sql(f"USE SCHEMA {quoted(schema)}")
            self._coming[message["session"]] = schema
        return session

    @staticmethod
    def _use(session: RunSession, schema: str) -> bool:
        """Make a schema the current one; say whether it is there."""
        try:
            session.sql(f"USE SCHEMA {quoted(schema)}")
        except AnalysisException as error:
            if error.getCondition() != "SCHEMA_NOT_FOUND":
                raise
            return False
        return True

    def _enter(self, name: str, session: RunSession, statement: str) -> None:
        """Enter a schema that was not there when the session began, as soon as it is."""
        schema = self._coming.get(name)
        chosen = statement.lstrip().upper().startswith("USE ")
        if schema is not None and (chosen or self._use(session, schema)):
            self._coming.pop(name, None)

    def _execute(self, message: dict[str, Any]) -> None:
        name, number = message["session"], message["id"]
        answer: dict[str, Any] = {"event": "ended", "id": number, "error": None}
        # The variables of a context are this thread's alone.
        CANCELLED.set(lambda: number in self._cancelled)
        limit = self._limits.setdefault(name, TimeLimit())
        timer = limit.timer(message["statement"], lambda: self._cancel(message))
        try:
            self._carry_out(message, limit)
        except Exception as error:
            answer["error"] = described(error)
        finally:
            timer.stop()
        if timer.is_over and not Path(message["folder"], STATEMENT).exists():
            answer["error"] = described(timer.failure())
        self._send(answer)

    def _carry_out(self, message: dict[str, Any], limit: TimeLimit) -> None:
        name, number = message["session"], message["id"]
        session = self._sessions[name]
        session.addTag(number)  # of this thread alone
        if number not in self._cancelled:
            self._enter(name, session, message["statement"])
            limit.note(message["statement"])
        if number not in self._cancelled:
            execute(session, Request.of(message), self._task.vault.redactor.values)

    def _cancel(self, message: dict[str, Any]) -> None:
        self._cancelled.add(message["id"])
        session = self._sessions.get(message["session"])
        if session is not None and session.is_connected:
            with contextlib.suppress(Exception):  # it has ended, or will end with its session
                session.interruptTag(message["id"])

    def _close(self, message: dict[str, Any]) -> None:
        session = self._sessions.pop(message["session"], None)
        self._limits.pop(message["session"], None)
        if session is not None:
            with contextlib.suppress(Exception):  # Spark forgets idle sessions by itself
                session.stop()


OPERATIONS = {
    "open": Worker._open,
    "execute": Worker._execute,
    "cancel": Worker._cancel,
    "close": Worker._close,
}


def described(error: Exception) -> dict[str, Any]:
    """Return an error as the server gets it."""
    found = failure(error)
    state = getattr(error, "getSqlState", None)
    return {
        "type": found.type,
        "message": found.message,
        "sql_state": state() if callable(state) else None,
    }
