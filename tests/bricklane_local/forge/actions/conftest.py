"""A forge that runs workflows, by the real act."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from tests.bricklane_local.forge.desk import Desk

if TYPE_CHECKING:
    from github.Repository import Repository
    from github.WorkflowRun import WorkflowRun

SECONDS = 40.0


@dataclass(frozen=True)
class Bench:
    """A repository with workflows, and what tests ask of it.

    Args:
        desk: access to the forge.
        repository: of the test's own.
    """

    desk: Desk
    repository: Repository

    @property
    def path(self) -> str:
        """The path of the repository below the API."""
        return f"/repos/{self.repository.full_name}"

    def workflow(self, text: str, name: str = "ci.yml", branch: str = "main") -> str:
        """Commit a workflow file; return the commit."""
        path = f".github/workflows/{name}"
        made = self.repository.create_file(path, f"ci: {name}", dedent(text), branch=branch)
        return str(made["commit"].sha)

    def wait(self, what: str, look: Callable[[], Any]) -> Any:
        """Return what ``look`` finds as soon as it finds something."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if found := look():
                return found
            time.sleep(0.1)
        shown = [(row.name, row.event, row.status, row.conclusion) for row in self.runs()]
        pytest.fail(f"{what} did not happen within {SECONDS} s; runs: {shown}")

    def runs(self, **filters: Any) -> list[WorkflowRun]:
        """Return the runs, newest first."""
        return list(self.repository.get_workflow_runs(**filters))

    def run(self, status: str = "completed", **filters: Any) -> WorkflowRun:
        """Wait for the newest run to have a status, and return it."""

        def look() -> Any:
            found = self.runs(**filters)
            return found[0] if found and found[0].status == status else None

        found: WorkflowRun = self.wait(f"a run that is {status}", look)
        return found

    def succeeded(self, run: WorkflowRun) -> None:
        """Assert that a run succeeded; else show the logs of what did not."""
        bad = [name for name, end in self.conclusions(run).items() if end == "failure"]
        logs = "\n".join(f"--- {name}\n{self.log(run, name)}" for name in bad)
        assert run.conclusion == "success", logs

    def job(self, run: WorkflowRun, name: str) -> Any:
        """Return a job of a run as the API shows it."""
        rows = self.desk.ask("GET", f"{self.path}/actions/runs/{run.id}/jobs").json()["jobs"]
        return next(row for row in rows if row["name"] == name)

    def conclusions(self, run: WorkflowRun) -> dict[str, str]:
        """Return how each job of a run ended."""
        rows = self.desk.ask("GET", f"{self.path}/actions/runs/{run.id}/jobs").json()["jobs"]
        return {row["name"]: row["conclusion"] or row["status"] for row in rows}

    def log(self, run: WorkflowRun, name: str) -> str:
        """Return the log of a job, without the times."""
        job = self.job(run, name)
        answer = self.desk.ask("GET", f"{self.path}/actions/jobs/{job['id']}/logs")
        assert answer.status_code == 200, answer.text
        return "\n".join(line.partition(" ")[2] for line in answer.text.splitlines())


@pytest.fixture(scope="session")
def act() -> str:
    """The program act, which ``make test`` has installed before."""
    command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", "act"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="session")
def desk(start: Any, act: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A running forge with act, which the tests of this folder share."""
    folder = tmp_path_factory.mktemp("forge")
    with pytest.MonkeyPatch.context() as patch:
        # Not the network: what it has would make the tests tell of another day.
        patch.setenv("BRICKLANE_LOCAL_ACTIONS", (folder / "source").as_uri())
        server = start(folder / "state", "--act", act)
    yield Desk.of(server)
    server.local("down")


@pytest.fixture
def bench(desk: Desk) -> Bench:
    """A repository of the test's own on a forge that runs workflows."""
    return Bench(desk, desk.repository())
