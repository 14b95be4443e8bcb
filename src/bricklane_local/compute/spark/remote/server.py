"""A Spark Connect server that somebody else runs, in the place of the cloud's own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from bricklane_local.compute.spark.endpoint import SparkEndpoint
from bricklane_local.compute.spark.errors import SparkError
from bricklane_local.compute.spark.status import LOST, REACHABLE, SparkStatus

if TYPE_CHECKING:
    from bricklane_local.compute.spark.remote.address import RemoteAddress
    from bricklane_local.paths import StatePaths

LOGGER = logging.getLogger(__name__)
REACH_SECONDS = 5.0
# How often it is looked whether it is there, for `bricklane local status`.
LOOK_SECONDS = 5.0


class RemoteSpark:
    """Knows whether a remote Spark is there; it neither starts nor ends one.

    Args:
        paths: of the cloud.
        address: where it is.
        token: what lets the cloud in.
        check: looks whether it is one that serves this cloud, and raises a SparkError if not.
    """

    def __init__(
        self,
        paths: StatePaths,
        address: RemoteAddress,
        token: str,
        check: Callable[[SparkEndpoint], Awaitable[None]],
    ) -> None:
        self._paths = paths
        self._address = address
        self._endpoint = SparkEndpoint(address.port, token, address.host, address.tls)
        self._check = check
        self._fits = False
        self._lock = asyncio.Lock()

    @property
    def name(self) -> str:
        """How messages call it."""
        return self._address.name

    async def ensure(self) -> SparkEndpoint:
        """Return where it is, after a look whether it is there.

        One that has been away may have come back as another, so it is looked at closely again.

        Raises:
            SparkError: when it is not there, or does not serve this cloud.
        """
        async with self._lock:
            try:
                await self._reach()
                if not self._fits:
                    await self._check(self._endpoint)
            except SparkError as error:
                self._note(LOST, error.message)
                raise
            self._note(REACHABLE)
        return self._endpoint

    async def watch(self) -> None:
        """Keep what `bricklane local status` tells true."""
        known = True
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.ensure()
            except SparkError as error:
                if known:
                    LOGGER.warning("%s", error.message)
                known = False
            else:
                known = True

    async def _reach(self) -> None:
        host = self._address.host
        try:
            async with asyncio.timeout(REACH_SECONDS):
                where = "127.0.0.1" if host == "localhost" else host.strip("[]")
                _, writer = await asyncio.open_connection(where, self._address.port)
        except OSError as error:  # a timeout is one, too
            reason = error.strerror or str(error) or f"no answer for {REACH_SECONDS:.0f} s"
            raise SparkError(
                f"The remote Spark {self.name} is not reachable: {reason}",
                hint="start it, or go back to a Spark of this cloud's own: "
                "bricklane local up --spark-remote none",
            ) from None
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _note(self, state: str, problem: str = "") -> None:
        self._fits = state == REACHABLE
        status = SparkStatus(state, 0, self._address.port, self.name, problem)
        if SparkStatus.read(self._paths.spark_status) != status:
            status.write(self._paths.spark_status)
