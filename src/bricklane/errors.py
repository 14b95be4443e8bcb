"""The one error type of the product, and the table of its exit codes."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What each exit status of ``bricklane`` means; a CI job can branch on it."""

    OK = 0
    FAILED = 1
    USAGE = 2
    CONFIG = 3
    TOOL = 4
    NETWORK = 5
    LOCAL_CLOUD = 6
    CHECK = 7
    INTERRUPTED = 130


class BricklaneError(Exception):
    """A problem that the user can act on; never shown with a traceback.

    Args:
        message: names the thing and the value that are wrong.
        hint: what to do next, one line per way out.
        exit_code: the status that the process ends with.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, exit_code: ExitCode = ExitCode.FAILED
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.exit_code = exit_code


def innermost(error: BaseException) -> BaseException:
    """Return the innermost reason of a lost connection, which libraries wrap several times."""
    while True:
        inner = getattr(error, "reason", None) or (error.args[-1] if error.args else None)
        if not isinstance(inner, BaseException):
            return error
        error = inner
