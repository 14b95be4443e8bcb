"""Listens where Spark Connect will, while Spark is stopped, and has it started for who comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bricklane_local.errors import LocalError

LOGGER = logging.getLogger(__name__)


class Doorbell:
    """Listens on a port of loopback until somebody connects or it is taken down.

    The connection is closed at once: clients of Spark Connect try again, for minutes by default.

    Args:
        port: the port.
        answer: starts Spark; takes this down before, because the port is needed.
    """

    def __init__(self, port: int, answer: Callable[[], Awaitable[object]]) -> None:
        self._port = port
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._answering: asyncio.Task[None] | None = None

    async def hang(self) -> None:
        """Begin to listen; a port that somebody else took meanwhile rings for nobody."""
        try:
            self._server = await asyncio.start_server(self._ring, "127.0.0.1", self._port)
        except OSError:
            self._server = None

    async def _ring(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        if self._answering is None:
            self._answering = asyncio.create_task(self._start())

    async def _start(self) -> None:
        try:
            await self._answer()
        except LocalError as error:
            LOGGER.warning("Spark was not started for a client: %s", error.message)

    def take_down(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()
            self._server = None
