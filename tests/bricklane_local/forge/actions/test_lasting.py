"""What a job leaves for the next one of the same description, and that nobody else gets it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from bricklane_local.forge.actions.runner.lasting import LastingFolders
from bricklane_local.forge.actions.workflows.model import Environment, Job
from tests.bricklane_local.forge.actions.conftest import Bench
from tests.bricklane_local.forge.desk import Desk

JOB = Job("checks", steps=({"run": "echo one"},))
FILE = ".github/workflows/ci.yml"

LEAVES = """
on: [workflow_dispatch]
jobs:
  checks:
    runs-on: ubuntu-latest
    steps:
      - run: |
          ls "$BRICKLANE_RUNNER_DIR"; command -v kept || true
          printf '#!/bin/sh\\n' > kept; chmod +x kept
          mkdir -p "$UV_TOOL_BIN_DIR"; mv kept "$UV_TOOL_BIN_DIR"
          cat PIDS 2> /dev/null || true
          env -u RUNNER_TRACKING_ID setsid sleep 300 & echo $! > PIDS
          setsid sleep 301 & echo $! > PIDS.marked
"""


def test_one_job_at_a_time_has_a_folder(tmp_path: Path) -> None:
    folders = LastingFolders(tmp_path)
    first = folders.take(1, FILE, JOB)
    second = folders.take(1, FILE, JOB)
    assert first != second
    folders.give_back(first, whole=True)
    assert folders.take(1, FILE, JOB) == first
    folders.give_back(second, whole=True)
    assert folders.take(1, FILE, JOB) == second


@pytest.mark.parametrize(
    ("repository", "path", "job"),
    [
        (2, FILE, JOB),
        (1, ".github/workflows/other.yml", JOB),
        (1, FILE, replace(JOB, id="deploy")),
        (1, FILE, replace(JOB, environment=Environment("prod"))),
        (1, FILE, replace(JOB, env={"UV_INDEX": "https://packages.test/simple"})),
        (1, FILE, replace(JOB, steps=({"run": "echo two"},))),
    ],
)
def test_jobs_that_differ_share_nothing(
    tmp_path: Path, repository: int, path: str, job: Job
) -> None:
    folders = LastingFolders(tmp_path)
    first = folders.take(1, FILE, JOB)
    folders.give_back(first, whole=True)
    assert folders.take(repository, path, job) != first


@pytest.mark.parametrize(
    ("record", "left"),
    [
        ("shop.py,sha256=x,3\nshop-1.dist-info/RECORD,,\n", True),
        ("shop.py,sha256=x,4\n", False),
        ("shop.py,sha256=x,3\nmore.py,sha256=x,1\n", False),
        (None, False),
    ],
)
def test_an_environment_that_a_killed_job_has_half_made_is_removed(
    tmp_path: Path, record: str | None, left: bool
) -> None:
    folders = LastingFolders(tmp_path)
    folder = folders.take(1, FILE, JOB)
    environment = folder / "environments" / "shop"
    site = environment / "lib" / "python3.11" / "site-packages"
    (site / "shop-1.dist-info").mkdir(parents=True)
    (site / "shop.py").write_text("x=1")
    if record is not None:
        (site / "shop-1.dist-info" / "RECORD").write_text(record)
    folders.give_back(folder, whole=True)
    assert folders.take(1, FILE, JOB) == folder
    assert environment.exists()
    folders.give_back(folder, whole=False)
    assert environment.exists() is left


def leave(bench: Bench, pids: Path) -> tuple[Any, list[psutil.Process]]:
    """Run the job that leaves something; return its run, and the processes it has started."""
    bench.workflow(LEAVES.replace("PIDS", str(pids)))
    bench.wait(
        "ci.yml", lambda: [w for w in bench.repository.get_workflows() if "ci.yml" in w.path]
    )
    return again(bench, pids)


def again(bench: Bench, pids: Path) -> tuple[Any, list[psutil.Process]]:
    before = len(bench.runs())
    bench.repository.get_workflow("ci.yml").create_dispatch("main")
    bench.wait("another run", lambda: len(bench.runs()) > before)
    run = bench.run()
    numbers = [int(file.read_text()) for file in (pids, Path(f"{pids}.marked"))]
    return run, [psutil.Process(number) for number in numbers if psutil.pid_exists(number)]


@pytest.mark.real
def test_the_next_job_finds_programs_and_processes_that_were_left_for_it(
    start: Any, act: str, tmp_path: Path
) -> None:
    server = start(tmp_path / "state", "--act", act)
    desk = Desk.of(server)
    bench = Bench(desk, desk.repository())
    pids = tmp_path / "pids"
    run, alive = leave(bench, pids)
    bench.succeeded(run)
    # The one that the runner would know by its variable has ended with the job.
    assert [process.cmdline() for process in alive] == [["sleep", "300"]]
    first = pids.read_text().strip()
    assert "bin/kept" not in bench.log(run, "checks")
    run, more = again(bench, pids)
    bench.succeeded(run)
    log = bench.log(run, "checks").splitlines()
    assert "bin" in log
    assert first in log
    assert any(line.endswith("/bin/kept") for line in log)
    server.local("down")
    for process in (*alive, *more):
        process.kill()
    assert not (tmp_path / "state" / "forge" / "actions" / "lasting").exists()
