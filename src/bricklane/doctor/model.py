"""What a check is, and what it can come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from bricklane.doctor.target import Target
    from bricklane.doctor.world import World


class Status(StrEnum):
    """What a check came to; the values are stable, programs read them."""

    PASSED = "passed"
    FAILED = "failed"
    WARNING = "warning"
    NOT_APPLICABLE = "not_applicable"
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found.

    Args:
        status: what it came to.
        said: what was found, one line for people; names the thing and its value.
        fix: the next moves, one per line; empty when there is nothing to mend.
        code: the exit code that a failure stands for.
        blocked: key of the row whose failure made looking pointless; empty for none.
    """

    status: Status
    said: str
    fix: str = ""
    code: ExitCode = ExitCode.CHECK
    blocked: str = ""


def passed(said: str) -> Result:
    """Return that all is as it should be."""
    return Result(Status.PASSED, said)


def failed(said: str, fix: str, code: ExitCode = ExitCode.CHECK) -> Result:
    """Return that delivery cannot work, or is not protected, as it is."""
    return Result(Status.FAILED, said, fix, code)


def warned(said: str, fix: str) -> Result:
    """Return that delivery works, and that something about it should be looked at."""
    return Result(Status.WARNING, said, fix)


def not_applicable(said: str) -> Result:
    """Return that the project has nothing that could be checked."""
    return Result(Status.NOT_APPLICABLE, said)


class NotChecked(BricklaneError):  # noqa: N818  (what happened, told by its name)
    """Something cannot be looked at with what is at hand; that it is well is not said.

    Args:
        reason: what is missing.
        fix: how to have it looked at.
    """

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason, hint=fix or None)


class NotApplicable(BricklaneError):  # noqa: N818
    """The project has nothing that could be looked at; the message says what."""


@dataclass(frozen=True, slots=True)
class Check:
    """One row: a link of the chain of delivery that is looked at once.

    Args:
        key: by which programs and other rows name it, such as ``forge.token``.
        name: how it shows.
        proves: what holds when it passes, as a sentence.
        look: looks; what it raises is told as :mod:`bricklane.doctor.running` says.
        needs: keys of rows before it without which it means nothing.
    """

    key: str
    name: str
    proves: str
    look: Callable[[World], Result]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TargetCheck:
    """One row that is looked at for each target.

    Args:
        key: as of :class:`Check`.
        name: likewise.
        proves: likewise.
        look: likewise, given the target.
        needs: likewise; a row for each target stands for that of the same target.
    """

    key: str
    name: str
    proves: str
    look: Callable[[Target], Result]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A part of the chain.

    Args:
        name: how its rows are headed.
        checks: that are looked at once.
        target_checks: that are looked at for each target.
    """

    name: str
    checks: tuple[Check, ...] = ()
    target_checks: tuple[TargetCheck, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A row and what it came to.

    Args:
        link: name of its link.
        check: the row.
        target: of the bundle; empty for a row that is looked at once.
        result: what it came to.
    """

    link: str
    check: Check | TargetCheck
    target: str
    result: Result
