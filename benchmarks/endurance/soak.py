"""Many runs, one after another: what they leave in memory, file handles and on disk."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.endurance.jobs import CONDITION, Cloud, spark
from benchmarks.programs import run

MEBIBYTE = 1024 * 1024
# Runs that are under way at the same time.
AT_ONCE = 20


def soak(cloud: Cloud, count: int, real_each: int, every: int) -> Iterator[dict[str, float]]:
    """Run a job of one condition over and over, with a notebook now and then.

    Args:
        cloud: a running cloud.
        count: how many runs.
        real_each: after how many of them comes one with a notebook on Spark; 0 for never.
        every: after how many runs to measure.

    Yields:
        After each ``every`` runs: ``runs``, ``seconds``, ``processes`` of the cloud, ``database``
        in MiB with its log, of server and Spark ``memory`` in MiB, open ``files`` and
        ``threads``, such as ``server memory``, and ``Spark objects``: MiB of its heap that are
        reachable, which alone tell growth from a heap that is not full yet.
    """
    task = {"task_key": "nothing", "condition_task": CONDITION}
    job_id = cloud.create(task, max_concurrent_runs=AT_ONCE, queue={"enabled": True})
    real = _real(cloud) if real_each else None
    begun = time.monotonic()
    for number in range(1, count + 1):
        last = cloud.start(job_id)
        if real is not None and number % real_each == 0:
            assert cloud.end_of(cloud.start(real)) == "SUCCESS"
        if number % AT_ONCE == 0:
            assert cloud.end_of(last) == "SUCCESS"
        if number % every == 0:
            yield {"runs": number, "seconds": round(time.monotonic() - begun, 1), **_size(cloud)}


def _real(cloud: Cloud) -> int:
    source = {"content": "c3BhcmsucmFuZ2UoMykuY291bnQoKQ==", "language": "PYTHON"}
    notebook = {"path": "/Shared/soak", "format": "SOURCE", "overwrite": True, **source}
    cloud.ask("POST", "/api/2.0/workspace/import", json=notebook)
    task = {"task_key": "count", "notebook_task": {"notebook_path": "/Shared/soak"}}
    return cloud.create(task, queue={"enabled": True})


def _size(cloud: Cloud) -> dict[str, float]:
    server = cloud.process
    children = server.children(recursive=True)
    sizes: dict[str, float] = {}
    for process in spark(server):
        sizes["Spark objects"] = _objects(process)
    for name, process in [("server", server), *(("Spark", item) for item in spark(server))]:
        sizes[f"{name} memory"] = round(process.memory_info().rss / MEBIBYTE, 1)
        sizes[f"{name} files"] = process.num_fds()
        sizes[f"{name} threads"] = process.num_threads()
    database = sum(file.stat().st_size for file in cloud.state.glob("cloud.sqlite*"))
    return sizes | {
        "processes": 1 + len(children),
        "database": round(database / MEBIBYTE, 1),
    }


def _objects(java: psutil.Process) -> float:
    """Return how many MiB of a Java process's heap are reachable; it collects garbage first."""
    histogram = run(Path(java.exe()).with_name("jcmd"), str(java.pid), "GC.class_histogram")
    total = histogram.strip().splitlines()[-1].split()
    return round(int(total[-1]) / MEBIBYTE, 1)
