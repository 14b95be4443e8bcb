"""The processes that run statements: one for each principal who uses the workspace's warehouses.

A worker holds one Spark session for each session of a client, and ends when it has had none for a
while. The protocol is described in ``bricklane_runtime/sql/worker.py``.
"""

from __future__ import annotations

import asyncio
import shutil
import uuid
from typing import TYPE_CHECKING, Any

import orjson

from bricklane_local.compute.workers.callbacks import Callbacks, Connection, WorkerEndedError

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.compute.pool import ComputePool
    from bricklane_local.compute.spark.endpoint import SparkEndpoint
    from bricklane_local.identity.principals import Principal

IDLE_SECONDS = 120.0
GRACE_SECONDS = 5.0
Message = dict[str, Any]


class SqlWorker:
    """One process.

    Args:
        process: runs it to its end.
        connection: to it.
        spark: where its sessions are.
    """

    def __init__(
        self,
        process: asyncio.Task[None],
        connection: Connection,
        spark: SparkEndpoint,
    ) -> None:
        self.spark = spark
        self._process = process
        self._reader, self._writer = connection
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._sessions: set[str] = set()
        self._idle: asyncio.TimerHandle | None = None
        self.alive = True
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                message = orjson.loads(line)
                name = message.get("id") or message["session"]
                waiting = self._waiting.pop(name, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(message)
        finally:
            self.alive = False
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(
                        WorkerEndedError("The process that ran the statements has ended")
                    )
            self._writer.close()

    def _send(self, message: Message) -> None:
        self._writer.write(orjson.dumps(message) + b"\n")

    async def _ask(self, name: str, message: Message) -> Message | None:
        """Send a message and return the error that the worker answers, if any."""
        if not self.alive:
            raise WorkerEndedError("The process that ran the statements has ended")
        self._waiting[name] = asyncio.get_running_loop().create_future()
        self._send(message)
        try:
            answer = await self._waiting[name]
        finally:
            self._waiting.pop(name, None)
        error: Message | None = answer["error"]
        return error

    async def open(self, wanted: Message) -> tuple[str, Message | None]:
        """Open a session; return its name, and the error that it met.

        Args:
            wanted: ``catalog``, ``schema``, ``conf`` and ``settings``.
        """
        name = uuid.uuid4().hex
        self._sessions.add(name)
        if self._idle is not None:
            self._idle.cancel()
        return name, await self._ask(name, {**wanted, "op": "open", "session": name})

    async def execute(self, session: str, request: Message) -> Message | None:
        """Run a statement to its end; return its error, if it met one."""
        return await self._ask(request["id"], {**request, "op": "execute", "session": session})

    def cancel(self, session: str, statement_id: str) -> None:
        """Stop a statement."""
        if self.alive:
            self._send({"op": "cancel", "session": session, "id": statement_id})

    def close(self, session: str) -> None:
        """Close a session; the process ends when it has had none for a while."""
        self._sessions.discard(session)
        if self.alive:
            self._send({"op": "close", "session": session})
            if not self._sessions:
                loop = asyncio.get_running_loop()
                self._idle = loop.call_later(IDLE_SECONDS, self._expire)

    def _expire(self) -> None:
        if not self._sessions:
            self.alive = False
            self._writer.close()

    async def stop(self) -> None:
        """End the process."""
        if self._idle is not None:
            self._idle.cancel()
        self._process.cancel()
        self._reading.cancel()
        await asyncio.gather(self._process, self._reading, return_exceptions=True)


class SqlWorkers:
    """The workers of one workspace.

    Args:
        workspace: which.
        pool: Spark and processes.
    """

    def __init__(self, workspace: Workspace, pool: ComputePool) -> None:
        self._workspace = workspace
        self._pool = pool
        self._root = workspace.cloud.paths.sql_workers(workspace.name)
        self._callbacks = Callbacks()
        self._workers: dict[str, asyncio.Task[SqlWorker]] = {}

    async def of(self, caller: Principal) -> SqlWorker:
        """Return the worker of a principal, started if need be, and so is Spark.

        Raises:
            LocalError: when Spark or the process cannot be started.
        """
        spark, name = await self._pool.spark(), caller.user_name
        starting = self._workers.get(name)
        if starting is None or not _usable(starting, spark):
            starting = asyncio.create_task(self._start(caller))
            self._workers[name] = starting
        # Whoever waits may be cancelled; the worker is for others too.
        return await asyncio.shield(starting)

    async def _start(self, caller: Principal) -> SqlWorker:
        from bricklane_local.compute.specification import common

        spark, _ = await asyncio.gather(self._pool.spark(), self._workspace.cloud.samples.ready())
        told = await self._callbacks.expect()
        tokens = self._workspace.cloud.tokens
        token = tokens.issue_run(self._workspace.name, caller, 0)
        folder = self._root / uuid.uuid4().hex
        folder.mkdir(parents=True)
        specification = common(self._workspace, folder, token, caller.user_name, spark) | {
            "kind": "sql_worker",
            "working_directory": str(folder),
            "sql_worker": told,
        }

        async def run() -> None:
            try:
                await self._pool.run(specification, cold=False, grace=GRACE_SECONDS)
            finally:
                tokens.revoke_run(token)
                shutil.rmtree(folder, ignore_errors=True)

        process, connection = await self._callbacks.connected(told, run(), "statements")
        return SqlWorker(process, connection, spark)

    async def stop(self) -> None:
        """End all processes."""
        self._callbacks.close()
        for starting in self._workers.values():
            if starting.done() and not starting.cancelled() and starting.exception() is None:
                await starting.result().stop()
            else:
                starting.cancel()
        await asyncio.gather(*self._workers.values(), return_exceptions=True)


def _usable(starting: asyncio.Task[SqlWorker], spark: SparkEndpoint) -> bool:
    """Say whether a worker can be used, which one of a Spark that has died cannot."""
    if not starting.done():
        return True
    if starting.cancelled() or starting.exception() is not None:
        return False
    worker = starting.result()
    return worker.alive and worker.spark == spark
