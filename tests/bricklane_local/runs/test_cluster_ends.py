"""Runs end with their cluster and start it again, on real Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.compute import State

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
MADE = {"spark_version": "17.3.x-scala2.13", "node_type_id": "i3.xlarge", "num_workers": 0}
CALLER = "developer@bricklane.local"
# Leaves the ids of its own process and of one that it starts, and runs until it is ended.
ENDLESS = """
import os, pathlib, subprocess, time
child = subprocess.Popen(["sleep", "600"])
folder = pathlib.Path(dbutils.widgets.get("folder"))
(folder / "draft").write_text(f"{os.getpid()} {child.pid}")
(folder / "draft").rename(folder / "processes")
time.sleep(600)
"""


@pytest.fixture
def cluster(bench: Workbench) -> Iterator[str]:
    """A running cluster."""
    made = bench.client.clusters.create_and_wait(**MADE, cluster_name="ends")
    assert made.cluster_id
    yield made.cluster_id
    bench.client.clusters.permanent_delete(made.cluster_id)


def state(bench: Workbench, cluster_id: str) -> State | None:
    return bench.client.clusters.get(cluster_id).state


def endless(bench: Workbench, cluster_id: str, folder: Path, **more: Any) -> int:
    """Start a run that is on a cluster until it is ended, and return its id."""
    parameters = {"folder": str(folder)}
    task = bench.task(ENDLESS, parameters=parameters, existing_cluster_id=cluster_id, **more)
    run_id = bench.start(bench.create(task))
    bench.wait((folder / "processes").exists)
    return run_id


def alive(process: str) -> bool:
    return Path("/proc", process).exists()


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (lambda clusters, cluster_id: clusters.delete(cluster_id), "terminated"),
        (lambda clusters, cluster_id: clusters.restart(cluster_id), "restarted"),
        (
            lambda clusters, cluster_id: clusters.permanent_delete(cluster_id),
            "permanently deleted",
        ),
    ],
)
def test_a_run_ends_with_its_cluster(
    bench: Workbench, tmp_path: Path, end: Callable[[Any, str], object], how: str
) -> None:
    cluster_id = bench.client.clusters.create_and_wait(**MADE).cluster_id
    assert cluster_id
    run_id = endless(bench, cluster_id, tmp_path)
    processes = (tmp_path / "processes").read_text().split()
    assert all(map(alive, processes))
    end(bench.client.clusters, cluster_id)
    run = bench.finish(run_id)
    message = f"Cluster {cluster_id} was {how} by {CALLER} during the run"
    (task,) = run["tasks"]
    assert task["state"] == {
        "life_cycle_state": "INTERNAL_ERROR",
        "result_state": "FAILED",
        "state_message": message,
        "user_cancelled_or_timedout": False,
    }
    assert task["status"]["termination_details"] == {
        "code": "CLUSTER_TERMINATED_BY_USER",
        "type": "CLIENT_ERROR",
        "message": message,
    }
    assert run["state"]["life_cycle_state"] == "INTERNAL_ERROR"
    assert run["state"]["state_message"] == f"Task main failed with message: {message}"
    assert bench.output(run)["error"] == message
    assert not any(map(alive, processes))


def test_a_run_starts_a_cluster_that_is_terminated(bench: Workbench, cluster: str) -> None:
    bench.client.clusters.delete(cluster)
    assert state(bench, cluster) in (State.TERMINATING, State.TERMINATED)
    # At once, and after it has terminated.
    for _ in range(2):
        run = bench.run(bench.task("1", existing_cluster_id=cluster))
        assert run["state"]["result_state"] == "SUCCESS"
        assert state(bench, cluster) is State.RUNNING
        bench.client.clusters.delete_and_wait(cluster)


def test_an_attempt_that_ended_with_its_cluster_is_made_again(
    bench: Workbench, cluster: str, tmp_path: Path
) -> None:
    run_id = endless(bench, cluster, tmp_path, max_retries=1)
    (tmp_path / "processes").unlink()
    bench.client.clusters.delete(cluster)
    bench.wait((tmp_path / "processes").exists)
    bench.wait(lambda: state(bench, cluster) is State.RUNNING)
    bench.cancel(run_id)
    run = bench.finish(run_id)
    codes = [task["status"]["termination_details"]["code"] for task in run["tasks"]]
    assert codes == ["CLUSTER_TERMINATED_BY_USER", "USER_CANCELED"]


def test_other_runs_go_on(bench: Workbench, cluster: str, tmp_path: Path) -> None:
    others = tmp_path / "others"
    others.mkdir()
    on_none = bench.task(ENDLESS, parameters={"folder": str(others)})
    other = bench.start(bench.create(on_none))
    bench.wait((others / "processes").exists)
    run_id = endless(bench, cluster, tmp_path)
    bench.client.clusters.delete(cluster)
    bench.finish(run_id)
    assert bench.get(other)["status"]["state"] == "RUNNING"
    bench.cancel(other)
    assert bench.finish(other)["status"]["termination_details"]["code"] == "USER_CANCELED"
