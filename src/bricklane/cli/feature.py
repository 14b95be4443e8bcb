"""``bricklane feature``: begin a feature, and bring it into develop."""

from __future__ import annotations

from pathlib import Path

import click

from bricklane.cli.options import plan_option


@click.group(name="feature", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Begin a feature, and bring it into develop."""


@command.command()
@click.argument("name")
@plan_option
def start(name: str, *, plan: bool) -> None:
    """Create the branch of feature NAME from fresh develop, and switch to it.

    Refuses while changes are not committed.
    """
    from bricklane.cli.steps import run_steps
    from bricklane.gitflow.flows import features
    from bricklane.gitflow.kinds import FEATURE
    from bricklane.gitflow.project import open_project

    project = open_project(Path.cwd())
    world = features.prepare_start(project, project.kinds.named(FEATURE), name)
    run_steps(features.START, world, plan=plan)


@command.command()
@click.argument("name", default="")
@click.option("--title", default="", help="Of the pull request.")
@plan_option
def finish(name: str, title: str, *, plan: bool) -> None:
    """Push a feature and open its pull request; once that is merged, clean up.

    Takes the feature that is checked out, or NAME. Run it again after the pull request was merged:
    then it switches to develop and deletes the local branch.
    """
    from bricklane.cli.steps import run_steps
    from bricklane.gitflow.flows import features
    from bricklane.gitflow.project import open_project

    world = features.prepare_finish(open_project(Path.cwd()), name, title)
    if features.is_merged(world):
        run_steps(features.CLEAN, world, plan=plan)
        return
    features.check_mergeable(world)
    run_steps(features.FINISH, world, plan=plan)
    if opened := world.pull_request():
        click.echo(f"when it is reviewed, merge {opened.url}\nthen run this command again")
