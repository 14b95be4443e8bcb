"""Row 11: lists of runs in a workspace that has many."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.endurance.jobs import CONDITION, Cloud
from benchmarks.localcloud import PROFILE, local_cloud
from benchmarks.measurement import Comparison, Settings
from benchmarks.notebooks import Api
from benchmarks.programs import ProgramError

RUNS = 10_000
DEEP = 9_900
PAGE = 25
REQUESTS = 100  # of each round
LIMIT_MS = 50.0
PATH = "/api/2.2/jobs/runs/list"
# What is measured → the request, beyond the size of the page; {job} is the job's id.
LISTS: dict[str, dict[str, str]] = {
    "newest runs": {},
    "newest runs with their tasks": {"expand_tasks": "true"},
    "newest runs of the job that have ended": {"job_id": "{job}", "completed_only": "true"},
    f"runs behind {DEEP:,} newer ones, by offset": {"offset": str(DEEP)},
    f"runs of the job behind {DEEP:,} newer ones, by offset": {
        "job_id": "{job}",
        "offset": str(DEEP),
    },
}


def measure(settings: Settings) -> Iterator[Comparison]:
    """Measure lists by HTTP.

    Raises:
        ProgramError: when a list is not what was asked for.
    """
    state = settings.folder / "many-runs"
    job_id = one_run(state)
    settings.say(f"{multiply(state, RUNS - 1)} runs are added to the one that has ended")
    with local_cloud(state) as cloud:
        api = Api(cloud)
        for what, query in LISTS.items():
            wanted = {name: value.format(job=job_id) for name, value in query.items()}
            samples = [_percentile(api, wanted) for _ in range(settings.rounds)]
            settings.say(f"{what}: {samples[-1]:.1f} ms")
            yield Comparison(f"{what}, 95th percentile", "ms", samples, [], None, LIMIT_MS)


def one_run(state: Path) -> int:
    """Run a job once to its end and return its id."""
    cloud = Cloud(state)
    cloud.up()
    try:
        job_id = cloud.create({"task_key": "nothing", "condition_task": CONDITION})
        result = cloud.end_of(cloud.start(job_id))
    finally:
        cloud.down()
    if result != "SUCCESS":
        raise ProgramError(f"the run ended as {result}")
    return job_id


def multiply(state: Path, count: int) -> int:
    """Store a run that has ended again and again, as if each had been a second after the other.

    Args:
        state: folder of a cloud that does not run.
        count: how many runs to add.

    Returns:
        How many there are now beside the first.
    """
    from bricklane_local.cloud import Cloud as Server
    from bricklane_local.compute.settings import ComputeSettings

    server = Server(state, ComputeSettings())
    try:
        runs = server.workspaces[PROFILE].engine.runs
        (first,) = (runs.get(summary.run_id) for summary in runs.summaries())
        (attempt,) = runs.attempts(first.run_id)
        with server.database.transaction():
            for number in range(count):
                run_id, moment = runs.new_id(), first.start_time + 1000 * (number + 1)
                runs.add(replace(first, run_id=run_id, start_time=moment))
                task_run_id = runs.new_id()
                runs.save_task(
                    replace(attempt, run_id=task_run_id, job_run_id=run_id, start_time=moment)
                )
        return sum(1 for _ in runs.summaries()) - 1
    finally:
        server.close()


def _percentile(api: Api, query: dict[str, str]) -> float:
    """Return the 95th percentile of what a client waits for a list, in milliseconds."""
    times = []
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        page: dict[str, Any] = api.get(PATH, limit=PAGE, **query)
        times.append(time.perf_counter() - begun)
        if len(page["runs"]) != PAGE:
            raise ProgramError(f"a list has {len(page['runs'])} runs instead of {PAGE}: {query}")
    return round(statistics.quantiles(times, n=20)[-1] * 1000, 3)
