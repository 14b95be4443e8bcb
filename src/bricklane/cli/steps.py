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
    terminal = sys.stdout.isatty()
    if outcome is not Outcome.DOING:
        click.echo("\r\033[K" if terminal else "", nl=False)
        click.secho(mark, fg=colour, nl=False)
        click.echo(f" {name}{about}{told}")
    elif terminal:
        # Cut to the line, for a longer one could not be overwritten.
        width = shutil.get_terminal_size().columns
        click.echo(f"{mark} {name}{about}"[: width - 1], nl=False)


def run_steps(steps: Sequence[Step[World]], world: World, *, plan: bool) -> None:
    """Run a flow, or say what it would do.

    Raises:
        BricklaneError: from the step that failed.
    """
    run_flow(steps, world, report, plan=plan)
    if plan:
        click.echo("nothing was done; leave out --plan to do it")
