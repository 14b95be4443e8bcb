"""A run that wants everything leaves others their share, on real Spark."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bricklane_local.runs.conftest import Workbench

if TYPE_CHECKING:
    from conftest import Server

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="cores are bounded on Linux"),
]
# Leaves the cores that it may use, then has very many short tasks of Spark waiting.
GREEDY = """
import json, os, pathlib
folder = pathlib.Path(dbutils.widgets.get("folder"))
(folder / "draft").write_text(json.dumps(sorted(os.sched_getaffinity(0))))
(folder / "draft").rename(folder / "cores")
spark.range(0, 2 * 10**11, 1, 20_000).selectExpr("sum(hash(id))").collect()
"""
SMALL = """
import json, os, subprocess
for number in range(5):
    (row,) = spark.range(1000).repartition(2).selectExpr("sum(id)").collect()
    assert row[0] == 499_500
child = subprocess.run(["nproc"], capture_output=True, text=True, check=True).stdout
dbutils.notebook.exit(json.dumps([sorted(os.sched_getaffinity(0)), int(child)]))
"""


@pytest.fixture(scope="module")
def bounded(
    tmp_path_factory: pytest.TempPathFactory, compute: list[str], start: Callable[..., Server]
) -> Iterator[Workbench]:
    """A workbench on a cloud whose runs have one core each."""
    state = tmp_path_factory.mktemp("bounded") / "state"
    server = start(state, *compute, "--run-cores", "1")
    yield Workbench(server, compute)
    server.local("down")


def test_a_small_run_gets_through_beside_a_greedy_one(bounded: Workbench, tmp_path: Path) -> None:
    task = bounded.task(GREEDY, parameters={"folder": str(tmp_path)})
    greedy = bounded.start(bounded.create(task))
    bounded.wait((tmp_path / "cores").exists)
    theirs = json.loads((tmp_path / "cores").read_text())
    ours, counted = json.loads(bounded.result(SMALL))
    assert bounded.get(greedy)["status"]["state"] == "RUNNING"
    assert (len(theirs), len(ours), counted) == (1, 1, 1)
    assert theirs != ours or len(os.sched_getaffinity(0)) == 1
    bounded.cancel(greedy)
    bounded.finish(greedy)


def test_shares_come_back(bounded: Workbench) -> None:
    code = "dbutils.notebook.exit(spark.conf.get('spark.bricklane.pool'))"
    assert [bounded.result(code) for _ in range(2)] == ["run-1", "run-1"]
