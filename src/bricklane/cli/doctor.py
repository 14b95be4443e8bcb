"""``bricklane doctor``: proves the chain of delivery, link by link."""

from __future__ import annotations

import json
import logging
import os
import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from bricklane.doctor.model import Finding, Result
    from bricklane.doctor.world import World

NARROW, WIDE = 60, 100
NAME = 17  # columns for the name of a check
MARK = 4  # columns before it
DASH = "\N{EN DASH}"
# Status → (mark, colour, how many of them are told).
SHOWN = {
    "passed": ("✓", "green", "{} passed"),
    "failed": ("✗", "red", "{} failed"),
    "warning": ("!", "yellow", "{} to look at"),
    "not_checked": (DASH, "cyan", "{} not checked"),
    "not_applicable": (DASH, "bright_black", "{} not applicable"),
}


@click.command(name="doctor", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-t", "--target", default="", help="Look at this target only; all by default.")
@click.option("-p", "--profile", default="", help="Profile of an administrator, of the account.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(target: str, profile: str, *, as_json: bool) -> int:
    """Prove that delivery works: tools, project, forge, identities, data, bundle.

    Nothing is changed. Each line passes, or says what is wrong and how to mend it. What only an
    administrator can see is looked at with the credentials of one: --profile, or DATABRICKS_*.

    Exit code: 0 when nothing failed; else that of the first line that did: 3 for the project and
    what is set on this machine, 4 for tools, 5 for the network, 7 for forge and Databricks.
    """
    from bricklane.doctor.running import examine, exit_code
    from bricklane.doctor.table import LINKS
    from bricklane.doctor.world import World

    # It warns of hosts that do not answer, which the doctor says itself.
    logging.getLogger("databricks.sdk").addHandler(logging.NullHandler())
    world = World(Path.cwd(), os.environ, profile)
    findings = examine(world, LINKS, targets(world, target))
    shown = list(findings) if as_json else list(print_as_found(findings))
    code = exit_code(shown)
    if as_json:
        click.echo(json.dumps(describe(world, shown, code), indent=2))
    else:
        print_summary(shown)
    return code


def targets(world: World, chosen: str) -> tuple[str, ...]:
    """Return the targets that are looked at; none when the bundle cannot be read.

    Raises:
        BricklaneError: when there is no target of the chosen name.
    """
    try:
        known = tuple(world.bundle.targets)
    except BricklaneError:
        return ()
    if chosen and chosen not in known:
        raise BricklaneError(
            f"{world.bundle.file}: there is no target {chosen!r}",
            hint=f"targets: {', '.join(known) or 'none'}",
            exit_code=ExitCode.USAGE,
        )
    return (chosen,) if chosen else known


def print_as_found(findings: Iterator[Finding]) -> Iterator[Finding]:
    """Print the findings as they come, and yield them.

    Those of a group that are not checked for one reason, one after the other, are one line.
    """
    for title, group in groupby(findings, key=lambda row: f"{row.link} {row.target}".strip()):
        click.secho(title, bold=True)
        for reason, same in groupby(group, key=_not_checked):
            if not reason:
                for finding in same:
                    print_line(finding.check.name, finding.result)
                    yield finding
                continue
            rows = list(same)
            name = rows[0].check.name if len(rows) == 1 else f"({len(rows)} checks)"
            print_line(name, rows[0].result)
            yield from rows


def _not_checked(finding: Finding) -> str:
    """Return why a row was not looked at; "" for one that was."""
    return finding.result.said if finding.result.status == "not_checked" else ""


def print_line(name: str, result: Result) -> None:
    """Print a line for a check, wrapped to the terminal, and the fix below it."""
    width, indent = _width(), " " * (MARK + NAME + 1)
    mark, colour, _ = SHOWN[result.status]
    said = f"not checked: {result.said}" if result.status == "not_checked" else result.said
    lines = [line for part in said.splitlines() for line in _wrapped(part, width - len(indent))]
    click.secho(f"  {mark} ", fg=colour, nl=False)
    click.echo(f"{name:{NAME}} {lines[0] if lines else ''}".rstrip())
    for line in lines[1:]:
        click.echo(f"{indent}{line}".rstrip())
    for number, part in enumerate(result.fix.splitlines()):
        for more, line in enumerate(_wrapped(part, width - MARK - 2)):
            arrow = " " if number or more else "→"
            click.secho(f"{' ' * MARK}{arrow} {line}", fg=colour)


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines; a URL or path is never broken, for it is copied."""
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]


def _width() -> int:
    return max(NARROW, min(WIDE, shutil.get_terminal_size().columns))


def print_summary(findings: Sequence[Finding]) -> None:
    """Print how many findings there are of each kind."""
    counts = Counter(str(finding.result.status) for finding in findings)
    order = ("failed", "warning", "passed", "not_checked", "not_applicable")
    told = [SHOWN[status][2].format(counts[status]) for status in order if counts[status]]
    worst = next(status for status in order if counts[status])
    click.secho(", ".join(told), fg=SHOWN[worst][1], bold=True)


def describe(world: World, findings: Sequence[Finding], code: int) -> dict[str, Any]:
    """Return what ``--json`` prints; its keys are stable."""
    from bricklane import __version__

    try:
        project = world.bundle.name
    except BricklaneError:
        project = ""
    return {
        "bricklane": __version__,
        "project": project,
        "passed": code == ExitCode.OK,
        "exit_code": int(code),
        "checks": [
            {
                "key": finding.check.key,
                "link": finding.link,
                "name": finding.check.name,
                "target": finding.target,
                "proves": finding.check.proves,
                "status": str(finding.result.status),
                "said": finding.result.said,
                "fix": finding.result.fix.splitlines(),
            }
            for finding in findings
        ],
    }
