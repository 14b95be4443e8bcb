from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Server

NASTY = "<script>alert(1)</script>"


@pytest.fixture
def run_id(server: Server) -> int:
    condition = {"op": "EQUAL_TO", "left": NASTY, "right": "{{nothing}}"}
    tasks = [
        {
            "task_key": "b_last",
            "condition_task": condition,
            "depends_on": [{"task_key": "z_first"}],
        },
        {"task_key": "z_first", "condition_task": condition},
    ]
    body = {"name": NASTY, "tasks": tasks}
    job: Any = server.request("POST", "/api/2.2/jobs/create", json=body).json()
    run = server.request("POST", "/api/2.2/jobs/run-now", json={"job_id": job["job_id"]}).json()
    found = int(run["run_id"])
    for _ in range(200):
        query = {"run_id": found}
        shown = server.request("GET", "/api/2.2/jobs/runs/get", params=query).json()
        if shown["status"]["state"] == "TERMINATED":
            return found
        time.sleep(0.02)
    raise AssertionError(shown)


def test_a_run_has_a_page_that_trusts_nothing(server: Server, run_id: int) -> None:
    run = server.request("GET", "/api/2.2/jobs/runs/get", params={"run_id": run_id}).json()
    path = run["run_page_url"].removeprefix(server.host)
    page = server.request("GET", path)
    assert page.status_code == 200
    assert NASTY not in page.text
    assert "&lt;script&gt;" in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.text.index("z_first") < page.text.index("b_last")


def test_the_page_of_an_ended_run_is_kept_as_a_file(server: Server, run_id: int) -> None:
    kept = server.state / "workspaces" / "dev" / "runs" / str(run_id) / "index.html"
    assert "z_first" in kept.read_text()


def test_a_browser_signs_in_with_the_token_as_password(server: Server, run_id: int) -> None:
    import requests

    token = server.profile["token"]
    assert requests.get(f"{server.host}/jobs", auth=("me", token), timeout=10).status_code == 200
    refused = requests.get(f"{server.host}/jobs", timeout=10)
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="bricklane"'


def test_a_page_of_nothing_is_an_error(server: Server) -> None:
    assert server.request("GET", "/jobs/1").status_code == 400
    assert server.request("GET", "/jobs/x").status_code == 400
