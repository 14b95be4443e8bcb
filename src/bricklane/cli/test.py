"""``bricklane test``: levels of tests, run and reported as continuous integration does it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from bricklane.testing.levels.asking import Asked
    from bricklane.testing.reports.model import Level, Report

SHOWN_FAILURES = 20


@click.command(name="test", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("words", nargs=-1, metavar="LEVEL [-- PYTEST ARGUMENTS]")
@click.option("-t", "--target", default="", help="Target of the bundle; its default one otherwise.")
@click.option("-p", "--profile", default="", help="Profile of the Databricks config file.")
@click.option(
    "--reports",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder that takes the reports; .bricklane/reports otherwise.",
)
@click.option(
    "--changed",
    is_flag=False,
    flag_value="",
    default=None,
    metavar="[=BASE]",
    help="Run what the changes since BASE may break, and say why; develop or main otherwise.",
)
@click.option(
    "--on",
    default="",
    metavar="COMPUTE",
    help="Run inside the workspace: serverless, or cluster:ID.",
)
@click.option("--keep-going", is_flag=True, help="Run the next level after a red one too.")
@click.option("--fail-on-flaky", is_flag=True, help="A test that passes only on a rerun is red.")
def command(words: tuple[str, ...], **chosen: Any) -> None:
    """Run a level of tests: unit, integration, e2e, all three, or one of bricklane.toml.

    What stands behind `--` goes to pytest. Ends with 1 when a test is red.
    """
    from bricklane.testing.levels.asking import ask

    level, arguments = (words[0], words[1:]) if words else ("", ())
    asked = ask(Path.cwd(), level, os.environ, arguments=arguments, **chosen)
    if asked.selection is not None:
        _tell(asked)
    if not asked.levels:
        click.echo("nothing to run")
        return
    judge(asked, run(asked))


def _tell(asked: Asked) -> None:
    """Say which tests run, and why."""
    from bricklane.testing.levels.choosing import told

    assert asked.selection is not None  # noqa: S101  (the caller asked)
    settings = asked.place.settings
    for line in told(settings, asked.named, asked.selection):
        click.echo(line)


def run(asked: Asked) -> Report:
    """Run the levels, show their output, and write the reports."""
    from bricklane.testing.levels.running import report_of, run_levels
    from bricklane.testing.reports.writing import write

    place = asked.place

    def begin(level: str) -> None:
        click.secho(f"── {level} ──", bold=True)

    running = run_levels(place, asked.levels, click.echo, begin, keep_going=asked.keep_going)
    report = report_of(place, list(running))
    write(place.reports, report)
    return report


def judge(asked: Asked, report: Report) -> None:
    """Print what it came to.

    Raises:
        BricklaneError: when a level is red, or a test is flaky and may not be.
    """
    from bricklane.testing.reports.markdown import figure
    from bricklane.testing.reports.writing import HTML

    for level in report.levels:
        click.echo(_line(level))
    ran = {level.name for level in report.levels}
    for name in asked.levels:
        if name not in ran:
            click.echo(f"{name}: not run, for a level before it is red (--keep-going runs it)")
    for line in _flaky(report):
        click.secho(line, fg="yellow")
    if said := figure(report):
        click.echo(f"coverage: {said}")
    click.echo(f"report: {asked.place.reports / HTML}")
    if red := [level for level in report.levels if not level.passed]:
        raise BricklaneError(_red(red), hint=_places(report), exit_code=ExitCode.FAILED)
    if report.flaky() and asked.fail_on_flaky:
        raise BricklaneError(f"{len(report.flaky())} flaky, which --fail-on-flaky takes for red")


def _line(level: Level) -> str:
    from bricklane.testing.reports.markdown import counts

    words = zip(counts(level), ("passed", "failed", "flaky", "skipped"), strict=True)
    said = ", ".join(f"{count} {word}" for count, word in words if count)
    notes = "".join(f"\n  {note}" for note in level.notes)
    return f"{level.name}: {said or 'no tests known'} in {level.seconds:.1f} s{notes}"


def _flaky(report: Report) -> Iterable[str]:
    for level, test in report.flaky():
        first = test.failures[0]
        said = next(iter(first.message.splitlines()), "")
        yield f"flaky ({level.name}): {test.id}\n  failed first at {first.place}: {said}"


def _red(levels: list[Level]) -> str:
    return "; ".join(
        f"the {level.name} tests ended with exit code {level.code}" for level in levels
    )


def _places(report: Report) -> str | None:
    red = report.red()
    lines = [
        f"{failure.place or test.id}: {next(iter(failure.message.splitlines()), '')}"
        for _, test in red[:SHOWN_FAILURES]
        for failure in test.failures[-1:]
    ]
    more = len(red) - SHOWN_FAILURES
    return "\n".join([*lines, *([f"and {more} more"] if more > 0 else [])]) or None
