"""``bricklane rehearse``: plays GitFlow on a local forge and three local workspaces."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="rehearse")
@click.option("--scenario", default="release", show_default=True, help="A name, or a YAML file.")
@click.option("--list", "list_them", is_flag=True, help="List the scenarios that come along.")
@click.option("--name", default="rehearsal", show_default=True, help="Name of the local cloud.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the project is made; by default beside the cloud's state.",
)
@click.option("--stop", is_flag=True, help="Stop the cloud in the end, instead of leaving it up.")
def command(scenario: str, name: str, folder: Path | None, *, list_them: bool, stop: bool) -> None:
    """Play GitFlow from the first push to a hotfix in production, on this machine.

    Starts the local cloud called NAME afresh, makes a project and its repository, and plays a
    scenario on them with the real workflows, the real Databricks CLI and real Spark.
    """
    from rich.console import Console

    from bricklane.rehearse import scenario as scenarios
    from bricklane.rehearse.acts import ACTS

    if list_them:
        for known in scenarios.shipped():
            click.echo(f"{known:24} {scenarios.load(known, ACTS).title}")
        return
    from bricklane.rehearse import cloud, play
    from bricklane.rehearse.screen import Screen

    chosen = scenarios.load(scenario, ACTS)
    screen = Screen(Console(highlight=False))
    place = folder or cloud.place(name)
    try:
        stage = play.play(chosen, screen, cloud=name, folder=place)
        play.epilogue(stage)
    finally:
        if stop:
            cloud.stop(name)
    screen.console.print(f"\n[bold green]Done in {screen.seconds:.0f} s.[/]")
