"""What tests of a deployment share: the deployment, and a client of its workspace."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import Run

SCHEMA = "flights"  # its key among the bundle's resources
RUN_SECONDS = 1800
FAILED = {"FAILED", "TIMEDOUT"}  # results of tasks with an error of their own


@dataclass(frozen=True)
class Deployment:
    """The bundle as deployed to a target, read from what ``databricks bundle summary`` says."""

    target: str
    summary: dict[str, Any]

    def resource(self, kind: str, key: str) -> dict[str, Any]:
        """Return a resource, such as that of kind ``jobs`` with the key ``daily``."""
        found: dict[str, Any] = self.summary["resources"][kind][key]
        return found

    def variable(self, name: str) -> str:
        """Return the value of a variable of the bundle."""
        return str(self.summary["variables"][name]["value"])

    @property
    def files(self) -> str:
        """The folder of the workspace that holds the bundle's files."""
        return str(self.summary["workspace"]["file_path"])


@pytest.fixture(scope="session")
def deployed() -> Deployment:
    """Return the deployment to the target that BRICKLANE_TARGET names, by default ``dev``.

    ``bricklane deploy`` hands over the summary in a file; without it the Databricks CLI is asked.
    """
    target = os.environ.get("BRICKLANE_TARGET", "dev")
    if handed := os.environ.get("BRICKLANE_BUNDLE_SUMMARY"):
        text = Path(handed).read_text("utf-8")
    else:
        text = subprocess.run(  # noqa: S603
            ["databricks", "bundle", "summary", "--target", target, "--output", "json"],  # noqa: S607
            cwd=Path(__file__).parents[1],
            check=True,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ).stdout
    return Deployment(target, json.loads(text))


@pytest.fixture(scope="session")
def workspace() -> "WorkspaceClient":
    """Return a client of the workspace that the environment signs in to."""
    from databricks.sdk import WorkspaceClient

    return WorkspaceClient()


@pytest.fixture
def finished(workspace: "WorkspaceClient") -> Callable[[int], "Run"]:
    """Return a function that waits for a run to end and fails the test when it failed."""

    def wait(run_id: int) -> "Run":
        until = time.monotonic() + RUN_SECONDS
        while time.monotonic() < until:
            run = workspace.jobs.get_run(run_id)
            result = run.state.result_state if run.state else None
            if result is not None:
                if result.value != "SUCCESS":
                    pytest.fail(failure(workspace, run), pytrace=False)
                return run
            time.sleep(1)
        pytest.fail(f"run {run_id} did not end within {RUN_SECONDS} seconds")

    return wait


def failure(workspace: "WorkspaceClient", run: "Run") -> str:
    """Return how a run failed: what it says, the error of each task that failed, and its page."""
    from databricks.sdk.errors import DatabricksError

    lines = [f"run {run.run_id} failed: {run.state.state_message if run.state else ''}"]
    for task in run.tasks or []:
        state = task.state
        if not state or not state.result_state or state.result_state.value not in FAILED:
            continue
        try:
            error = workspace.jobs.get_run_output(task.run_id or 0).error
        except DatabricksError as unknown:  # Not every kind of task has an output.
            error = f"{state.state_message} ({unknown})"
        lines.append(f"task {task.task_key}: {error or state.state_message}")
    return "\n".join([*lines, f"{run.run_page_url}"])


@pytest.fixture
def scratch(workspace: "WorkspaceClient", deployed: Deployment) -> Iterator[tuple[str, str]]:
    """Make a schema that is gone after the test, beside the deployed one; return catalog, name."""
    catalog = deployed.resource("schemas", SCHEMA)["catalog_name"]
    schema = workspace.schemas.create(f"{SCHEMA}_scratch_{uuid4().hex[:8]}", catalog)
    try:
        yield catalog, str(schema.name)
    finally:
        workspace.schemas.delete(str(schema.full_name), force=True)
