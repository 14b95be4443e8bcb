"""The error type of the local cloud's command line."""

from __future__ import annotations


class LocalError(Exception):
    """A problem that the user of ``bricklane local`` can act on.

    Args:
        message: names the thing and the value that are wrong.
        hint: what to do next, one line per way out.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
