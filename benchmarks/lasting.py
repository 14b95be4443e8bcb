"""Rows 12 and 13: what many runs leave behind, and runs whose processes and network are cut."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.endurance.jobs import Cloud
from benchmarks.endurance.kills import torment, victims
from benchmarks.endurance.network import LINKS
from benchmarks.endurance.soak import soak
from benchmarks.measurement import Comparison, Settings
from benchmarks.programs import tool

RUNS, REAL_EACH, EVERY = 20_000, 100, 2_000
# From the first measurement on, when all that is loaded once has been loaded.
WARM = 0
# Figure of the soak → what it is called, its unit and how far it may grow. Spark's threads come and
# go by dozens; its heap fills up to its bound, so what it needs are the objects that are reachable.
GROWTHS: dict[str, tuple[str, str, float | None]] = {
    "server memory": ("memory of the server", "MiB", 16.0),
    "server files": ("open files of the server", "files", 8.0),
    "server threads": ("threads of the server", "threads", 4.0),
    "Spark memory": ("memory of Spark", "MiB", None),
    "Spark objects": ("reachable objects of Spark", "MiB", 16.0),
    "Spark files": ("open files of Spark", "files", 32.0),
    "Spark threads": ("threads of Spark", "threads", 64.0),
    "processes": ("processes of the cloud", "processes", 2.0),
    "database": ("database", "MiB", None),
}
TORMENTED = 200


def measure_soak(settings: Settings) -> Iterator[Comparison]:
    """Measure what grows while jobs run over and over.

    Raises:
        UnavailableError: when Spark or Java is not installed.
    """
    grown: dict[str, list[float]] = {name: [] for name in GROWTHS}
    last: dict[str, list[float]] = {name: [] for name in GROWTHS}
    for number in range(settings.rounds):
        with _cloud(settings.folder / f"soak-{number}") as cloud:
            found = []
            for figures in soak(cloud, RUNS, REAL_EACH, EVERY):
                found.append(figures)
                settings.say(", ".join(f"{name} {value:g}" for name, value in figures.items()))
        for name in GROWTHS:
            last[name].append(found[-1][name])
            grown[name].append(round(found[-1][name] - found[WARM][name], 1))
    since = (WARM + 1) * EVERY
    for name, (what, unit, limit) in GROWTHS.items():
        yield Comparison(f"{what} after {RUNS:,} runs", unit, last[name], [], None)
        growth = f"{what}, growth since run {since:,}"
        yield Comparison(growth, unit, grown[name], [], None, limit)


def measure_kills(settings: Settings) -> Iterator[Comparison]:
    """Count the runs of which something untrue is said after processes died and the network broke.

    Raises:
        UnavailableError: when Spark or Java is not installed.
    """
    problems, kills = [], victims(TORMENTED)
    reached: dict[str, list[float]] = {name: [] for name in LINKS}
    for number in range(settings.rounds):
        with _cloud(settings.folder / f"kills-{number}") as cloud:
            report = torment(cloud, TORMENTED, kills, number + 1)
        settings.say(f"killed and cut: {dict(report.kills)}; ended: {dict(report.results)}")
        for problem in report.problems:
            settings.say(problem)
        problems.append(float(len(report.problems)))
        for name in LINKS:
            reached[name].append(float(report.connections[name]))
    killed = ", ".join(f"{name} {times} times" for name, times in kills.items())
    what = f"of {TORMENTED} runs, lost or told untruly; killed or cut: {killed}"
    yield Comparison(what, "runs", problems, [], None, limit=0)
    for name, ends in reached.items():
        yield Comparison(f"ends of connections cut, {name}", "ends", ends, [], None)


@contextmanager
def _cloud(state: Path) -> Iterator[Cloud]:
    cloud = Cloud(state, ("--spark", tool("spark"), "--java", tool("java")))
    cloud.up()
    try:
        yield cloud
    finally:
        cloud.down()
