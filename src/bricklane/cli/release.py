"""``bricklane release``: draft a release; test it, or a hotfix, again; publish it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bricklane.cli.options import plan_option

if TYPE_CHECKING:
    from bricklane.gitflow.flows.publishing import PublishWorld


@click.group(name="release", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Draft a release, and publish it or a hotfix."""


@command.command()
@click.option("--major", "bump", flag_value="major", help="The release breaks something.")
@click.option("--minor", "bump", flag_value="minor", help="The release adds something.")
@plan_option
def draft(bump: str | None, *, plan: bool) -> None:
    """Make the release branch with version and changelog, and its pull request into main.

    Your working tree is not touched. Run it again after an interruption: it does what is missing.
    """
    from bricklane.cli.steps import run_steps
    from bricklane.gitflow.flows import drafting
    from bricklane.gitflow.kinds import RELEASE, Bump
    from bricklane.gitflow.project import open_project

    if bump is None:
        raise click.UsageError("say which: --major or --minor")
    project = open_project(Path.cwd())
    world = drafting.prepare_release(project, project.kinds.named(RELEASE), Bump(bump))
    click.echo(f"release {world.version}")
    run_steps(drafting.steps_of(world), world, plan=plan)


@command.command()
@click.argument("version", default="")
@click.option("--wait", is_flag=True, help="Follow the workflow until it has published.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=60,
    show_default=True,
    help="Minutes that --wait waits.",
)
@plan_option
def publish(version: str, *, wait: bool, timeout: float, plan: bool) -> None:
    """Merge the release or hotfix VERSION into main, if this very tree was tested on staging.

    Without VERSION it takes the one that is open. The workflow that the merge starts deploys to
    production, tags, publishes the release and opens the back-merges.
    """
    from bricklane.cli.steps import run_steps
    from bricklane.gitflow.flows.merge import MERGE
    from bricklane.gitflow.flows.publishing import prepare_open
    from bricklane.gitflow.project import open_project

    world = prepare_open(open_project(Path.cwd()), version or None)
    click.echo(world.title)
    run_steps(MERGE, world, plan=plan)
    if plan:
        return
    if wait:
        from bricklane.gitflow.flows.following import follow

        follow(world, click.echo, timeout * 60)
    click.echo(outcome(world))


def outcome(world: PublishWorld) -> str:
    """Return the last line: whether production has the version, or what brings it there."""
    from bricklane.gitflow.flows.following import PUBLISHING

    if world.project.forge.tag(world.tag) is not None:
        return f"{world.version} is published"
    return (
        f"{PUBLISHING} brings it to production now, maybe after an approval; to follow it:\n"
        f"bricklane release publish {world.version} --wait"
    )


@command.command()
@click.argument("version", default="")
@plan_option
def redeploy(version: str, *, plan: bool) -> None:
    """Have the forge deploy the release or hotfix VERSION to staging again, and test it there.

    Without VERSION it takes the one that is open. What is started is the workflow that every push
    to the branch starts; one whose run was replaced in the queue, or cancelled, needs it.
    """
    from bricklane.cli.steps import run_steps
    from bricklane.gitflow.flows.publishing import prepare_open
    from bricklane.gitflow.flows.redeploying import REDEPLOY
    from bricklane.gitflow.project import open_project

    world = prepare_open(open_project(Path.cwd()), version or None)
    click.echo(world.title)
    run_steps(REDEPLOY, world, plan=plan)


@command.command()
@click.argument("version", default="")
@plan_option
def notes(version: str, *, plan: bool) -> None:
    """Write what came to the open release or hotfix VERSION since its draft into its changelog.

    Without VERSION it takes the one that is open. What people wrote into that section is kept. The
    commit goes to staging as every other. Release notes are made when the version is published, and
    need none of this.
    """
    from bricklane.cli.steps import run_steps
    from bricklane.gitflow.flows.noting import NOTES
    from bricklane.gitflow.flows.publishing import prepare_open
    from bricklane.gitflow.project import open_project

    world = prepare_open(open_project(Path.cwd()), version or None)
    click.echo(world.title)
    run_steps(NOTES, world, plan=plan)
