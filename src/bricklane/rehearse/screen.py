"""What a rehearsal shows while it plays, and the timeline that it keeps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

INDENT = "   "


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened.

    Args:
        seconds: since the rehearsal began.
        who: the person or program that did it.
        what: one line.
    """

    seconds: float
    who: str
    what: str


@dataclass(slots=True)
class Screen:
    """The terminal, and the record of what was shown on it.

    Args:
        console: where lines go.
    """

    console: Console
    timeline: list[Moment] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds since the rehearsal began."""
        return time.monotonic() - self._began

    def headline(self, text: str) -> None:
        """Announce an act."""
        self.console.print(f"\n[bold cyan]==> {text}[/]", highlight=False)

    def happened(self, who: str, what: str) -> None:
        """Show and record that somebody did something."""
        moment = Moment(self.seconds, who, what)
        self.timeline.append(moment)
        self.console.print(
            f"[dim]{moment.seconds:5.0f} s[/] [bold]{who}[/] ", end="", highlight=False
        )
        self.say(what, indent="")

    def say(self, text: str, *, indent: str = INDENT) -> None:
        """Show a line that belongs to what happened last; markup in it is shown as it is."""
        self.console.print(
            f"{indent}{text}", markup=False, highlight=False, soft_wrap=True, emoji=False
        )

    @contextmanager
    def waiting(self, what: str) -> Iterator[Waiting]:
        """Show that something is being waited for, and for how long already."""
        waiting = Waiting(self, what)
        with self.console.status(waiting.line(), spinner="dots") as status:
            waiting.update = status.update
            yield waiting


class Waiting:
    """A wait that is being shown.

    Args:
        screen: where.
        what: is waited for.
    """

    def __init__(self, screen: Screen, what: str) -> None:
        self._screen = screen
        self._what = what
        self._since = screen.seconds
        self.update: Callable[[str], None] = lambda _: None

    def line(self, detail: str = "") -> str:
        """Return the line to show."""
        from rich.markup import escape

        seconds = self._screen.seconds - self._since
        return escape(f"{self._what} {detail} ({seconds:.0f} s)".replace("  ", " "))

    def note(self, detail: str) -> None:
        """Show what the wait is at."""
        self.update(self.line(detail))


def timeline_table(moments: list[Moment]) -> Table:
    """Return the timeline as a table."""
    from rich.markup import escape

    table = Table("at", "who", "what", title="Timeline", title_justify="left", box=None)
    for moment in moments:
        table.add_row(f"{moment.seconds:.0f} s", escape(moment.who), escape(moment.what))
    return table
