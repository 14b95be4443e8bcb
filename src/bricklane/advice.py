"""What to do about what another program says: rows of a pattern, the next move and an exit code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from bricklane.errors import BricklaneError, ExitCode

Error = TypeVar("Error", bound=BricklaneError)


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about something that a program says.

    Args:
        said: a pattern that its message matches.
        hint: the next move.
        code: the exit code that fits.
    """

    said: str
    hint: str
    code: ExitCode = ExitCode.FAILED


def advised(rows: Sequence[Advice], kind: type[Error], message: str, said: str) -> Error:
    """Return an error with the advice that fits what a program said, if there is any.

    Args:
        rows: the first that fits is taken.
        kind: of the error.
        message: of the error.
        said: what the program said.
    """
    for row in rows:
        if re.search(row.said, said):
            return kind(message, hint=row.hint, exit_code=row.code)
    return kind(message)
