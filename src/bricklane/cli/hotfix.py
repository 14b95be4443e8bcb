"""``bricklane hotfix``: draft a hotfix of what is in production."""

from __future__ import annotations

from pathlib import Path

import click

from bricklane.cli.options import plan_option


@click.group(name="hotfix", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Draft a hotfix of what is in production."""


@command.command()
@click.option(
    "--pr", "number", type=click.IntRange(1), required=True, help="The pull request to take."
)
@plan_option
def draft(number: int, *, plan: bool) -> None:
    """Make a hotfix of the commits of a pull request, which is closed in its favour.

    Your working tree is not touched. Run it again after an interruption: it does what is missing.
    """
    run(number, plan=plan)


@command.command()
@plan_option
def start(*, plan: bool) -> None:
    """Make a hotfix branch from main to commit to, and its pull request.

    Your working tree is not touched; the command says how to switch to the branch.
    """
    run(None, plan=plan)


def run(number: int | None, *, plan: bool) -> None:
    """Draft the hotfix of a pull request, or of none."""
    from bricklane.cli.steps import run_steps
    from bricklane.gitflow.flows import drafting
    from bricklane.gitflow.kinds import HOTFIX, Bump
    from bricklane.gitflow.project import open_project

    project = open_project(Path.cwd())
    kind = project.kinds.named(HOTFIX)
    world = drafting.prepare_hotfix(project, kind, Bump.PATCH, number)
    click.echo(f"hotfix {world.version}")
    run_steps(drafting.steps_of(world), world, plan=plan)
    if number is None and not plan:
        click.echo(f"work on it: git fetch && git switch {world.branch}")
