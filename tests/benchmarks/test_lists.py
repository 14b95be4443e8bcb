from __future__ import annotations

from pathlib import Path

from benchmarks import lists
from benchmarks.localcloud import local_cloud
from benchmarks.notebooks import Api


def test_runs_are_multiplied_as_the_server_would_have_stored_them(tmp_path: Path) -> None:
    state = tmp_path / "state"
    job_id = lists.one_run(state)
    assert lists.multiply(state, 30) == 30
    with local_cloud(state) as cloud:
        page = Api(cloud).get(
            lists.PATH,
            job_id=job_id,
            offset=29,
            limit=25,
            completed_only="true",
            expand_tasks="true",
        )
    assert [run["start_time"] for run in page["runs"]] == sorted(
        (run["start_time"] for run in page["runs"]), reverse=True
    )
    added, first = page["runs"]
    assert added["start_time"] - first["start_time"] == 1000
    (task,) = added["tasks"]
    assert task["state"]["result_state"] == "SUCCESS"
    assert task["run_id"] != first["tasks"][0]["run_id"]
