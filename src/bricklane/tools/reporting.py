"""Showing progress on standard error: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from bricklane.tools.model import Activity, Reporter

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def terminal_reporter() -> Reporter:
    """Return the reporter that suits standard error."""
    return BarReporter() if sys.stderr.isatty() else LineReporter()


class LineReporter:
    """One line for each thing that begins; for logs of CI."""

    def say(self, text: str) -> None:
        """Print ``text``."""
        click.echo(text, err=True)

    @contextmanager
    def activity(self, title: str) -> Iterator[Activity]:
        """Print ``title``."""
        click.echo(title, err=True)
        yield SilentActivity()


class SilentActivity:
    """An activity whose details are not shown."""

    def note(self, text: str) -> None:
        """Ignore ``text``; it is in the log."""

    def advance(self, amount: int, total: int | None) -> None:
        """Ignore the amount."""


class BarReporter:
    """A live bar with the elapsed time, and the latest line of output below the title."""

    def say(self, text: str) -> None:
        """Print ``text``."""
        click.echo(text, err=True)

    @contextmanager
    def activity(self, title: str) -> Iterator[Activity]:
        """Show ``title`` with a bar until the context ends."""
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(20), TimeElapsedColumn())
        latest = TextColumn("[dim]{task.fields[latest]}", table_column=None)
        with Progress(*columns, latest, console=Console(stderr=True), transient=True) as progress:
            task = progress.add_task(escape(title), total=None, latest="")
            yield BarActivity(progress, task)
        click.echo(title, err=True)


class BarActivity:
    """An activity shown as one row of a live display.

    Args:
        progress: the display.
        task: the row.
    """

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress = progress
        self.task = task

    def note(self, text: str) -> None:
        """Show the beginning of ``text``."""
        from rich.markup import escape

        self.progress.update(self.task, latest=escape(text[:60]))

    def advance(self, amount: int, total: int | None) -> None:
        """Fill the bar by ``amount``."""
        self.progress.update(self.task, advance=amount, total=total)
