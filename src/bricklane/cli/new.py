"""``bricklane new``: a project from the template."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bricklane.cli.answers import answer_options

if TYPE_CHECKING:
    from bricklane.project.scaffold import NewProject


@click.command(name="new", context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("path", type=click.Path(path_type=Path, file_okay=False))
@answer_options
def command(path: Path, data: tuple[str, ...], data_file: Path | None, *, defaults: bool) -> None:
    """Make a project at PATH: a bundle with tests and workflows, in a git repository.

    It asks what it needs to know; every answer can be given beforehand, for scripts.
    """
    from bricklane.cli.answers import given_answers
    from bricklane.project.scaffold import create

    made = create(path, given_answers(data, data_file), defaults=defaults)
    click.echo("\n".join(report(made)))


def report(made: NewProject) -> list[str]:
    """Return the lines that say what was made and what comes next."""
    answers = made.answers
    catalogs = ", ".join(f"{t} → {answers[f'catalog_{t}']}" for t in ("dev", "staging", "prod"))
    lines = [
        f"{answers['project']} is ready: {made.root}",
        "",
        f"  bundle      {answers['project']}, {made.files} files, on branch {answers['develop']}",
        f"  catalogs    {catalogs}",
        f"  sample      {answers['sample']}",
        f"  sign-in     {answers['authentication']}",
    ]
    if made.unlocked:
        lines += ["", *_unlocked(made.unlocked)]
    push = [
        f"git push -u origin {answers['main']} {answers['develop']}",
        *([] if made.remote else ["git remote add origin URL"]),
    ]
    lines += ["", "Next:", f"  cd {shlex.quote(str(made.root))}", "  bricklane test unit"]
    lines += [f"  {step}" for step in reversed(push)]
    lines += ["  README.md says how to set up the forge"]
    return lines


def _unlocked(reason: str) -> list[str]:
    first, *more = reason.splitlines()
    if not more:
        return [f"It has no uv.lock yet ({first}); make one with: uv lock"]
    return ["It has no uv.lock yet; make one with: uv lock", *(f"  {line}" for line in more)]
