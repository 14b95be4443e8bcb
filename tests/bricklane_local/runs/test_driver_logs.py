"""Clusters deliver the logs of their driver, and runs keep them from being idle, on real Spark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.catalog import VolumeType
from databricks.sdk.service.compute import (
    ClusterLogConf,
    DbfsStorageInfo,
    Language,
    State,
)

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
MADE = {"spark_version": "17.3.x-scala2.13", "node_type_id": "i3.xlarge", "num_workers": 0}


@pytest.fixture(scope="module")
def cluster(bench: Workbench) -> Iterator[str]:
    """A running cluster that delivers to DBFS."""
    made = bench.client.clusters.create_and_wait(
        **MADE,
        cluster_name="logs",
        autotermination_minutes=10,
        cluster_log_conf=ClusterLogConf(dbfs=DbfsStorageInfo("dbfs:/cluster-logs")),
    )
    assert made.cluster_id
    yield made.cluster_id
    bench.client.clusters.permanent_delete(made.cluster_id)


def shared(*stores: tuple[str, str]) -> list[dict[str, Any]]:
    """Return job clusters, each with the store and the destination of its logs."""
    return [
        {
            "job_cluster_key": store,
            "new_cluster": {**MADE, "cluster_log_conf": {store: {"destination": destination}}},
        }
        for store, destination in stores
    ]


def test_what_runs_and_commands_print_is_delivered(bench: Workbench, cluster: str) -> None:
    for word in ("first", "second"):
        code = f"import sys; print('{word}'); print('bad {word}', file=sys.stderr)"
        run = bench.run(bench.task(code, existing_cluster_id=cluster))
        assert run["tasks"][0]["cluster_instance"] == {"cluster_id": cluster}
    commands = bench.client.command_execution
    context = commands.create_and_wait(cluster_id=cluster, language=Language.PYTHON)
    command = "import os; _ = os.system('echo third; echo bad third >&2')"
    commands.execute_and_wait(
        cluster_id=cluster, context_id=context.id, language=Language.PYTHON, command=command
    )
    commands.destroy(cluster, str(context.id))

    def lines(stream: str) -> list[str]:
        with bench.client.dbfs.download(f"/cluster-logs/{cluster}/driver/{stream}") as file:
            return file.read().decode().splitlines()

    bench.wait(lambda: "third" in lines("stdout"))
    assert lines("stdout") == ["first", "second", "third"]
    assert lines("stderr") == ["bad first", "bad second", "bad third"]
    status = bench.client.clusters.get(cluster).cluster_log_status
    assert status
    assert status.last_attempted
    assert status.last_exception is None


def test_tasks_on_one_job_cluster_deliver_to_one_place(bench: Workbench) -> None:
    bench.client.schemas.create("logs", "dev")
    bench.client.volumes.create("dev", "logs", "files", VolumeType.MANAGED)
    clusters = shared(
        ("volumes", "/Volumes/dev/logs/files/below"),
        ("s3", "s3://bucket/logs"),
        ("dbfs", "dbfs:/Volumes/dev/no/v"),
    )
    on = {"job_cluster_key": "volumes"}
    run = bench.run(
        bench.task("print('one')", key="one", **on),
        bench.task("print('two')", key="two", depends_on=[{"task_key": "one"}], **on),
        bench.task("print('three')", key="s3", job_cluster_key="s3"),
        bench.task("print('four')", key="dbfs", job_cluster_key="dbfs"),
        job_clusters=clusters,
    )
    ids = {task["task_key"]: task["cluster_instance"]["cluster_id"] for task in run["tasks"]}
    assert ids["one"] == ids["two"] != ids["s3"]
    place = f"/Volumes/dev/logs/files/below/{ids['one']}/driver/stdout"
    delivered = bench.client.files.download(place).contents
    assert delivered
    assert delivered.read().decode().split() == ["one", "two"]
    assert run["state"]["result_state"] == "SUCCESS"
    for key, reason in (
        ("s3", "delivers to dbfs and volumes, not s3"),
        ("dbfs", "Schema 'dev.no' does not exist"),
    ):
        (number,) = (task["run_id"] for task in run["tasks"] if task["task_key"] == key)
        folder = bench.server.state / "workspaces" / "dev" / "runs" / str(number)
        log = (folder / "stdout.log").read_text("utf-8")
        assert f"The logs of cluster {ids[key]} could not be delivered to" in log
        assert reason in log


def test_a_run_keeps_its_cluster_from_being_idle(bench: Workbench, cluster: str) -> None:
    clock, get = "/_bricklane/clock", bench.client.clusters.get
    minutes = 60_000
    try:
        bench.server.request("POST", clock, json={"milliseconds": 6 * minutes})
        bench.run(bench.task("1", existing_cluster_id=cluster))
        bench.server.request("POST", clock, json={"milliseconds": 6 * minutes})
        assert get(cluster).state is State.RUNNING
        bench.server.request("POST", clock, json={"milliseconds": 5 * minutes})
        assert get(cluster).state is State.TERMINATED
    finally:
        bench.server.request("POST", clock, json={"milliseconds": -17 * minutes})
