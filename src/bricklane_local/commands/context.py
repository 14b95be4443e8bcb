"""An execution context: a process that keeps the state of commands, and the commands sent to it.

The protocol is described in ``bricklane_runtime/execution_context.py``.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

from bricklane_local.commands.results import failed, results
from bricklane_local.errors import LocalError

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool
    from bricklane_local.compute.workers.callbacks import Connection

ENDED = "The execution context has ended"


class ContextStatus(StrEnum):
    """States of a context, as the API names them."""

    PENDING = "Pending"
    RUNNING = "Running"
    ERROR = "Error"


class CommandStatus(StrEnum):
    """States of a command, as the API names them."""

    QUEUED = "Queued"
    RUNNING = "Running"
    CANCELLING = "Cancelling"
    CANCELLED = "Cancelled"
    FINISHED = "Finished"
    ERROR = "Error"


FINAL = (CommandStatus.CANCELLED, CommandStatus.FINISHED, CommandStatus.ERROR)


@dataclass(slots=True)
class Command:
    """A command that was sent.

    Args:
        id: its id.
        language: ``PYTHON`` or ``SQL``.
        text: what to run.
        status: see :class:`CommandStatus`.
        results: as the API answers them, once it has ended.
    """

    id: str
    language: str
    text: str
    status: CommandStatus = CommandStatus.QUEUED
    results: dict[str, Any] | None = None


@dataclass(slots=True)
class Context:
    """A context.

    Args:
        id: its id.
        cluster_id: where.
        cluster_started: when that cluster was started, in milliseconds since the epoch.
        caller: name of whose it is.
        language: ``PYTHON`` or ``SQL``, for commands that name none.
        used: when it was used last, in milliseconds since the epoch.
        status: see :class:`ContextStatus`.
        commands: by id.
        driver: runs it to its end.
        waiting: commands that are yet to run.
        writer: to its process, once there is one.
    """

    id: str
    cluster_id: str
    cluster_started: int
    caller: str
    language: str
    used: int
    status: ContextStatus = ContextStatus.PENDING
    commands: dict[str, Command] = field(default_factory=dict)
    driver: asyncio.Task[None] | None = None
    waiting: asyncio.Queue[Command] = field(default_factory=asyncio.Queue)
    writer: asyncio.StreamWriter | None = None
    _answers: dict[str, asyncio.Future[None]] = field(default_factory=dict)

    @property
    def busy(self) -> bool:
        """Whether a command is yet to end."""
        return any(command.status not in FINAL for command in self.commands.values())

    async def serve(self, workspace: Workspace, pool: ComputePool, connection: Connection) -> None:
        """Run commands one after another, until the process ends.

        Args:
            workspace: whose cluster is in use meanwhile.
            pool: whose places commands take while they run.
            connection: to the process.

        Raises:
            LocalError: when it has ended.
        """
        reader, self.writer = connection
        self.status = ContextStatus.RUNNING
        ended = asyncio.create_task(self._read(reader))
        try:
            while True:
                following = asyncio.create_task(self.waiting.get())
                await asyncio.wait({ended, following}, return_when=asyncio.FIRST_COMPLETED)
                if not following.done():
                    following.cancel()
                    raise LocalError(ENDED)
                command = following.result()
                async with workspace.activity.kept(self.cluster_id), pool.place(nested=False):
                    workspace.view.refresh()
                    await self._run(command, ended)
        finally:
            ended.cancel()
            self.writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            answer = orjson.loads(line)
            self._end(self.commands[answer["id"]], answer)

    async def _run(self, command: Command, ended: asyncio.Task[None]) -> None:
        if command.status in FINAL:
            return
        command.status = CommandStatus.RUNNING
        done = self._answers[command.id] = asyncio.get_running_loop().create_future()
        wanted = {"id": command.id, "language": command.language, "command": command.text}
        self._send({"op": "execute", **wanted})
        await asyncio.wait({ended, done}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            raise LocalError(f"The Python process of the execution context {self.id} has ended")

    def _end(self, command: Command, answer: dict[str, Any]) -> None:
        if answer["cancelled"] or command.status is CommandStatus.CANCELLING:
            command.status = CommandStatus.CANCELLED
        else:
            command.status, command.results = CommandStatus.FINISHED, results(answer)
        self._answers.pop(command.id).set_result(None)

    def cancel(self, command: Command) -> None:
        """Stop a command unless it has ended."""
        if command.status is CommandStatus.QUEUED:
            command.status = CommandStatus.CANCELLED
        elif command.status is CommandStatus.RUNNING:
            command.status = CommandStatus.CANCELLING
            self._send({"op": "cancel", "id": command.id})

    def fail(self, message: str) -> None:
        """Note that the process is gone, and what that did to its commands."""
        self.status = ContextStatus.ERROR
        for command in self.commands.values():
            if command.status is CommandStatus.CANCELLING:
                command.status = CommandStatus.CANCELLED
            elif command.status not in FINAL:
                command.status, command.results = CommandStatus.ERROR, failed(message)

    def _send(self, message: dict[str, Any]) -> None:
        assert self.writer is not None  # noqa: S101 - commands run in its process only
        self.writer.write(orjson.dumps(message) + b"\n")
