"""The parameter STATEMENT_TIMEOUT of a session: how long its statements may run.

Source: https://docs.databricks.com/en/sql/language-manual/parameters/statement_timeout
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping

NAME = "STATEMENT_TIMEOUT"
LONGEST = 172_800
SET = re.compile(rf"\s*SET\s+{NAME}\s*=\s*(?P<value>.*?)\s*;?\s*", re.IGNORECASE | re.DOTALL)
RESET = re.compile(rf"\s*RESET(?:\s+{NAME})?\s*;?\s*", re.IGNORECASE)


class TimeLimitError(Exception):
    """A statement has run too long, or a limit cannot be set.

    Args:
        message: with the name of the condition.
        state: SQLSTATE.
    """

    def __init__(self, message: str, state: str) -> None:
        super().__init__(message)
        self._state = state

    def getSqlState(self) -> str:  # noqa: N802 - as the errors of pyspark have it
        """Return the SQLSTATE."""
        return self._state


class Timer:
    """Waits until a statement has run too long.

    Args:
        seconds: how long it may.
        expired: called when it has.
    """

    def __init__(self, seconds: int, expired: Callable[[], None]) -> None:
        self.is_over = False
        self._seconds = seconds
        self._expired = expired
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def _expire(self) -> None:
        self.is_over = True
        self._expired()

    def stop(self) -> None:
        """Wait no longer."""
        self._timer.cancel()

    def failure(self) -> TimeLimitError:
        """Return the error of a statement that has run too long."""
        return TimeLimitError(
            f"[{NAME}] The statement was stopped because it ran longer than {self._seconds} "
            f"seconds, the {NAME} of its session",
            "57014",
        )


class TimeLimit:
    """How long the statements of one session may run.

    Args:
        seconds: the limit; 0 for the longest that there is.
    """

    def __init__(self, seconds: int = LONGEST) -> None:
        self._seconds = seconds or LONGEST

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> TimeLimit:
        """Return the limit that the settings of a new session name.

        Raises:
            TimeLimitError: it is none.
        """
        given = [value for name, value in settings.items() if name.upper() == NAME]
        return cls(_seconds(given[-1])) if given else cls()

    def note(self, statement: str) -> None:
        """Set the limit if a statement sets it; it holds for those that follow.

        Raises:
            TimeLimitError: it is no number of seconds.
        """
        if match := SET.fullmatch(statement):
            self._seconds = _seconds(match["value"]) or LONGEST
        elif RESET.fullmatch(statement):
            self._seconds = LONGEST

    def timer(self, statement: str, expired: Callable[[], None]) -> Timer:
        """Return what calls a function when a statement that begins now has run too long.

        Those that change the limit have none: a short one must not be there to stay.
        """
        changes = SET.fullmatch(statement) or RESET.fullmatch(statement)
        return Timer(LONGEST if changes else self._seconds, expired)


def _seconds(text: str) -> int:
    value = str(text).strip().strip("'\"")
    if not value.isdigit() or int(value) > LONGEST:
        raise TimeLimitError(
            f"[INVALID_CONF_VALUE] {NAME} must be a number of seconds from 0 to {LONGEST}, got "
            f"{text!r}",
            "22022",
        )
    return int(value)
