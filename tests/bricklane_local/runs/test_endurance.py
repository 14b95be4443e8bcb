"""Many tasks at once, and runs while processes are killed and connections cut, on real Spark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.endurance.jobs import Cloud
from benchmarks.endurance.kills import torment
from benchmarks.endurance.network import LINKS, permitted

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real


def test_twenty_tasks_at_once_all_succeed(bench: Workbench) -> None:
    first = bench.task("spark.range(100).count()", key="task_0")
    tasks = [first | {"task_key": f"task_{number}"} for number in range(20)]
    run = bench.run(*tasks)
    results = [task["state"].get("result_state") for task in run["tasks"]]
    assert results == ["SUCCESS"] * 20, run


def test_runs_end_truthfully_whatever_is_killed_or_cut(bench: Workbench) -> None:
    cloud = Cloud(bench.server.state, bench.compute)
    killed = {"worker": 5, "spark": 1, "server": 1}
    # Where the system lets nobody debug processes but their parents, nothing can be cut.
    cut = dict.fromkeys(LINKS, 1) if permitted(cloud.process) else {}
    report = torment(cloud, 30, killed | cut, seed=3)
    assert not report.problems
    assert sum(report.results.values()) == 30
    assert report.results["SUCCESS"] >= 10
