"""Row 10: what an idle server takes of a core when many jobs wait for their time."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.endurance.jobs import Cloud
from benchmarks.endurance.schedules import SETTLING_SECONDS, schedule, share
from benchmarks.measurement import Comparison, Settings

JOBS = 1000
SECONDS = 20.0
LIMIT = 2.0


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure the same server without jobs, then with them.

    Raises:
        ProgramError: when the cloud does not start or stop.
    """
    cloud = Cloud(settings.folder / "idle-cloud")
    cloud.up()
    try:
        shares = _watched(cloud, settings, 0)
        yield Comparison("without jobs", "%", shares, [], None, LIMIT)
        schedule(cloud, JOBS)
        shares = _watched(cloud, settings, JOBS)
        yield Comparison(f"with {JOBS:,} jobs that have schedules", "%", shares, [], None, LIMIT)
    finally:
        cloud.down()


def _watched(cloud: Cloud, settings: Settings, jobs: int) -> list[float]:
    """Return shares of a core in per cent, one for each round."""
    share(cloud, SETTLING_SECONDS)
    shares = []
    for _ in range(settings.rounds):
        shares.append(round(100 * share(cloud, SECONDS), 3))
        settings.say(f"{jobs} jobs: {shares[-1]:.2f} %")
    return shares
