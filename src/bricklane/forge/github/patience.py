"""How a client behaves when the forge does not answer as it should."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How a client behaves when the forge does not.

    Args:
        attempts: how often a request is repeated after 5xx, 429 or a lost connection.
        connections: how often a connection that is refused is tried again.
        backoff: seconds; the n-th repetition waits ``backoff * 2 ** n``.
        longest: seconds that a single wait asked for by the forge may last.
        timeout: seconds without a byte after which a request counts as lost.
    """

    attempts: int = 6
    connections: int = 4
    backoff: float = 0.3
    longest: float = 120.0
    timeout: int = 30

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before repetition number ``attempt``, counted from 1."""
        return 0.0 if attempt <= 1 else self.backoff * 2.0 ** (attempt - 1)
