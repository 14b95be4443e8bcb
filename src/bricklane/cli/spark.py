"""``bricklane spark``: the Spark that stays warm between test runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bricklane.testing.spark.warm import WarmSpark


@click.group(name="spark", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Show and end the Spark that stays warm for tests."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """List the warm Sparks of this user: one for each project and environment."""
    from bricklane.cli.tables import print_table
    from bricklane.testing.spark.warm import all_running

    found = all_running(os.environ)
    if as_json:
        click.echo(json.dumps([describe(each) for each in found], indent=2))
    elif not found:
        click.echo("no Spark is warm; the first test that uses one starts it")
    else:
        rows = [
            (
                str(each.pid),
                str(each.about["pyspark"]),
                "yes" if each.about["delta"] else "no",
                since(float(each.about["started"])),
                str(each.about["root"]),
            )
            for each in found
        ]
        print_table(("PROCESS", "SPARK", "DELTA", "SINCE (UTC)"), rows, below="PROJECT")


@command.command()
@click.option("--all", "every", is_flag=True, help="Those of other projects too.")
def stop(*, every: bool) -> None:
    """End the warm Spark of the project in this folder; test runs that use it fail."""
    from bricklane.testing.spark.warm import all_running, end

    here = Path.cwd().resolve()
    found = [
        each
        for each in all_running(os.environ)
        if every or here.is_relative_to(Path(each.about["root"]).resolve())
    ]
    for each in found:
        end(each)
        click.echo(f"ended Spark {each.about['pyspark']} of {each.about['root']}")
    if not found:
        click.echo("no Spark is warm" if every else f"no Spark is warm for {here}; --all ends all")


def describe(found: WarmSpark) -> dict[str, object]:
    """Return what ``--json`` prints of one; its token is no part of that."""
    return {
        "pid": found.pid,
        "remote": found.remote,
        "root": found.about["root"],
        "environment": found.about["environment"],
        "pyspark": found.about["pyspark"],
        "delta": found.about["delta"],
        "memory": found.about["memory"],
        "idle_seconds": found.about["idle_seconds"],
        "started": since(float(found.about["started"])),
        "log": str(found.folder / "log"),
    }


def since(time: float) -> str:
    """Return a time as people read it."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M")
