"""What jobs cost that wait for their time: the processor's share of an idle server."""

from __future__ import annotations

import time

from benchmarks.endurance.jobs import CONDITION, Cloud

SCHEDULE = {"quartz_cron_expression": "0 0 3 ? * MON-FRI", "timezone_id": "Europe/Berlin"}
# After a change, before a server counts as idle.
SETTLING_SECONDS = 2.0


def idle_share(cloud: Cloud, count: int, seconds: float) -> tuple[float, float]:
    """Return the share of one core that the server takes, before and with scheduled jobs.

    Args:
        cloud: a running cloud without jobs.
        count: how many scheduled jobs to make.
        seconds: how long to watch, each time.
    """
    before = share(cloud, seconds)
    schedule(cloud, count)
    time.sleep(SETTLING_SECONDS)
    return before, share(cloud, seconds)


def schedule(cloud: Cloud, count: int) -> None:
    """Make jobs with schedules."""
    task = {"task_key": "nothing", "condition_task": CONDITION}
    for _ in range(count):
        cloud.create(task, schedule=SCHEDULE)


def share(cloud: Cloud, seconds: float) -> float:
    """Return the share of one core that the server takes, watched for so long."""
    server = cloud.process
    begun = sum(server.cpu_times()[:2])
    time.sleep(seconds)
    return float((sum(server.cpu_times()[:2]) - begun) / seconds)
