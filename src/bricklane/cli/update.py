"""``bricklane update``: the newest template, with what the team changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bricklane.cli.answers import answer_options

if TYPE_CHECKING:
    from bricklane.project.updating import Update


@click.command(name="update", context_settings={"help_option_names": ["-h", "--help"]})
@answer_options
def command(data: tuple[str, ...], data_file: Path | None, *, defaults: bool) -> None:
    """Bring this project to the template of this bricklane; nothing is committed.

    What the team changed is kept. Where both changed the same lines, the file has conflict markers,
    as after `git merge`, and the command ends with exit code 1.
    """
    import sys

    from bricklane.cli.answers import given_answers
    from bricklane.errors import BricklaneError
    from bricklane.project.updating import update

    given = given_answers(data, data_file)
    done = update(Path.cwd(), given, defaults=defaults or not sys.stdin.isatty())
    click.echo("\n".join(report(done)))
    if done.conflicts:
        raise BricklaneError(
            f"files with conflicts: {', '.join(done.conflicts)}",
            hint="resolve the markers in them, then: git add FILES && git commit\n"
            "to give the update up: git reset --merge",
        )


def report(done: Update) -> list[str]:
    """Return the lines that say what an update did and what comes next."""
    from bricklane import __version__

    lines = [f"template: bricklane {done.before} → {__version__}"]
    if not done.with_base:
        lines.append(
            "The project has not kept what the template gave last time, so lines that differ "
            "conflict."
        )
    lines += [f"  new question  {name}: {answer!r}" for name, answer in done.asked.items()]
    lines += [
        f"  {'conflict' if name in done.conflicts else 'changed'}  {name}" for name in done.changed
    ]
    lines += [f"  left out  {name} (you deleted it)" for name in done.left_out]
    if not done.changed:
        lines.append("Nothing changed: the project is as the template makes it.")
    elif not done.conflicts:
        lines.append("Look at it with `git diff --staged`, run the tests, and commit.")
        if "pyproject.toml" in done.changed:
            lines.append("pyproject.toml changed: `uv lock` first.")
    return lines
