"""``python -m bricklane_local``: what ``bricklane local`` runs."""

from __future__ import annotations

import sys

import click

from bricklane_local.cli import command
from bricklane_local.errors import LocalError

if __name__ == "__main__":
    try:
        sys.exit(command(prog_name="bricklane local", standalone_mode=False) or 0)
    except LocalError as error:
        click.echo(f"error: {error.message}", err=True)
        for line in (error.hint or "").splitlines():
            click.echo(f"  hint: {line}", err=True)
        sys.exit(6)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        sys.exit(130)
