"""The request log: one JSON line a request, which ``bricklane local logs`` shows."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path
from typing import Any

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bricklane_local.store.clock import Clock

# A day of heavy use; the older half goes when the file reaches this size in bytes.
LIMIT = 32 * 1024 * 1024
RECENT = 1000


class RequestLog:
    """Appends to the log file of one cloud and remembers the latest entries.

    Args:
        path: the file, made when absent.
        clock: gives the times.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._clock = clock
        self._file = path.open("ab", buffering=0)
        self.recent: deque[dict[str, Any]] = deque(maxlen=RECENT)

    def add(self, entry: dict[str, Any]) -> None:
        """Write one entry; it holds no headers and no bodies, and so no secrets."""
        self.recent.append(entry)
        self._file.write(orjson.dumps(entry) + b"\n")
        if self._file.tell() > LIMIT:
            self._halve()

    def _halve(self) -> None:
        self._file.close()
        kept = self._path.read_bytes()[-LIMIT // 2 :].partition(b"\n")[2]
        self._path.write_bytes(kept)
        self._file = self._path.open("ab", buffering=0)

    def close(self) -> None:
        """Close the file; nothing can be added afterwards."""
        self._file.close()

    def layer(self, workspace: str, app: ASGIApp) -> ASGIApp:
        """Return ``app`` with every HTTP request of ``workspace`` logged."""

        async def logged(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            started = time.perf_counter()
            status = 0

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, noting)
            finally:
                self.add(
                    {
                        "time": self._clock.now(),
                        "workspace": workspace,
                        "method": scope["method"],
                        "path": scope["path"],
                        "status": status,
                        "ms": round((time.perf_counter() - started) * 1000, 2),
                    }
                )

        return logged
