"""``bricklane history``: what was deployed when, by whom, and how it went."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from bricklane.delivery.records import Record

HISTORY_COLUMNS = (
    "WHEN (UTC)", "ENVIRONMENT", "VERSION", "STATE", "COMMIT", "BRANCH", "BY", "TESTS",
)  # fmt: skip


@click.command(name="history", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-t", "--target", default="", help="Only deployments to this target.")
@click.option(
    "-n", "--limit", type=click.IntRange(1), default=30, show_default=True, help="How many."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(target: str, limit: int, *, as_json: bool) -> None:
    """Show past deployments, newest first."""
    from bricklane.cli.deployments import describe_record
    from bricklane.cli.tables import print_table
    from bricklane.delivery.status import history
    from bricklane.forge.opening import open_forge
    from bricklane.project.loading import load

    settings = load(Path.cwd())
    if target and target not in settings.targets:
        raise BricklaneError(
            f"there is no target {target!r}",
            hint=f"targets: {', '.join(settings.targets)}",
            exit_code=ExitCode.USAGE,
        )
    found = list(islice(history(open_forge(settings), settings, target), limit))
    if as_json:
        click.echo(json.dumps([describe_record(record) for record in found], indent=2))
        return
    print_table(HISTORY_COLUMNS, map(row, found), below="LOG")


def row(record: Record) -> tuple[str, ...]:
    """Return a line of the table; the last cell is for below it."""
    from bricklane.cli.deployments import SHORT, moment

    return (
        moment(record.deployed_at),
        record.environment,
        record.content.version,
        str(record.state),
        record.commit[:SHORT],
        record.branch,
        record.by,
        record.tests,
        record.log_url,
    )
