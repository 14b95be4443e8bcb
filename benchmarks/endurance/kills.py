"""Runs while workers, Spark and the server are killed: each is found and ends as it is said to.

Each run writes a file when its work is done. One that is reported successful must have written it;
one that was accepted must be found, and must end.
"""

from __future__ import annotations

import base64
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import requests

from benchmarks.endurance.jobs import Cloud

NOTEBOOK = "/Shared/endurance"
SOURCE = """# Databricks notebook source
import time
spark.range(100).count()
time.sleep(float(dbutils.widgets.get("seconds")))

# COMMAND ----------

with open(dbutils.widgets.get("done"), "w") as file:
    file.write("done")
"""
# Runs that are let run at the same time.
AT_ONCE = 6


@dataclass(slots=True)
class Report:
    """What became of the runs.

    Args:
        results: result → how many runs ended so.
        kills: what was killed → how often.
        problems: what must not be, empty when all is well.
    """

    results: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def victims(runs: int) -> dict[str, int]:
    """Return what is killed while so many runs go on, and how often each."""
    return {"worker": runs // 5, "spark": 1 + runs // 40, "server": 1 + runs // 40}


def torment(cloud: Cloud, count: int, kills: dict[str, int], seed: int) -> Report:
    """Run a notebook over and over while processes are killed.

    Args:
        cloud: a running cloud with Spark.
        count: how many runs.
        kills: ``worker``, ``spark`` or ``server`` → how often to kill one.
        seed: of what is random.
    """
    chance, report = random.Random(seed), Report()  # noqa: S311 (no secret)
    content = base64.b64encode(SOURCE.encode()).decode()
    notebook = {"path": NOTEBOOK, "content": content, "format": "SOURCE", "language": "PYTHON"}
    cloud.ask("POST", "/api/2.0/workspace/import", json={**notebook, "overwrite": True})
    task = {"task_key": "work", "notebook_task": {"notebook_path": NOTEBOOK}}
    job_id = cloud.create(task, max_concurrent_runs=AT_ONCE, queue={"enabled": True})
    # When as many runs have been started, this is killed.
    names = [name for name, times in kills.items() for _ in range(times)]
    moments = dict(zip(chance.sample(range(2, count), len(names)), names, strict=True))
    killing: dict[str, Callable[[], object]] = {
        "worker": cloud.kill_worker,
        "spark": cloud.kill_spark,
        "server": cloud.kill_server,
    }
    with tempfile.TemporaryDirectory(prefix="bricklane-kills-") as folder:
        started: dict[int, Path] = {}
        for number in range(count):
            done = Path(folder) / str(number)
            run_id = _start(cloud, job_id, done, chance.uniform(0, 1))
            started[run_id] = done
            if number in moments:
                time.sleep(chance.uniform(0, 1.5))
                killing[moments[number]]()
                report.kills[moments[number]] += 1
            while cloud.active(job_id) >= 2 * AT_ONCE:
                time.sleep(0.1)
        _judge(cloud, job_id, started, report)
    return report


def _start(cloud: Cloud, job_id: int, done: Path, seconds: float) -> int:
    """Start a run, with a token so that a lost answer is no second run."""
    parameters = {"done": str(done), "seconds": f"{seconds:.2f}"}
    token = f"{job_id}-{done.name}"
    for _ in range(5):
        try:
            return cloud.start(job_id, notebook_params=parameters, idempotency_token=token)
        except requests.ConnectionError:
            time.sleep(1)
    raise AssertionError("the cloud does not come back")


def _judge(cloud: Cloud, job_id: int, started: dict[int, Path], report: Report) -> None:
    for run_id, done in started.items():
        result = cloud.end_of(run_id)
        report.results[result] += 1
        if result == "SUCCESS" and not done.exists():
            report.problems.append(f"run {run_id} is said to have succeeded and did not finish")
    found = cloud.runs_of(job_id)
    report.problems += [f"run {run_id} is lost" for run_id in started.keys() - found]
    report.problems += [f"run {run_id} was never asked for" for run_id in found - started.keys()]
