"""``bricklane adopt``: delivery for a bundle that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bricklane.cli.answers import answer_options

if TYPE_CHECKING:
    from bricklane.project.adopting import Adopted


@click.command(name="adopt", context_settings={"help_option_names": ["-h", "--help"]})
@answer_options
def command(data: tuple[str, ...], data_file: Path | None, *, defaults: bool) -> None:
    """Add workflows and settings to the bundle in this folder, and say what it lacks.

    Only new files are written; none of yours is changed, and nothing is committed.
    """
    from bricklane.cli.answers import given_answers
    from bricklane.project.adopting import adopt

    done = adopt(Path.cwd(), given_answers(data, data_file), defaults=defaults)
    click.echo("\n".join(report(done)))


def report(done: Adopted) -> list[str]:
    """Return the lines that say what was added and what is left to do."""
    main, develop = done.answers["main"], done.answers["develop"]
    lines = [f"{done.bundle} has delivery now: {done.root}"]
    lines += [f"{main} is the branch of production, {develop} of what comes next", ""]
    lines += [f"  added  {name}" for name in done.added]
    lines += [f"  kept   {name} (yours; compare it with the template's)" for name in done.kept]
    if done.lacking:
        lines += ["", "What databricks.yml lacks, with the lines to write:"]
    for lack in done.lacking:
        lines += ["", f"  {lack.place}: {lack.problem}"]
        lines += [f"      {line}" for line in lack.lines]
    lines += ["", "Next:"]
    if done.branches:
        lines += [f"  {line}" for line in _making(done)]
    return [
        *lines,
        "  name your tests in bricklane.toml",
        "  bricklane policy -t prod   # mend what it finds, or switch rules off in bricklane.toml:",
        "                             # an error stops pull requests and deployments",
        "  git add --all && git commit",
    ]


def _making(done: Adopted) -> list[str]:
    """Return the commands that make the branches which are not there; of a new one from an old."""
    main, develop = done.answers["main"], done.answers["develop"]
    starts = {main: "", develop: f" {main}"}
    return [f"git branch {name}{starts[name]}" for name in done.branches]
