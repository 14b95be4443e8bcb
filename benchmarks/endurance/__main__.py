"""The command line of the endurance scripts."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from benchmarks.endurance.jobs import Cloud
from benchmarks.endurance.kills import torment, victims
from benchmarks.endurance.schedules import idle_share
from benchmarks.endurance.soak import soak
from benchmarks.programs import run


@contextmanager
def started(*, spark: bool) -> Iterator[Cloud]:
    """Start a cloud of its own; stop it in the end."""
    options: list[str] = []
    for tool in ("spark", "java") if spark else ():
        bricklane = Path(sys.executable).with_name("bricklane")
        options += [f"--{tool}", run(bricklane, "tools", "path", tool).strip()]
    with tempfile.TemporaryDirectory(prefix="bricklane-endurance-") as folder:
        cloud = Cloud(Path(folder) / "state", options)
        cloud.up()
        try:
            yield cloud
        finally:
            cloud.down()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """See what a local cloud stands."""


@main.command()
@click.option("--runs", default=200, show_default=True, help="How many runs.")
@click.option("--seed", default=1, show_default=True, help="Of what is random.")
def kills(runs: int, seed: int) -> None:
    """Kill processes and cut connections while jobs run; fail when a run is not what it is said."""
    with started(spark=True) as cloud:
        report = torment(cloud, runs, victims(runs), seed)
    print(f"killed and cut: {dict(report.kills)}; ended: {dict(report.results)}")
    print(f"ends of connections that were cut: {dict(report.connections)}")
    print(*report.problems, sep="\n")
    sys.exit(bool(report.problems))


@main.command("soak")
@click.option("--runs", default=20_000, show_default=True, help="How many runs.")
@click.option("--real-each", default=500, show_default=True, help="One on Spark after so many.")
@click.option("--every", default=1_000, show_default=True, help="Measure after so many.")
def soak_command(runs: int, real_each: int, every: int) -> None:
    """Run jobs over and over and print memory, open files and the size of the database."""
    with started(spark=bool(real_each)) as cloud:
        for figures in soak(cloud, runs, real_each, every):
            print(", ".join(f"{name} {value:g}" for name, value in figures.items()), flush=True)


@main.command()
@click.option("--jobs", default=1_000, show_default=True, help="How many scheduled jobs.")
@click.option("--seconds", default=60.0, show_default=True, help="How long to watch.")
def schedules(jobs: int, seconds: float) -> None:
    """Print what an idle server takes of a core, without and with scheduled jobs."""
    with started(spark=False) as cloud:
        before, after = idle_share(cloud, jobs, seconds)
    print(f"without jobs {before:.2%}, with {jobs} schedules {after:.2%} of a core")


if __name__ == "__main__":
    main()
