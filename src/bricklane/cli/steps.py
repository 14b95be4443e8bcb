"""Showing a flow on the terminal: one line for each step."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TypeVar

import click

from bricklane.flow import Outcome, Step, run_flow

World = TypeVar("World")

# Outcome → (mark, colour).
MARKS = {
    Outcome.DONE_BEFORE: ("=", "bright_black"),
    Outcome.WOULD_DO: ("?", "cyan"),
    Outcome.DOING: ("…", "yellow"),
    Outcome.DONE: ("✓", "green"),
}


def report(name: str, detail: str, outcome: Outcome) -> None:
    """Print what became of a step; what begins is shown only where it can be overwritten."""
    mark, colour = MARKS[outcome]
    about = f": {detail}" if detail else ""
    told = f" ({outcome.value})" if outcome in {Outcome.DONE_BEFORE, Outcome.WOULD_DO} else ""
    if outcome is not Outcome.DOING:
        show_line(mark, colour, f"{name}{about}{told}")
    elif sys.stdout.isatty():
        # Cut to the line, for a longer one could not be overwritten.
        width = shutil.get_terminal_size().columns
        click.echo(f"{mark} {name}{about}"[: width - 1], nl=False)


def show_line(mark: str, colour: str, text: str) -> None:
    """Print a line, in place of the one that said that its step began."""
    click.echo("\r\033[K" if sys.stdout.isatty() else "", nl=False)
    click.secho(mark, fg=colour, nl=False)
    click.echo(f" {text}")


def run_steps(steps: Sequence[Step[World]], world: World, *, plan: bool) -> None:
    """Run a flow, or say what it would do.

    Raises:
        BricklaneError: from the step that failed, whose line is ended before.
    """
    under_way: list[tuple[str, str]] = []

    def told(name: str, detail: str, outcome: Outcome) -> None:
        under_way[:] = [(name, detail)] if outcome is Outcome.DOING else []
        report(name, detail, outcome)

    try:
        run_flow(steps, world, told, plan=plan)
    except BaseException:
        for name, detail in under_way:
            show_line("✗", "red", f"{name}: {detail}" if detail else name)
        raise
    if plan:
        click.echo("nothing was done; leave out --plan to do it")
