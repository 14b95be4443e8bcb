"""Runs while processes are killed and connections cut: each is found and ends as it is said to.

Each run adds a row to a table, tells the workspace a value, and writes a file when that is done.
One that is reported successful must have written the file and have one row; one that was accepted
must be found, and must end; none may have two rows.
"""

from __future__ import annotations

import base64
import json
import random
import tempfile
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.endurance.jobs import BROKEN, Cloud
from benchmarks.endurance.network import LINKS, Outage

NOTEBOOK = "/Shared/endurance"
SOURCE = """# Databricks notebook source
import time
number = int(dbutils.widgets.get("number"))
spark.sql(f"INSERT INTO endurance VALUES ({number})")
ends = time.monotonic() + float(dbutils.widgets.get("seconds"))
while time.monotonic() < ends:
    dbutils.jobs.taskValues.set("number", number)
    time.sleep(0.05)

# COMMAND ----------

dbutils.jobs.taskValues.set("number", number)
with open(dbutils.widgets.get("done"), "w") as file:
    file.write("done")
"""
CREATION = "/Shared/endurance creation"
CREATE = """# Databricks notebook source
spark.sql("CREATE OR REPLACE TABLE endurance (number BIGINT)")
"""
READING = "/Shared/endurance reading"
READ = """# Databricks notebook source
import json
dbutils.notebook.exit(json.dumps([row.number for row in spark.table("endurance").collect()]))
"""
NOTEBOOKS = {NOTEBOOK: SOURCE, CREATION: CREATE, READING: READ}
# Runs that are let run at the same time.
AT_ONCE = 6
# How long an outage of the network lasts at most.
LONGEST_SECONDS = 2.0


@dataclass(slots=True)
class Report:
    """What became of the runs.

    Args:
        results: result → how many runs ended so.
        kills: what was killed or cut → how often.
        connections: link → how many ends of connections its cuts have met.
        problems: what must not be, empty when all is well.
    """

    results: Counter[str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    connections: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


def victims(runs: int) -> dict[str, int]:
    """Return what is killed or cut while so many runs go on, and how often each."""
    processes = {"worker": runs // 5, "spark": 1 + runs // 40, "server": 1 + runs // 40}
    return processes | dict.fromkeys(LINKS, runs // 20)


def torment(cloud: Cloud, count: int, kills: dict[str, int], seed: int) -> Report:
    """Run a notebook over and over while processes are killed and connections cut.

    Args:
        cloud: a running cloud with Spark.
        count: how many runs.
        kills: ``worker``, ``spark``, ``server`` or a link's name → how often to kill or cut it.
        seed: of what is random.
    """
    chance, report = random.Random(seed), Report()  # noqa: S311 (no secret)
    for path, source in NOTEBOOKS.items():
        content = base64.b64encode(source.encode()).decode()
        notebook = {"path": path, "content": content, "format": "SOURCE", "language": "PYTHON"}
        cloud.ask("POST", "/api/2.0/workspace/import", json={**notebook, "overwrite": True})
    assert cloud.end_of(cloud.start(cloud.create(_task(CREATION)))) == "SUCCESS"
    job_id = cloud.create(_task(NOTEBOOK), max_concurrent_runs=AT_ONCE, queue={"enabled": True})
    # When as many runs have been started, these are killed or cut.
    names = [name for name, times in kills.items() for _ in range(times)]
    moments: dict[int, list[str]] = {}
    for name in names:
        moments.setdefault(chance.randrange(2, count), []).append(name)
    with (
        tempfile.TemporaryDirectory(prefix="bricklane-kills-") as folder,
        ThreadPoolExecutor(AT_ONCE) as cutting,
    ):
        harm = _Harm(cloud, chance, report, cutting)
        started: dict[int, Path] = {}
        for number in range(count):
            done = Path(folder) / str(number)
            started[_start(cloud, job_id, done, chance.uniform(0.5, 2))] = done
            for name in moments.get(number, []):
                time.sleep(chance.uniform(0, 1.5))
                harm.do(name)
            while cloud.active(job_id) >= 2 * AT_ONCE:
                time.sleep(0.1)
        harm.end()
        _judge(cloud, job_id, started, report)
    return report


@dataclass(slots=True)
class _Harm:
    """Kills and cuts; a kill is over when it returns, a cut goes on."""

    cloud: Cloud
    chance: random.Random
    report: Report
    cutting: ThreadPoolExecutor
    _outages: list[tuple[str, Outage, Future[None]]] = field(default_factory=list)

    def do(self, name: str) -> None:
        killing = {
            "worker": self.cloud.kill_worker,
            "spark": self.cloud.kill_spark,
            "server": self.cloud.kill_server,
        }
        self.report.kills[name] += 1
        if name in killing:
            killing[name]()
            return
        deaf, seconds = self.chance.random() < 0.5, self.chance.uniform(0.2, LONGEST_SECONDS)
        outage = Outage(self.cloud.links[name], deaf, seconds)
        self._outages.append((name, outage, self.cutting.submit(outage.happen)))

    def end(self) -> None:
        """Wait for the end of all outages, and count what they met."""
        for name, outage, happening in self._outages:
            happening.result()
            self.report.connections[name] += len(outage.reached)


def _task(path: str) -> dict[str, Any]:
    return {"task_key": "work", "notebook_task": {"notebook_path": path}}


def _start(cloud: Cloud, job_id: int, done: Path, seconds: float) -> int:
    """Start a run, with a token so that a lost answer is no second run."""
    parameters = {"done": str(done), "number": done.name, "seconds": f"{seconds:.2f}"}
    token = f"{job_id}-{done.name}"
    for _ in range(20):
        try:
            return cloud.start(job_id, notebook_params=parameters, idempotency_token=token)
        except BROKEN:
            time.sleep(0.5)
    raise AssertionError("the cloud does not come back")


def _judge(cloud: Cloud, job_id: int, started: dict[int, Path], report: Report) -> None:
    results = {run_id: cloud.end_of(run_id) for run_id in started}
    report.results.update(results.values())
    rows = Counter(json.loads(_read(cloud)))
    for run_id, done in started.items():
        succeeded, times = results[run_id] == "SUCCESS", rows[int(done.name)]
        if succeeded and not done.exists():
            report.problems.append(f"run {run_id} is said to have succeeded and did not finish")
        if times > 1 or (succeeded and not times):
            said = f"run {run_id} ended as {results[run_id]} and its row is there {times} times"
            report.problems.append(said)
    found = cloud.runs_of(job_id)
    report.problems += [f"run {run_id} is lost" for run_id in started.keys() - found]
    report.problems += [f"run {run_id} was never asked for" for run_id in found - started.keys()]


def _read(cloud: Cloud) -> str:
    """Return the numbers in the table, as JSON."""
    run_id = cloud.start(cloud.create(_task(READING)))
    assert cloud.end_of(run_id) == "SUCCESS"
    run = cloud.ask("GET", "/api/2.2/jobs/runs/get", params={"run_id": run_id})
    task = {"run_id": run["tasks"][0]["run_id"]}
    output = cloud.ask("GET", "/api/2.2/jobs/runs/get-output", params=task)
    return str(output["notebook_output"]["result"])
