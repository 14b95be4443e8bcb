"""The time, which tests may move."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Milliseconds since the epoch, shifted by what a test asked for."""

    def __init__(self) -> None:
        self.offset = 0
        self.on_move: list[Callable[[], None]] = []

    def now(self) -> int:
        """Return the current time in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000 + self.offset

    def move(self, milliseconds: int) -> None:
        """Shift the time, and tell who waits for one."""
        self.offset += milliseconds
        for listener in self.on_move:
            listener()
