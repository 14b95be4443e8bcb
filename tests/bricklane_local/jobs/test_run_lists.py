"""Lists of runs: filters, pages, and what is not kept any longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import InvalidParameterValue
from databricks.sdk.service.jobs import RunType, ViewsToExport

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

TASK = {"task_key": "c", "condition_task": {"op": "EQUAL_TO", "left": "1", "right": "1"}}
DAY = 24 * 3600 * 1000


def post(client: WorkspaceClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: Any = client.api_client.do("POST", f"/api/2.2/jobs/{path}", body=body)
    return dict(answer)


def create(client: WorkspaceClient, **settings: Any) -> int:
    return int(post(client, "create", {"name": "listed", "tasks": [TASK], **settings})["job_id"])


def start(client: WorkspaceClient, job_id: int) -> int:
    return int(post(client, "run-now", {"job_id": job_id})["run_id"])


def listed(client: WorkspaceClient, **query: Any) -> dict[str, Any]:
    answer: Any = client.api_client.do("GET", "/api/2.2/jobs/runs/list", query=query)
    return dict(answer)


def ids(page: dict[str, Any]) -> list[int]:
    return [run["run_id"] for run in page.get("runs", [])]


@pytest.fixture(scope="module")
def job(client: WorkspaceClient) -> tuple[int, list[int]]:
    """A job with twelve ended runs, and their ids, newest first."""
    job_id = create(client, max_concurrent_runs=100)
    started = [start(client, job_id) for _ in range(12)]
    while listed(client, job_id=job_id, active_only="true").get("runs"):
        time.sleep(0.02)
    return job_id, started[::-1]


def test_pages_go_forth_and_back_while_runs_come(
    client: WorkspaceClient, job: tuple[int, list[int]]
) -> None:
    job_id, started = job
    first = listed(client, job_id=job_id, limit=5)
    assert (ids(first), first["has_more"]) == (started[:5], True)
    assert "prev_page_token" not in first
    newest = start(client, job_id)
    second = listed(client, job_id=job_id, limit=5, page_token=first["next_page_token"])
    assert ids(second) == started[5:10]
    back = listed(client, job_id=job_id, limit=5, page_token=second["prev_page_token"])
    assert ids(back) == started[:5]
    assert "prev_page_token" in back  # the run that came meanwhile
    last = listed(client, job_id=job_id, limit=5, page_token=second["next_page_token"])
    assert (ids(last), last["has_more"]) == (started[10:], False)
    assert ids(listed(client, job_id=job_id, limit=2, offset=1)) == started[:2]
    for completed in ("true", "false"):
        deep = {"job_id": job_id, "limit": 2, "completed_only": completed}
        assert ids(listed(client, **deep, offset=10)) == started[9:11]
        assert ids(listed(client, **deep, offset=12)) == started[11:]
        assert ids(listed(client, **deep, offset=13)) == []
    every = [run.run_id for run in client.jobs.list_runs(job_id=job_id, limit=4)]
    assert every == [newest, *started]
    job[1].insert(0, newest)


def test_filters_are_held_together(client: WorkspaceClient, job: tuple[int, list[int]]) -> None:
    job_id, started = job
    submitted = int(post(client, "runs/submit", {"tasks": [TASK], "run_name": "once"})["run_id"])
    found = list(client.jobs.list_runs(run_type=RunType.SUBMIT_RUN))
    assert [run.run_id for run in found] == [submitted]
    moment = client.jobs.get_run(started[3]).start_time
    later = [run.run_id for run in client.jobs.list_runs(job_id=job_id, start_time_from=moment)]
    earlier = [run.run_id for run in client.jobs.list_runs(job_id=job_id, start_time_to=moment)]
    assert started[3] in later
    assert started[3] in earlier
    assert set(later) | set(earlier) == set(started)
    assert started[0] not in earlier
    assert started[-1] not in later
    assert ids(listed(client, job_id=job_id, completed_only="true", limit=25)) == started


def test_active_and_completed_are_told_apart(client: WorkspaceClient) -> None:
    queue = {"enabled": True}
    job_id = create(client, max_concurrent_runs=0, queue=queue)
    waiting = [start(client, job_id) for _ in range(3)]
    assert ids(listed(client, job_id=job_id, active_only="true")) == waiting[::-1]
    assert ids(listed(client, job_id=job_id, active_only="true", limit=2)) == waiting[:0:-1]
    client.jobs.cancel_run(waiting[1])
    assert ids(listed(client, job_id=job_id, completed_only="true")) == [waiting[1]]
    client.jobs.cancel_all_runs(job_id=job_id, all_queued_runs=True)
    assert ids(listed(client, job_id=job_id, active_only="true")) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"active_only": "true", "completed_only": "true"}, "cannot both be true"),
        ({"run_type": "ODD_RUN"}, "run_type must be one of JOB_RUN"),
        ({"page_token": "o7"}, "page_token 'o7' was not given by this server"),
        ({"limit": 26}, r"limit must be in 0\.\.25, got 26"),
    ],
)
def test_a_list_that_cannot_be_is_refused(
    client: WorkspaceClient, query: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        listed(client, **query)


def test_an_export_shows_the_run_or_one_task(
    client: WorkspaceClient, job: tuple[int, list[int]]
) -> None:
    run = client.jobs.get_run(job[1][0])
    task = (run.tasks or [])[0]
    for run_id, name in ((run.run_id, "listed"), (task.run_id, "c")):
        (view,) = client.jobs.export_run(run_id or 0).views or []
        assert (view.name, view.content is not None and "<html" in view.content) == (name, True)
    none = client.jobs.export_run(run.run_id or 0, views_to_export=ViewsToExport.DASHBOARDS)
    assert not none.views


def test_a_queue_is_left_after_two_days(
    client: WorkspaceClient, later: Callable[[int], None]
) -> None:
    job_id = create(client, max_concurrent_runs=0, queue={"enabled": True})
    run_id = start(client, job_id)
    later(2 * DAY)
    run = client.jobs.wait_get_run_job_terminated_or_skipped(run_id)
    assert run.state is not None
    assert "waited in the queue for 48 hours" in (run.state.state_message or "")


def test_long_arrays_come_in_pages_that_the_sdk_joins(client: WorkspaceClient) -> None:
    tasks = [TASK | {"task_key": f"t{number}"} for number in range(205)]
    job_id = create(client)
    post(client, "reset", {"job_id": job_id, "new_settings": {"name": "wide", "tasks": tasks}})
    run_id = start(client, job_id)
    run = client.jobs.wait_get_run_job_terminated_or_skipped(run_id)
    assert [task.task_key for task in run.tasks or []] == [task["task_key"] for task in tasks]
    job = client.jobs.get(job_id)
    assert job.settings is not None
    assert len(job.settings.tasks or []) == 205
    for version, count in (("2.2", 100), ("2.1", 205)):
        path = f"/api/{version}/jobs/runs/get"
        page: Any = client.api_client.do("GET", path, query={"run_id": run_id})
        assert (len(page["tasks"]), "next_page_token" in page) == (count, count == 100)
    (shown,) = listed(client, job_id=job_id, expand_tasks="true")["runs"]
    assert (len(shown["tasks"]), shown["has_more"]) == (100, True)
    (whole,) = client.jobs.list_runs(job_id=job_id, expand_tasks=True)
    assert len(whole.tasks or []) == 205
    with pytest.raises(InvalidParameterValue, match="page_token 'x' was not given"):
        client.api_client.do(
            "GET", "/api/2.2/jobs/get", query={"job_id": job_id, "page_token": "x"}
        )


def test_runs_are_kept_for_sixty_days(
    client: WorkspaceClient, server: Server, later: Callable[[int], None]
) -> None:
    job_id = create(client)
    run_id = start(client, job_id)
    while listed(client, job_id=job_id, active_only="true").get("runs"):
        time.sleep(0.02)
    folder = server.state / "workspaces" / "dev" / "runs" / str(run_id)
    assert folder.exists()
    later(59 * DAY)
    time.sleep(0.2)
    assert ids(listed(client, job_id=job_id)) == [run_id]
    later(2 * DAY)
    for _ in range(200):
        if not listed(client, job_id=job_id).get("runs"):
            break
        time.sleep(0.02)
    assert not folder.exists()
