"""The command line of the benchmarks."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from benchmarks import page
from benchmarks.measurement import KEPT_ROUNDS, Settings, UnavailableError
from benchmarks.programs import ProgramError
from benchmarks.table import BENCHMARKS, Benchmark

FULL = (1, 100, 1000)
CONSOLE = Console(highlight=False)


def numbers(allowed: Callable[[int], bool], noun: str) -> Callable[..., tuple[int, ...]]:
    """Return a click callback that reads comma-separated numbers, each of which is allowed."""

    def read(context: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
        del context, parameter
        words = [word.strip() for word in text.split(",")]
        for word in words:
            if not word.isdecimal() or not allowed(int(word)):
                raise click.BadParameter(f"{word!r} is no {noun}")
        return tuple(dict.fromkeys(map(int, words)))

    return read


ROWS = {benchmark.row: benchmark for benchmark in BENCHMARKS}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--rows",
    default=",".join(map(str, ROWS)),
    show_default=True,
    callback=numbers(ROWS.__contains__, f"row; there are {', '.join(map(str, ROWS))}"),
    help="Which benchmarks.",
)
@click.option(
    "--jobs",
    default="1,100",
    show_default=True,
    callback=numbers(lambda count: count > 0, "number of jobs"),
    help="Sizes of the bundles of row 1.",
)
@click.option("--full", is_flag=True, help=f"Sizes {FULL}: a quarter of an hour or more.")
@click.option(
    "--rounds",
    type=click.IntRange(1),
    default=KEPT_ROUNDS,
    show_default=True,
    help=f"Samples of each kind; below {KEPT_ROUNDS} only rows {page.long_rows()} are written to "
    "the page.",
)
def main(rows: tuple[int, ...], jobs: tuple[int, ...], rounds: int, *, full: bool) -> None:
    """Measure bricklane beside its peers and write docs/benchmarks.md."""
    failures: list[str] = []
    missing: dict[int, str] = {}
    for row in rows:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            settings = Settings(Path(folder), rounds, FULL if full else jobs, _say)
            try:
                _measure(ROWS[row], settings, missing)
            except UnavailableError as error:
                missing[row] = str(error)
                CONSOLE.print(f"[yellow]row {row} is not measured:[/] {error}", soft_wrap=True)
            except ProgramError as error:
                failures.append(f"row {row}: {error}")
                CONSOLE.print(f"[red]row {row} failed:[/] {error}", soft_wrap=True)
    if rounds >= KEPT_ROUNDS:
        page.write(page.load(), missing)
    if failures:
        sys.exit(1)


def _say(text: str) -> None:
    CONSOLE.print(f"[dim]  {text}[/]")


def _measure(benchmark: Benchmark, settings: Settings, missing: dict[int, str]) -> None:
    CONSOLE.print(f"[bold cyan]==> {benchmark.row}. {benchmark.title}[/]")
    shown = Table(*page.COLUMNS[:-1])
    command, machine = _command(benchmark, settings), page.machine()
    for comparison in benchmark.measure(settings):
        shown.add_row(*page.cells(comparison))
        if settings.rounds >= benchmark.kept_rounds:
            # At once: a run that is stopped loses only what it was at.
            figure = page.Figure(benchmark.row, command, machine, page.today(), comparison)
            page.write(page.keep(figure), missing)
    CONSOLE.print(shown)


def _command(benchmark: Benchmark, settings: Settings) -> str:
    """Return the command that measures this row in this way."""
    command = f"python -m benchmarks --rows {benchmark.row} --rounds {settings.rounds}"
    if benchmark.row == 1:
        command += f" --jobs {','.join(map(str, settings.jobs))}"
    return command


if __name__ == "__main__":
    # Python programs are measured as pip installs them: compiled. Where this is set, they would
    # compile themselves at each start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    main(prog_name="python -m benchmarks")
