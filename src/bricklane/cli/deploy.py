"""``bricklane deploy``: one commit to one target, tested and recorded."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from bricklane.delivery.world import Deployment


@click.command(name="deploy", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-t", "--target", default="", help="Target of the bundle; its default one otherwise.")
@click.option("--plan", is_flag=True, help="Stop after the plan: nothing is changed.")
@click.option("-p", "--profile", default="", help="Profile of the Databricks config file.")
@click.option(
    "--wheels",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder with the wheels to deploy; nothing is built.",
)
@click.option("--any-branch", is_flag=True, help="Deploy from whatever branch this is.")
@click.option("--untested", is_flag=True, help="Let production have what was not tested.")
@click.option("--no-record", is_flag=True, help="Write nothing down on the forge.")
@click.option(
    "--auto-approve",
    is_flag=True,
    envvar="BRICKLANE_AUTO_APPROVE",
    help="Delete and recreate what the plan says, data included.",
)
@click.option("--force-lock", is_flag=True, help="Break the lock that a deployment left.")
@click.option("--fail-on-active-runs", is_flag=True, help="Refuse while jobs of the bundle run.")
def command(target: str, *, plan: bool, **chosen: Any) -> None:
    """Build once, plan, deploy, test and record the commit that is checked out."""
    from bricklane.delivery.continuous import ci_run
    from bricklane.delivery.deploy import run_deployment
    from bricklane.delivery.log import terminal
    from bricklane.delivery.world import Options, open_deployment

    with open_deployment(
        Path.cwd(), target, Options(**chosen), os.environ, ci_run(os.environ), click.echo
    ) as world:
        run_deployment(world, terminal, plan=plan)
        if not plan:
            click.secho(closing(world), fg="green")


def closing(world: Deployment) -> str:
    """Return the last line: what is where now, and what was written down."""
    where = f" ({world.summary.host})" if world.summary else ""
    line = f"{world.target.name} has {world.version}{where}"
    if world.forge is None:
        reason = "a copy of your own" if world.development else "as asked"
        return f"{line}; nothing is recorded: {reason}"
    return f"{line}; recorded in environment {world.forge_environment}"
