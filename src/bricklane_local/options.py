"""Options that several commands of ``bricklane local`` have."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]
Option = Callable[[Command], Command]

# What makes tasks run.
_TOOLS: tuple[Option, ...] = (
    click.option(
        "--spark",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="BRICKLANE_LOCAL_SPARK",
        help="Folder of the Spark runtime (bricklane tools path spark).",
    ),
    click.option(
        "--java",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        envvar="BRICKLANE_LOCAL_JAVA",
        help="Java home (bricklane tools path java).",
    ),
)
_SIZES: tuple[Option, ...] = (
    click.option(
        "--memory",
        type=click.IntRange(512),
        default=2048,
        show_default=True,
        help="Memory of the Spark driver in megabytes.",
    ),
    click.option(
        "--run-cores",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Cores that the process of a task may use; 0 for all. Linux only.",
    ),
    click.option(
        "--run-memory",
        type=click.IntRange(0),
        default=0,
        show_default=True,
        help="Megabytes that the process of a task may take; 0 for no bound. Linux only.",
    ),
    click.option(
        "--spark-idle",
        type=click.FloatRange(0),
        help="Minutes without use after which Spark stops until it is used; 0 for never, "
        "60 unless told otherwise.",
    ),
)
_REMOTE: tuple[Option, ...] = (
    click.option(
        "--spark-remote",
        metavar="sc://HOST:PORT",
        envvar="BRICKLANE_LOCAL_SPARK_REMOTE",
        help="Use this Spark Connect server (bricklane local spark-plugin prepares one) and "
        "start none; also as sc://HOST:PORT/;token=TOKEN. Remembered until it is none.",
    ),
    click.option(
        "--spark-callback-host",
        metavar="HOST",
        help="Name or address by which the remote Spark reaches this machine; remembered. "
        "Without it nothing but loopback is listened on.",
    ),
)
storage_option: Option = click.option(
    "--storage-root",
    metavar="FOLDER",
    help="Folder for tables, volumes and files, which a remote Spark sees at the same path; "
    "remembered. The state folder unless told otherwise.",
)
_PORT: Option = click.option(
    "--port",
    type=click.IntRange(0, 65000),
    help="First port; the others follow. 0 picks those of last time, else free ones.",
)
_ACT: Option = click.option(
    "--act",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    envvar="BRICKLANE_LOCAL_ACT",
    help="The program act, which runs workflows (bricklane tools path act).",
)
_EMPTY: Option = click.option(
    "--empty",
    is_flag=True,
    help="A new cloud has an account without workspaces, to be provisioned.",
)


def state_options(function: Command) -> Command:
    """Add the options that name a cloud."""
    function = click.option(
        "--name", default="default", show_default=True, help="Name of the cloud."
    )(function)
    return click.option(
        "--state", type=click.Path(path_type=Path), help="State folder, instead of the named one."
    )(function)


def spark_options(function: Command) -> Command:
    """Add the options that say where Spark and Java are."""
    return _with(function, _TOOLS)


def compute_options(function: Command) -> Command:
    """Add the options that say how to run jobs."""
    return _with(function, (_PORT, *_TOOLS, _ACT, *_SIZES, *_REMOTE, storage_option, _EMPTY))


def _with(function: Command, options: Iterable[Option]) -> Command:
    for option in options:
        function = option(function)
    return function
