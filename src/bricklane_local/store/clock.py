"""The time, which tests may move."""

from __future__ import annotations

import time


class Clock:
    """Milliseconds since the epoch, shifted by what a test asked for."""

    def __init__(self) -> None:
        self.offset = 0

    def now(self) -> int:
        """Return the current time in milliseconds since the epoch."""
        return time.time_ns() // 1_000_000 + self.offset
