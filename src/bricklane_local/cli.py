"""The commands of ``bricklane local``."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bricklane_local.options import compute_options, spark_options, state_options, storage_option

if TYPE_CHECKING:
    from bricklane_local.compute.settings import ComputeSettings
    from bricklane_local.paths import StatePaths
    from bricklane_local.server import ServerRecord


@click.group(name="local", context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """Start, stop and inspect the local cloud."""


def _paths(name: str, state: Path | None) -> StatePaths:
    from bricklane_local.lifecycle import default_state
    from bricklane_local.paths import StatePaths

    return StatePaths((state or default_state(name)).absolute())


def _started_with(options: dict[str, Any]) -> tuple[ComputeSettings, int | None, bool]:
    """Return what ``compute_options`` says, as what starts a server takes it."""
    from bricklane_local.compute.choices import Choices
    from bricklane_local.compute.settings import ComputeSettings

    settings = ComputeSettings(
        spark=options["spark"],
        java=options["java"],
        memory_megabytes=options["memory"],
        run_memory_megabytes=options["run_memory"],
        run_cores=options["run_cores"],
        act=options["act"],
        idle_minutes=options["spark_idle"],
        choices=Choices(
            spark_remote=options["spark_remote"] or "",
            callback_host=options["spark_callback_host"] or "",
            storage_root=options["storage_root"] or "",
        ),
    )
    return settings, options["port"], options["empty"]


@command.command()
@state_options
@compute_options
def up(name: str, state: Path | None, **options: Any) -> None:
    """Start the cloud unless it runs, and say how to reach it."""
    from bricklane_local import lifecycle

    paths = _paths(name, state)
    record, started = lifecycle.up(paths, *_started_with(options))
    click.echo(f"local cloud {'started' if started else 'already running'} (process {record.pid})")
    _describe(paths, record)


def _describe(paths: StatePaths, record: ServerRecord) -> None:
    from bricklane_local.clientconfig import ACCOUNT_PROFILE
    from bricklane_local.listeners import SERVICES, title_of

    for name, url in record.hosts.items():
        click.echo(f"  {title_of(name)}: {url}")
    others = {row.name for row in SERVICES}
    first = next((name for name in record.hosts if name not in others), ACCOUNT_PROFILE)
    click.echo("point any Databricks client at it with:")
    click.echo(f"  export DATABRICKS_CONFIG_FILE={paths.client_config}")
    click.echo(f"  export DATABRICKS_CONFIG_PROFILE={first}")


@command.command()
@state_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(context: click.Context, name: str, state: Path | None, *, as_json: bool) -> None:
    """Say whether the cloud runs, and where. Exits with 3 when it does not."""
    from bricklane_local import lifecycle
    from bricklane_local.compute.spark.status import SparkStatus

    paths = _paths(name, state)
    record = lifecycle.find(paths)
    if as_json:
        body = {"running": record is not None, "state": str(paths.root)}
        if record is not None:
            config = str(paths.client_config)
            body |= {"pid": record.pid, "hosts": record.hosts, "config_file": config}
            body["spark"] = asdict(SparkStatus.read(paths.spark_status))
        click.echo(json.dumps(body, indent=2))
    elif record is None:
        click.echo(f"not running (state: {paths.root})")
    else:
        click.echo(f"running (process {record.pid}, state: {paths.root})")
        click.echo(f"  Spark: {SparkStatus.read(paths.spark_status)}")
        _describe(paths, record)
    context.exit(3 if record is None else 0)


@command.command()
@state_options
@click.option("-n", "--lines", default=50, show_default=True, help="How many lines of each log.")
def logs(name: str, state: Path | None, lines: int) -> None:
    """Show the server's messages and its latest requests."""
    paths = _paths(name, state)
    if not paths.logs.exists():
        click.echo(f"no logs: the cloud in {paths.root} was never started")
        return
    if paths.server_log.exists():
        for line in _tail(paths.server_log, lines):
            click.echo(line)
    if paths.request_log.exists():
        click.echo(f"latest requests ({paths.request_log}):")
        for line in _tail(paths.request_log, lines):
            entry = json.loads(line)
            click.echo(
                f"  {entry['status']} {entry['workspace']} {entry['method']} {entry['path']} "
                f"{entry['ms']} ms" + ("  NOT IMPLEMENTED" if entry["status"] == 501 else "")
            )


def _tail(path: Path, lines: int) -> list[str]:
    # 400 bytes a line is generous for both logs; the files are bounded, the read is too.
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 400 * lines))
        return file.read().decode("utf-8", "replace").splitlines()[-lines:]


@command.command()
@state_options
@compute_options
@click.option("--yes", is_flag=True, help="Do not ask.")
def reset(name: str, state: Path | None, *, yes: bool, **options: Any) -> None:
    """Delete everything in the cloud; when it was running, start it again, empty."""
    from bricklane_local import lifecycle
    from bricklane_local.compute.choices import carried

    paths = _paths(name, state)
    settings, port, empty = _started_with(options)
    settings = carried(paths, settings)
    if not yes:
        click.confirm(f"Delete all state in {paths.root}?", abort=True)
    was_running = lifecycle.down(paths)
    lifecycle.drop(paths)
    click.echo(f"deleted {paths.root}")
    if was_running:
        record, _ = lifecycle.up(paths, settings, port, empty)
        click.echo(f"local cloud started (process {record.pid})")
        _describe(paths, record)


@command.command()
@state_options
def down(name: str, state: Path | None) -> None:
    """Stop the cloud; its state stays."""
    from bricklane_local import lifecycle

    paths = _paths(name, state)
    click.echo("local cloud stopped" if lifecycle.down(paths) else "not running")


@command.command(name="spark-plugin")
@state_options
@spark_options
@storage_option
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to, which the remote has at the same path; in the storage by default.",
)
def spark_plugin(
    name: str,
    state: Path | None,
    spark: Path | None,
    java: Path | None,
    storage_root: str | None,
    output: Path | None,
) -> None:
    """Write what a Spark Connect server needs for up --spark-remote: jars, settings, a token."""
    from bricklane_local.compute.spark.remote.commands import prepare, start_command

    kit = prepare(_paths(name, state), spark, java, storage_root or "", output)
    click.echo(f"wrote {kit.folder}: {kit.settings.name}, {kit.token.name}, {kit.jars.name}/")
    click.echo("start Spark 4.1 with it, as a user who owns the same files:")
    click.echo(f"  {start_command(kit)}")
    click.echo("then use it:")
    root = f" --storage-root {storage_root}" if storage_root else ""
    click.echo(f"  bricklane local up --spark-remote sc://localhost:15002{root}")


@command.command(hidden=True)
@state_options
@compute_options
def serve(name: str, state: Path | None, **options: Any) -> None:
    """Serve in the foreground, until SIGTERM."""
    from bricklane_local.compute.choices import REMOTE_VARIABLE
    from bricklane_local.server import serve as run

    # What this process starts must not find a token there.
    os.environ.pop(REMOTE_VARIABLE, None)
    run(_paths(name, state).root, *_started_with(options))
