"""The template's smallest project as its team meets it: deployed, and all its tests green."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane.project.rendering import ask, render

if TYPE_CHECKING:
    from conftest import AcceptanceCloud

pytestmark = pytest.mark.real

SECONDS = 300


@pytest.fixture(scope="module")
def skeleton(
    acceptance_cloud: AcceptanceCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Deploy the project to dev; destroy it in the end."""
    folder = tmp_path_factory.mktemp("skeleton")
    render(ask({"project": "sales-days", "sample": "none"}, defaults=True), folder)
    acceptance_cloud.run(folder, "bundle", "deploy").expect()
    try:
        yield folder
    finally:
        acceptance_cloud.run(folder, "bundle", "destroy", "--auto-approve").expect()


@pytest.fixture
def tested(acceptance_cloud: AcceptanceCloud, skeleton: Path, tmp_path: Path) -> Callable[..., str]:
    """Return a function that runs the project's own tests and returns what they print."""

    def run(*arguments: str, summary: bool = True, code: int = 0) -> str:
        handed = {"JAVA_HOME": _java(), "BRICKLANE_TARGET": "dev"}
        if summary:
            said = acceptance_cloud.run(skeleton, "bundle", "summary", "--output", "json")
            (tmp_path / "summary.json").write_text(said.expect().stdout, "utf-8")
            handed["BRICKLANE_BUNDLE_SUMMARY"] = str(tmp_path / "summary.json")
        else:
            databricks = acceptance_cloud.databricks.parent
            path = acceptance_cloud.environment["PATH"]
            handed["PATH"] = f"{databricks}{os.pathsep}{path}"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=skeleton,
            env=acceptance_cloud.environment | handed,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    return run


def _java() -> str:
    bricklane = Path(sys.executable).with_name("bricklane")
    command: list[str | Path] = [bricklane, "tools", "path", "java"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_its_unit_tests_pass(tested: Callable[..., str]) -> None:
    assert "1 passed" in tested()


def test_its_tests_of_a_deployment_pass(tested: Callable[..., str]) -> None:
    assert "3 passed" in tested("tests/integration", "tests/e2e")


def test_the_smoke_test_asks_the_cli_when_nobody_hands_over_the_summary(
    tested: Callable[..., str],
) -> None:
    assert "1 passed, 1 deselected" in tested("tests/e2e", "-m", "smoke", summary=False)


def test_a_run_that_fails_is_told_with_the_tasks_own_error_and_its_page(
    acceptance_cloud: AcceptanceCloud, skeleton: Path, tested: Callable[..., str]
) -> None:
    from databricks.sdk.service.jobs import JobParameterDefinition, JobSettings

    client = acceptance_cloud.client
    (job,) = client.jobs.list(name="[dev developer] sales-days daily")
    parameters = [
        JobParameterDefinition(name="catalog", default="nowhere"),
        JobParameterDefinition(name="schema", default="x"),
    ]
    client.jobs.update(job.job_id or 0, new_settings=JobSettings(parameters=parameters))
    try:
        told = tested("tests/e2e", code=1)
    finally:
        acceptance_cloud.run(skeleton, "bundle", "deploy").expect()
    run = next(iter(client.jobs.list_runs(job_id=job.job_id)))
    task = next(line for line in told.splitlines() if line.startswith("task days: "))
    assert "nowhere" in task
    assert f"{run.run_page_url}" in told.splitlines()
    assert "conftest.py" not in told
