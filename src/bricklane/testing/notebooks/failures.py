"""The failure of a notebook as a test shows it: the cell, the line, and the error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bricklane.testing.notebooks.results import NotebookResult

# Lines of the cell that are shown before and after the one that failed.
AROUND = 6
# What the cell printed before it failed: its last lines.
TAIL = 10
# A message of Spark goes on with frames of Java.
JAVA = "\n\nJVM stacktrace:"
LONGEST_LINE = 200
# What notebooks know only where Spark's driver is.
NOT_HERE = ("sc", "sqlContext")


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong in a notebook.

    Args:
        file: the notebook's file, relative to the root of the project.
        cell: number of the cell, from 1; 0 when the notebook could not be begun.
        title: of the cell, or "".
        kind: of the cell.
        source: of the cell.
        line: the line in the cell, from 1; None when it is not known.
        first: the line of the file that the cell begins on; 0 when it is not known.
        error: name of the exception's class.
        message: its text.
        traceback: of the notebook's code.
        printed: what the cell printed.
        hint: what to do, or "".
        inclusion: where the notebook with the cell was included from, outermost first.
    """

    file: str
    cell: int
    title: str
    kind: str
    source: str
    line: int | None
    first: int
    error: str
    message: str
    traceback: str = ""
    printed: str = ""
    hint: str = ""
    inclusion: tuple[str, ...] = field(default=())

    @property
    def file_line(self) -> int | None:
        """The line of the file, when it is known."""
        if not self.first:
            return None
        return self.first + (self.line or 1) - 1

    @property
    def place(self) -> str:
        """Such as ``notebooks/bronze.py:12: cell 3 (Load)``."""
        line = f":{self.file_line}" if self.file_line else ""
        cell = f": cell {self.cell}" if self.cell else ""
        return f"{self.file}{line}{cell}{f' ({self.title})' if self.title else ''}"


class NotebookFailure(AssertionError):  # noqa: N818 - a test fails
    """A notebook failed.

    Args:
        fault: where and why.
        result: what the notebook left until then; None when it could not be begun.
        error: what it raised.
    """

    # So that pytest names it shortly.
    __module__ = "bricklane.testing"

    def __init__(
        self, fault: Fault, result: NotebookResult | None = None, error: BaseException | None = None
    ) -> None:
        super().__init__("\n".join(described(fault)))
        self.fault = fault
        self.result = result
        self.error = error


def described(fault: Fault) -> Iterator[str]:
    """Yield the lines that describe a fault; the first says all in short."""
    message = shortened(fault.message)
    first, _, _ = message.partition("\n")
    yield f"{fault.place}: {fault.error}: {first}"[: 2 * LONGEST_LINE]
    for place in fault.inclusion:
        yield f"included by {place}"
    if fault.source.strip():
        yield ""
        yield from _source(fault)
    rest = _rest(fault, message)
    if rest:
        yield ""
        yield from rest
    if fault.printed.strip():
        lines = fault.printed.rstrip("\n").split("\n")
        yield ""
        yield "printed by the cell:" if len(lines) <= TAIL else f"last {TAIL} lines printed:"
        yield from (f"  {line[:LONGEST_LINE]}" for line in lines[-TAIL:])
    if fault.hint:
        yield ""
        yield f"hint: {fault.hint}"


def shortened(message: str) -> str:
    """Return a message without the frames of Java behind it."""
    return message.partition(JAVA)[0].strip()


def _source(fault: Fault) -> Iterator[str]:
    """Yield the lines around the one that failed, which is marked."""
    lines = fault.source.split("\n")
    marked = fault.line if fault.line and fault.line <= len(lines) else None
    begin = max(0, (marked or 1) - 1 - AROUND)
    end = min(len(lines), (marked or 1) + AROUND)
    base = fault.first or 1
    width = len(str(base + end))
    for index in range(begin, end):
        mark = ">" if marked == index + 1 else " "
        yield f"{mark} {base + index:{width}} | {lines[index][:LONGEST_LINE]}".rstrip()
    if end < len(lines):
        yield f"  {'':{width}} | ... {len(lines) - end} more lines"


def _rest(fault: Fault, message: str) -> list[str]:
    """Return the traceback when it says more than the marked line, else the rest of the message."""
    frames = [line for line in fault.traceback.split("\n") if line.startswith('  File "')]
    if len(frames) > 1 or "\nThe above exception" in fault.traceback:
        return shortened(fault.traceback).split("\n")
    return message.split("\n")[1:]


def hint_of(error: BaseException, notebook: str) -> str:
    """Return what to do about an error, as far as its kind says it."""
    name = type(error).__name__
    given: Any = getattr(error, "hint", None)
    if isinstance(given, str):
        return given
    if isinstance(error, NameError) and error.name in NOT_HERE:
        return f"{error.name} is on classic clusters only, and not with Spark Connect: use spark"
    if name == "InputWidgetNotDefined":
        widget = getattr(error, "name", "NAME")
        return (
            f"{notebook} neither declares the widget {widget} nor was it given a value: "
            f'notebook("{notebook}", widgets={{"{widget}": "..."}})'
        )
    return ""
