"""Triggers start runs by themselves; the tests move the clock instead of waiting."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

MINUTE = 60_000
HOURLY = {"quartz_cron_expression": "0 0 * * * ?", "timezone_id": "UTC"}


def condition(left: str = "1") -> dict[str, Any]:
    return {"task_key": "c", "condition_task": {"op": "EQUAL_TO", "left": left, "right": "1"}}


def create(client: WorkspaceClient, left: str = "1", **settings: Any) -> int:
    body = {"name": "triggered", "tasks": [condition(left)], **settings}
    answer: Any = client.api_client.do("POST", "/api/2.2/jobs/create", body=body)
    return int(answer["job_id"])


def runs(client: WorkspaceClient, job_id: int) -> list[dict[str, Any]]:
    query = {"job_id": job_id, "expand_tasks": "true"}
    answer: Any = client.api_client.do("GET", "/api/2.2/jobs/runs/list", query=query)
    return list(answer.get("runs", []))


def ended(client: WorkspaceClient, job_id: int, count: int = 1) -> list[dict[str, Any]]:
    """Wait until so many runs of a job have ended, and return all that there are."""
    for _ in range(600):
        found = runs(client, job_id)
        if sum(run["status"]["state"] == "TERMINATED" for run in found) >= count:
            return found
        time.sleep(0.02)
    raise AssertionError(found)


@pytest.fixture
def jobs(client: WorkspaceClient) -> Iterator[Callable[..., int]]:
    """Create a job that is gone when the test is over, so that it fires in no other."""
    made: list[int] = []

    def make(*arguments: Any, **settings: Any) -> int:
        made.append(create(client, *arguments, **settings))
        return made[-1]

    yield make
    for job_id in made:
        client.jobs.delete(job_id)


def test_a_schedule_fires_once_however_much_was_missed(
    client: WorkspaceClient, jobs: Callable[..., int], later: Callable[[int], None]
) -> None:
    job_id = jobs(schedule=HOURLY)
    paused = jobs(schedule=HOURLY | {"pause_status": "PAUSED"})
    assert runs(client, job_id) == []
    later(60 * MINUTE)
    (first,) = ended(client, job_id)
    assert (first["trigger"], first["schedule"]) == ("PERIODIC", HOURLY)
    assert first["creator_user_name"] == client.current_user.me().user_name
    later(5 * 60 * MINUTE)
    assert len(ended(client, job_id, 2)) == 2
    later(60 * MINUTE)
    assert len(ended(client, job_id, 3)) == 3
    assert runs(client, paused) == []


def test_a_deployment_does_not_put_a_schedule_off(
    client: WorkspaceClient, jobs: Callable[..., int], later: Callable[[int], None]
) -> None:
    periodic = {"periodic": {"interval": 2, "unit": "HOURS"}}
    job_id = jobs(trigger=periodic)
    later(90 * MINUTE)
    settings = {"name": "again", "tasks": [condition()], "trigger": periodic}
    body = {"job_id": job_id, "new_settings": settings}
    client.api_client.do("POST", "/api/2.2/jobs/reset", body=body)
    later(31 * MINUTE)
    assert [run["trigger"] for run in ended(client, job_id)] == ["PERIODIC"]
    settings["trigger"] = periodic | {"pause_status": "PAUSED"}
    client.api_client.do("POST", "/api/2.2/jobs/reset", body=body)
    later(24 * 60 * MINUTE)
    time.sleep(0.1)
    assert len(runs(client, job_id)) == 1


def test_new_files_of_a_volume_start_a_run(
    client: WorkspaceClient, jobs: Callable[..., int], later: Callable[[int], None]
) -> None:
    client.api_client.do(
        "POST",
        "/api/2.1/unity-catalog/volumes",
        body={
            "name": "incoming",
            "catalog_name": "dev",
            "schema_name": "default",
            "volume_type": "MANAGED",
        },
    )
    url = "/Volumes/dev/default/incoming/"
    client.api_client.do("PUT", f"/api/2.0/fs/files{url}old.csv", data=b"1")
    arrival = {"url": url, "wait_after_last_change_seconds": 60}
    job_id = jobs("{{job.trigger.file_arrival.location}}", trigger={"file_arrival": arrival})
    state: Any = client.api_client.do(
        "GET", "/api/2.2/jobs/get", query={"job_id": job_id, "include_trigger_state": "true"}
    )
    assert state["trigger_state"] == {"file_arrival": {"using_file_events": False}}
    later(10 * MINUTE)
    time.sleep(0.2)
    client.api_client.do("PUT", f"/api/2.0/fs/files{url}old.csv?overwrite=true", data=b"2")
    later(10 * MINUTE)
    time.sleep(0.2)
    assert runs(client, job_id) == []
    client.api_client.do("PUT", f"/api/2.0/fs/directories{url}below")
    client.api_client.do("PUT", f"/api/2.0/fs/files{url}below/new.csv", data=b"3")
    later(MINUTE)
    (run,) = ended(client, job_id)
    assert run["trigger"] == "FILE_ARRIVAL"
    found = client.jobs.get_run(run["run_id"]).tasks
    assert found is not None
    assert found[0].condition_task is not None
    assert found[0].condition_task.left == url
    later(10 * MINUTE)
    time.sleep(0.2)
    assert len(runs(client, job_id)) == 1


def append(folder: Path) -> None:
    import pyarrow as pa
    from deltalake import write_deltalake

    write_deltalake(str(folder), pa.table({"x": [1]}), mode="append")


def test_changed_tables_start_a_run(
    client: WorkspaceClient,
    jobs: Callable[..., int],
    later: Callable[[int], None],
    tmp_path: Path,
) -> None:
    names = []
    for name in ("one", "two"):
        append(tmp_path / name)
        body = {
            "name": name,
            "catalog_name": "dev",
            "schema_name": "default",
            "table_type": "EXTERNAL",
            "data_source_format": "DELTA",
            "storage_location": (tmp_path / name).as_uri(),
            "columns": [],
        }
        client.api_client.do("POST", "/api/2.1/unity-catalog/tables", body=body)
        names.append(f"dev.default.{name}")
    both = {"table_names": names, "condition": "ALL_UPDATED"}
    job_id = jobs(
        "{{job.trigger.table_update.dev.default.two.version}}", trigger={"table_update": both}
    )
    later(MINUTE)
    time.sleep(0.2)
    append(tmp_path / "one")
    later(MINUTE)
    time.sleep(0.2)
    state: Any = client.api_client.do(
        "GET", "/api/2.2/jobs/get", query={"job_id": job_id, "include_trigger_state": "true"}
    )
    assert state["trigger_state"]["table"]["last_seen_table_states"] == [
        {"table_name": names[0], "has_seen_updates": True},
        {"table_name": names[1], "has_seen_updates": False},
    ]
    assert runs(client, job_id) == []
    append(tmp_path / "two")
    later(MINUTE)
    (run,) = ended(client, job_id)
    assert run["trigger"] == "TABLE"
    assert run["tasks"][0]["condition_task"]["outcome"] == "true"


def test_a_continuous_job_has_always_a_run_and_waits_longer_after_failures(
    client: WorkspaceClient, jobs: Callable[..., int], later: Callable[[int], None]
) -> None:
    job_id = jobs(continuous={"pause_status": "UNPAUSED"})
    assert [run["trigger"] for run in ended(client, job_id)] == ["CONTINUOUS"]
    later(MINUTE)
    assert len(ended(client, job_id, 2)) == 2
    failing = jobs("{{tasks.nobody.values.x}}", continuous={"task_retry_mode": "NEVER"})
    ended(client, failing)
    for count, seconds in ((2, 10), (3, 20), (4, 40)):
        later(seconds * 1000 - 2000)
        time.sleep(0.1)
        assert len(runs(client, failing)) == count - 1
        later(2000)
        ended(client, failing, count)


def test_a_trigger_that_cannot_be_evaluated_says_why(
    client: WorkspaceClient, server: Server, jobs: Callable[..., int]
) -> None:
    url = "/Volumes/dev/default/absent"
    job_id = jobs(trigger={"file_arrival": {"url": url}})
    for _ in range(100):
        page = server.request("GET", f"/jobs/{job_id}").text
        if "cannot be evaluated" in page:
            break
        time.sleep(0.02)
    assert "dev.default.absent" in page


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"schedule": HOURLY | {"timezone_id": "Mars/Base"}}, "timezone_id 'Mars/Base'"),
        (
            {"schedule": HOURLY | {"quartz_cron_expression": "* * * * *"}},
            r"quartz_cron_expression '\* \* \* \* \*': 5 fields",
        ),
        (
            {"schedule": HOURLY, "continuous": {"pause_status": "PAUSED"}},
            "A job can have one trigger; this one has schedule and continuous",
        ),
        ({"trigger": {"periodic": {"interval": 0, "unit": "DAYS"}}}, "interval must be 1 or more"),
        ({"trigger": {"file_arrival": {"url": "/tmp/x"}}}, "must be /Volumes/CATALOG/SCHEMA"),
        (
            {
                "trigger": {
                    "file_arrival": {
                        "url": "/Volumes/a/b/c",
                        "min_time_between_triggers_seconds": 5,
                    }
                }
            },
            "min_time_between_triggers_seconds must be at least 60",
        ),
        ({"trigger": {"table_update": {"table_names": ["t"]}}}, "CATALOG.SCHEMA.TABLE"),
        (
            {"trigger": {"model": {"condition": "MODEL_CREATED"}}},
            "trigger.model is not supported by the local workspace",
        ),
        ({"continuous": {}, "max_concurrent_runs": 2, "name": "x"}, None),
        ({"continuous": {"pause_status": "PAUSED"}, "max_concurrent_runs": 2}, None),
    ],
)
def test_a_trigger_that_cannot_work_is_refused(
    client: WorkspaceClient,
    jobs: Callable[..., int],
    settings: dict[str, Any],
    message: str | None,
) -> None:
    if message is None:
        jobs(**settings)
        return
    with pytest.raises(InvalidParameterValue, match=message):
        create(client, **settings)


def test_what_was_missed_while_the_cloud_was_down_runs_once(fresh: Server) -> None:
    client = fresh.up().client()
    job_id = create(client, schedule=HOURLY)
    continuous = create(client, continuous={"pause_status": "UNPAUSED"})
    before = len(ended(client, continuous))
    os.kill(json.loads((fresh.state / "server.json").read_text())["pid"], signal.SIGKILL)
    with closing(sqlite3.connect(fresh.state / "cloud.sqlite")) as database, database:
        hours_ago = int((time.time() - 5 * 3600) * 1000)
        database.execute(
            "UPDATE documents SET body = json_set(CAST(body AS TEXT), '$.due', ?) "
            "WHERE kind = 'trigger' AND key = ?",
            (hours_ago, str(job_id)),
        )
    client = fresh.up().client()
    assert [run["trigger"] for run in ended(client, job_id)] == ["PERIODIC"]
    assert len(ended(client, continuous, before + 1)) == before + 1
    time.sleep(0.2)
    assert len(runs(client, job_id)) == 1
