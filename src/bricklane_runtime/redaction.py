"""Replaces secret values by ``[REDACTED]`` in everything a run shows.

Source: https://docs.databricks.com/en/security/secrets/redaction.html (secrets read through
``dbutils`` are replaced when their literal value appears in an output).
"""

from __future__ import annotations

MARK = "[REDACTED]"
# A value of one or two characters would blank out half of every log without hiding anything.
SHORTEST = 3


class Redactor:
    """The set of values that must not be seen.

    Args:
        values: the values to begin with.
    """

    def __init__(self, *values: str) -> None:
        self._values: list[str] = []
        for value in values:
            self.add(value)

    def add(self, value: str) -> bool:
        """Hide a value from now on.

        Returns:
            Whether it is new; values too short to hide anything are never added.
        """
        if len(value) < SHORTEST or value in self._values:
            return False
        # Longest first, so that a value within another does not leave the rest of it behind.
        self._values = sorted([*self._values, value], key=len, reverse=True)
        return True

    def text(self, text: str) -> str:
        """Return ``text`` without secret values."""
        for value in self._values:
            if value in text:
                text = text.replace(value, MARK)
        return text

    def data(self, value: object) -> object:
        """Return JSON data without secret values in its texts and keys."""
        if not self._values:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.data(item) for item in value]
        return value

    @property
    def values(self) -> tuple[str, ...]:
        """The values, longest first."""
        return tuple(self._values)


class StreamRedactor:
    """Redacts bytes that arrive in pieces: a secret may begin in one and end in the next."""

    def __init__(self) -> None:
        self._secrets: list[bytes] = []
        self._kept = b""

    def add(self, value: bytes) -> None:
        """Hide a value in what is fed from now on."""
        if value and value not in self._secrets:
            self._secrets = sorted([*self._secrets, value], key=len, reverse=True)

    def feed(self, piece: bytes) -> bytes:
        """Return what may be shown after ``piece`` arrived; a possible beginning is kept back."""
        pending = self._replaced(self._kept + piece)
        keep = max((_overlap(pending, secret) for secret in self._secrets), default=0)
        shown = len(pending) - keep
        self._kept = pending[shown:]
        return pending[:shown]

    def flush(self) -> bytes:
        """Return what was kept back, when no more comes for now."""
        kept, self._kept = self._kept, b""
        return kept

    @property
    def waiting(self) -> bool:
        """Whether something is kept back."""
        return bool(self._kept)

    def _replaced(self, data: bytes) -> bytes:
        for secret in self._secrets:
            data = data.replace(secret, MARK.encode())
        return data


def _overlap(data: bytes, secret: bytes) -> int:
    """Return how many bytes at the end of ``data`` could begin ``secret``."""
    longest = min(len(data), len(secret) - 1)
    return next((size for size in range(longest, 0, -1) if data.endswith(secret[:size])), 0)
