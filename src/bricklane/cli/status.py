"""``bricklane status``: which version is where, and what is under way."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(name="status", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(*, as_json: bool) -> None:
    """Show what each target has, and the releases and hotfixes under way."""
    from bricklane.cli.deployments import describe_status, print_status
    from bricklane.delivery.status import status
    from bricklane.forge.opening import open_forge
    from bricklane.project.loading import load

    settings = load(Path.cwd())
    found = status(open_forge(settings), settings)
    if as_json:
        click.echo(json.dumps(describe_status(found), indent=2))
    else:
        print_status(found)
