"""``bricklane sweep``: removes what tests have left in a target's workspace."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bricklane.testing.sweep import Leftover


@click.command(name="sweep", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-t", "--target", default="", help="Target of the bundle; its default one otherwise.")
@click.option(
    "--older-than",
    default="0s",
    show_default=True,
    metavar="TIME",
    help="Only what has been due for that long, such as 90m, 6h or 2d.",
)
@click.option("--catalog", "catalogs", multiple=True, help="Look into this one only; repeatable.")
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Remove without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; implies no question.")
def command(
    target: str,
    *,
    older_than: str,
    catalogs: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Remove what tests have left in a workspace and whose time has passed."""
    from bricklane.cli.tables import print_line

    found = _find(target, older_than, catalogs)
    if not as_json:
        for left in found:
            print_line(f"{left.kind} {left.name}, due since {left.until:%Y-%m-%d %H:%M} UTC", "")
    if dry_run or not found:
        removed: dict[str, str] = {}
        if not as_json:
            click.echo(f"{_count(len(found))} would be removed" if found else "nothing is left")
    else:
        if not (yes or as_json):
            click.confirm(f"remove {_count(len(found))}?", abort=True)
        removed = remove(found, quiet=as_json)
    if as_json:
        click.echo(
            json.dumps([describe(left, removed, dry_run=dry_run) for left in found], indent=2)
        )
    _report(removed)


def _find(target: str, older_than: str, catalogs: tuple[str, ...]) -> Sequence[Leftover]:
    from datetime import UTC, datetime, timedelta

    from databricks.sdk.errors.base import DatabricksError

    from bricklane.testing.spark.warm import seconds
    from bricklane.testing.sweep import Place, every_catalog, find_leftovers
    from bricklane.testing.target import find_target, workspace_client

    age = timedelta(seconds=seconds(older_than, "--older-than"))
    chosen = find_target(Path.cwd(), target or None, os.environ)
    client = workspace_client(chosen, os.environ)
    own = (chosen.catalog,) if chosen.catalog else ()
    try:
        place = Place(client, catalogs or own or every_catalog(client), _say)
        return find_leftovers(place, datetime.now(UTC) - age)
    except (DatabricksError, OSError) as error:
        raise BricklaneError(
            f"the workspace {client.config.host} cannot be looked through: {error}",
            hint="check the host, the credentials and the network",
            exit_code=ExitCode.NETWORK,
        ) from None


def _say(text: str) -> None:
    click.echo(f"not looked at: {text}", err=True)


def remove(found: Sequence[Leftover], *, quiet: bool) -> dict[str, str]:
    """Remove each of ``found``; return name → why it could not be removed, empty when it was."""
    from databricks.sdk.errors import NotFound
    from databricks.sdk.errors.base import DatabricksError

    outcome: dict[str, str] = {}
    for left in found:
        try:
            left.remove()
            outcome[left.name] = ""
        except NotFound:
            outcome[left.name] = ""  # It went with what it was in, or another sweep was faster.
        except (DatabricksError, OSError) as error:
            outcome[left.name] = str(error) or type(error).__name__
        if not quiet:
            failed = outcome[left.name]
            done = f"not removed: {failed}" if failed else "removed"
            click.echo(f"{left.kind} {left.name}: {done}")
    return outcome


def describe(left: Leftover, outcome: Mapping[str, str], *, dry_run: bool) -> dict[str, object]:
    """Return what ``--json`` prints of one leftover."""
    return {
        "kind": left.kind,
        "name": left.name,
        "due": left.until.isoformat(),
        "removed": not dry_run and outcome.get(left.name) == "",
        "error": outcome.get(left.name) or None,
    }


def _report(outcome: Mapping[str, str]) -> None:
    failed = [name for name, problem in outcome.items() if problem]
    if failed:
        raise BricklaneError(
            f"{_count(len(failed))} could not be removed: {', '.join(failed)}",
            hint="ask an administrator of the workspace, or whoever ran the tests",
        )


def _count(number: int) -> str:
    return "1 leftover" if number == 1 else f"{number} leftovers"
