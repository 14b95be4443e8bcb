"""Connections that processes of ours make back to this one.

A process reaches this one over loopback and is known by a secret, which its specification (0600,
removed once read) holds.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Coroutine
from typing import Any

from bricklane_local.errors import LocalError

LOOPBACK = "127.0.0.1"
# Of one message; the longest are errors that show a plan, and what a command printed.
LINE_LIMIT = 64 * 1024 * 1024
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class WorkerEndedError(LocalError):
    """A process ended, or could not be started."""


class Callbacks:
    """Waits for processes that connect."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._expected: dict[str, asyncio.Future[Connection]] = {}

    async def expect(self) -> dict[str, Any]:
        """Return what a process must be told to connect: ``host``, ``port`` and ``secret``."""
        if self._server is None:
            self._server = await asyncio.start_server(self._admit, LOOPBACK, 0, limit=LINE_LIMIT)
        port: int = self._server.sockets[0].getsockname()[1]
        secret = secrets.token_hex(32)
        self._expected[secret] = asyncio.get_running_loop().create_future()
        return {"host": LOOPBACK, "port": port, "secret": secret}

    async def connected(
        self, told: dict[str, Any], run: Coroutine[Any, Any, None], what: str
    ) -> tuple[asyncio.Task[None], Connection]:
        """Run a process and wait until it has connected.

        Args:
            told: what :meth:`expect` returned for it.
            run: runs the process to its end.
            what: the process does, for the message.

        Returns:
            The task that runs the process, and the connection.

        Raises:
            WorkerEndedError: it ended before.
            LocalError: when it could not be started.
        """
        expected = self._expected[told["secret"]]
        process = asyncio.create_task(run)
        try:
            either: set[asyncio.Future[Any]] = {process, expected}
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if not expected.done():
                await process
                raise WorkerEndedError(f"The process that runs {what} ended while it started")
            return process, expected.result()
        except asyncio.CancelledError:
            process.cancel()
            await asyncio.gather(process, return_exceptions=True)
            raise
        finally:
            self._expected.pop(told["secret"], None)

    async def _admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ValueError, OSError):
            given = (await reader.readline()).strip().decode("ascii", "replace")
            for secret, expected in list(self._expected.items()):
                if hmac.compare_digest(secret, given) and not expected.done():
                    expected.set_result((reader, writer))
                    return
        writer.close()

    def close(self) -> None:
        """Stop waiting."""
        if self._server is not None:
            self._server.close()
