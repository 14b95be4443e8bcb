"""How runs end: well, badly, cancelled, timed out, killed. None is reported as what it was not."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

if TYPE_CHECKING:
    from conftest import Workbench

pytestmark = pytest.mark.real
ENDLESS = "import time\nwhile True:\n    time.sleep(0.01)"


def state(run: dict[str, Any], key: str = "main") -> str:
    task = [item for item in run["tasks"] if item["task_key"] == key][-1]
    return str(task["state"].get("result_state"))


def running(run: dict[str, Any]) -> bool:
    return bool(run["tasks"][0].get("setup_duration", 0) >= 0 and "start_time" in run["tasks"][0])


def workers(bench: Workbench) -> list[psutil.Process]:
    """Return the processes of running tasks."""
    found = psutil.Process(server_pid(bench)).children(recursive=True)
    return [p for p in found if p.ppid() != server_pid(bench) and "python" in p.name()]


def server_pid(bench: Workbench) -> int:
    return int(json.loads((bench.server.state / "server.json").read_text())["pid"])


def spark_process(bench: Workbench) -> psutil.Process:
    children = psutil.Process(server_pid(bench)).children()
    return next(process for process in children if process.name() == "java")


def test_a_failing_cell_is_named_and_later_cells_do_not_run(bench: Workbench) -> None:
    run = bench.run(bench.task("x = 1", "x / 0", "print('never')"))
    output = bench.output(run)
    assert state(run) == "FAILED"
    assert output["error"].startswith("ZeroDivisionError: division by zero")
    assert "(cell 2)" in output["error"]
    assert "Traceback" in output["error_trace"]
    page = bench.client.jobs.export_run(run["run_id"]).views or []
    assert "SKIPPED" in (page[0].content or "")


def test_a_syntax_error_names_its_cell(bench: Workbench) -> None:
    output = bench.output(bench.run(bench.task("x = 1", "def broken(:")))
    assert output["error"].startswith("SyntaxError")
    assert "(cell 2)" in output["error"]


def test_an_endless_loop_is_cancelled(bench: Workbench) -> None:
    run_id = bench.start(bench.create(bench.task(ENDLESS)))
    bench.until(run_id, running)
    time.sleep(1)
    bench.cancel(run_id)
    run = bench.finish(run_id)
    assert run["state"]["result_state"] == state(run) == "CANCELED"
    assert run["status"]["termination_details"]["code"] == "USER_CANCELED"
    assert not workers(bench)


def test_a_task_that_takes_too_long_is_timed_out(bench: Workbench) -> None:
    run = bench.run(bench.task(ENDLESS, timeout_seconds=2))
    assert state(run) == "TIMEDOUT"
    assert "exceeded its 2 s" in run["tasks"][0]["state"]["state_message"]


def test_a_run_that_takes_too_long_is_timed_out(bench: Workbench) -> None:
    run = bench.run(bench.task(ENDLESS), timeout_seconds=2)
    assert run["state"]["result_state"] == "TIMEDOUT"


def test_a_task_is_tried_again_as_often_as_asked(bench: Workbench) -> None:
    path = "/Volumes/dev/default/tries"
    bench.client.api_client.do(
        "POST",
        "/api/2.1/unity-catalog/volumes",
        body={
            "catalog_name": "dev",
            "schema_name": "default",
            "name": "tries",
            "volume_type": "MANAGED",
        },
    )
    cell = (
        f"import os\ncount = len(os.listdir('{path}'))\n"
        f"open(f'{path}/{{count}}', 'w').close()\nassert count == 2, count"
    )
    run = bench.run(bench.task(cell, max_retries=3))
    assert [task["attempt_number"] for task in run["tasks"]] == [0, 1, 2]
    assert [task["state"]["result_state"] for task in run["tasks"]] == [
        "FAILED",
        "FAILED",
        "SUCCESS",
    ]


def test_runs_beyond_the_limit_wait_or_are_skipped(bench: Workbench) -> None:
    cell = bench.task("import time\ntime.sleep(3)")
    queued = bench.create(cell, queue={"enabled": True})
    first, second = bench.start(queued), bench.start(queued)
    assert bench.get(second)["status"]["state"] == "QUEUED"
    skipping = bench.create(cell)
    third, fourth = bench.start(skipping), bench.start(skipping)
    assert bench.finish(fourth)["state"]["life_cycle_state"] == "SKIPPED"
    for run_id in (first, second, third):
        assert bench.finish(run_id)["state"]["result_state"] == "SUCCESS"
    assert bench.get(second)["start_time"] <= bench.get(first)["end_time"]


def test_spark_killed_in_mid_run_fails_the_run_and_spares_the_next(
    bench: Workbench, tmp_path: Path
) -> None:
    querying = tmp_path / "querying"
    cells = (
        "spark.range(1000).count()",
        f"open({str(querying)!r}, 'w').close()",
        "while True:\n    spark.range(1000).count()",
    )
    run_id = bench.start(bench.create(bench.task(*cells)))
    bench.until(run_id, lambda _: querying.exists())
    spark_process(bench).kill()
    assert state(bench.finish(run_id)) == "FAILED"
    assert bench.result("dbutils.notebook.exit(spark.range(3).count())") == "3"


def test_a_worker_killed_in_mid_run_is_said_to_be(bench: Workbench) -> None:
    run = bench.run(bench.task("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"))
    assert state(run) == "FAILED"
    assert run["tasks"][0]["status"]["termination_details"]["code"] == "DRIVER_ERROR"
    assert "signal 9" in run["tasks"][0]["state"]["state_message"]


def test_a_killed_server_ends_its_runs_truthfully(bench: Workbench) -> None:
    job_id = bench.create(bench.task(ENDLESS), queue={"enabled": True})
    active, queued = bench.start(job_id), bench.start(job_id)
    bench.until(active, running)
    done = bench.run(bench.task("1"))
    time.sleep(1)
    children = psutil.Process(server_pid(bench)).children(recursive=True)
    os.kill(server_pid(bench), signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive
    bench.server.local("up", "--port", "0", *bench.compute)
    run = bench.finish(active)
    assert run["state"]["result_state"] == state(run) == "FAILED"
    assert "interrupted" in run["state"]["state_message"]
    assert bench.get(done["run_id"])["state"]["result_state"] == "SUCCESS"
    bench.until(queued, running)
    bench.cancel(queued)
    assert bench.finish(queued)["state"]["result_state"] == "CANCELED"
