"""However a job ends, nothing of it is left, and the forge goes on."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import psutil
import pytest

from bricklane_local.forge.actions.settings import ActionsSettings
from tests.bricklane_local.forge.actions.conftest import Bench
from tests.bricklane_local.forge.desk import Desk

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.real
AT_ONCE = ActionsSettings().jobs

# A process in a session of its own, of which the step's shell knows nothing any more.
SLOW = """
on: [workflow_dispatch]
jobs:
  slow:
    runs-on: ubuntu-latest
    timeout-minutes: LIMIT
    steps:
      - run: |
          setsid bash -c 'sleep 300 & echo $! >> PIDS'
          echo $$ >> PIDS
          touch PIDS.up; sleep 300
        env: {TOKEN: "${{ github.token }}"}
  next:
    needs: slow
    if: always()
    runs-on: ubuntu-latest
    steps: [{run: echo next}]
"""


def started(bench: Bench, tmp_path: Path, limit: str = "5") -> tuple[Any, list[psutil.Process]]:
    """Start a job that would take long; return its run and processes."""
    pids = tmp_path / "pids"
    bench.workflow(SLOW.replace("PIDS", str(pids)).replace("LIMIT", limit))
    bench.wait("the workflow", lambda: list(bench.repository.get_workflows()))
    bench.wait(
        "ci.yml", lambda: [w for w in bench.repository.get_workflows() if "ci.yml" in w.path]
    )
    bench.repository.get_workflow("ci.yml").create_dispatch("main")
    bench.wait("the processes", lambda: Path(f"{pids}.up").exists())
    processes = [psutil.Process(int(line)) for line in pids.read_text("utf-8").split()]
    assert len(processes) == 2
    return bench.runs()[0], processes


def answer_to(bench: Bench, token: str) -> int:
    """Return the status of a request with a token."""
    return bench.desk.ask("GET", bench.path, token=token).status_code


def waits_for_review(bench: Bench) -> int:
    """Start a run that waits for its environment; return its id."""
    me = bench.desk.client().get_user().id
    body = {"reviewers": [{"type": "User", "id": me}]}
    bench.desk.ask("PUT", f"{bench.path}/environments/prod", json=body).raise_for_status()
    bench.workflow(
        """
        on: {push: {paths: ['**/gated.yml']}}
        jobs: {a: {runs-on: ubuntu-latest, environment: prod, steps: [{run: echo in}]}}
        """,
        "gated.yml",
    )
    return int(bench.run("waiting").id)


def assert_gone(processes: list[psutil.Process]) -> None:
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive


def test_cancelling_ends_every_process_of_a_job(bench: Bench, tmp_path: Path) -> None:
    run, processes = started(bench, tmp_path)
    assert run.cancel()
    run = bench.run()
    assert_gone(processes)
    assert run.conclusion == "cancelled"
    assert bench.conclusions(run) == {"slow": "cancelled", "next": "success"}
    assert "The operation was canceled." in bench.log(run, "slow")
    answer = bench.desk.ask("POST", f"{bench.path}/actions/runs/{run.id}/cancel")
    assert answer.status_code == 409


def test_a_job_that_takes_too_long_is_ended(bench: Bench, tmp_path: Path) -> None:
    run, processes = started(bench, tmp_path, "0.05")
    run = bench.run()
    assert_gone(processes)
    assert bench.conclusions(run) == {"slow": "timed_out", "next": "success"}
    expected = "has exceeded the maximum execution time of 0.05 minutes"
    assert expected in bench.log(run, "slow")


@pytest.mark.parametrize("how", ["kill", "down"])
def test_a_server_that_ends_leaves_nothing_and_goes_on_later(
    fresh: Server, act: str, tmp_path: Path, how: str
) -> None:
    fresh.up("--act", act)
    bench = Bench(Desk.of(fresh), Desk.of(fresh).repository())
    waiting = waits_for_review(bench)
    run, processes = started(bench, tmp_path)
    token = processes[1].environ()["TOKEN"]
    assert answer_to(bench, token) == 200
    if how == "kill":
        server = psutil.Process(orjson.loads((fresh.state / "server.json").read_bytes())["pid"])
        os.kill(server.pid, signal.SIGKILL)
        server.wait(10)
    else:
        fresh.local("down")
    assert_gone(processes)
    fresh.up("--act", act)
    desk = Desk.of(fresh)
    again = Bench(desk, desk.client().get_repo(bench.repository.full_name))
    done = again.run(event="workflow_dispatch")
    assert done.id == run.id
    ends = again.conclusions(done)
    assert ends == {"slow": "failure" if how == "kill" else "cancelled", "next": "success"}
    page = desk.ask("GET", done.html_url).text
    assert "while this job was running" in page
    assert answer_to(again, token) == 401
    checks = {row.name: row for row in again.repository.get_commit(done.head_sha).get_check_runs()}
    assert checks["slow"].status == "completed"
    assert not list((fresh.state / "forge" / "runs").glob("*/*.work"))
    path = f"{again.path}/actions/runs/{waiting}/pending_deployments"
    (row,) = desk.ask("GET", path).json()
    said = {"environment_ids": [row["environment"]["id"]], "state": "approved", "comment": ""}
    assert desk.ask("POST", path, json=said).status_code == 200
    assert again.run(event="push").conclusion == "success"


def test_only_so_many_jobs_run_at_once(bench: Bench, tmp_path: Path) -> None:
    bench.workflow(
        f"""
        on: workflow_dispatch
        jobs:
          many:
            strategy: {{matrix: {{n: {list(range(2 * AT_ONCE))}}}}}
            runs-on: ubuntu-latest
            steps:
              - run: |
                  touch {tmp_path}/$$; ls {tmp_path} | wc -l; sleep 0.5; rm {tmp_path}/$$
        """
    )
    bench.wait("the workflow", lambda: list(bench.repository.get_workflows()))
    bench.repository.get_workflow("ci.yml").create_dispatch("main")
    begin = time.monotonic()
    run = bench.run()
    assert run.conclusion == "success"
    assert time.monotonic() - begin >= 1.0
    for number in range(2 * AT_ONCE):
        last = bench.log(run, f"many ({number})").splitlines()[-1]
        assert 1 <= int(last) <= AT_ONCE
