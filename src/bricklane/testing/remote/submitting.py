"""The one-time run of a level of tests; pure functions over data.

Source: https://docs.databricks.com/api/workspace/jobs/submit
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bricklane.errors import BricklaneError, ExitCode

SERVERLESS = "serverless"
CLUSTER = "cluster:"
ENVIRONMENT = "tests"
TASK = "tests"

# The version of the environment of serverless compute.
# Source: https://docs.databricks.com/en/release-notes/serverless/environment-version/
VERSION = "4"


@dataclass(frozen=True, slots=True)
class Compute:
    """Where tests run inside of a workspace.

    Args:
        cluster: id of a cluster that is there; empty for serverless compute.
    """

    cluster: str = ""


def read_compute(text: str) -> Compute:
    """Return what ``--on`` names.

    Raises:
        BricklaneError: when it names nothing that there is.
    """
    if text == SERVERLESS:
        return Compute()
    if text.startswith(CLUSTER) and text.removeprefix(CLUSTER):
        return Compute(text.removeprefix(CLUSTER))
    raise BricklaneError(
        f"--on: {text!r} names no compute",
        hint="--on serverless\n--on cluster:ID, such as cluster:0131-120000-abcd1234",
        exit_code=ExitCode.USAGE,
    )


def submission(
    compute: Compute, name: str, folder: str, wheel: str, requirements: Sequence[str]
) -> Mapping[str, Any]:
    """Return the body of the request that starts the run.

    Args:
        compute: where.
        name: what the run is called.
        folder: of the workspace, with the runner and what it needs.
        wheel: name of bricklane's wheel in it; empty when it is among the requirements.
        requirements: what the run installs.
    """
    program = {"python_file": f"{folder}/runner.py", "parameters": [folder], "source": "WORKSPACE"}
    task: dict[str, Any] = {"task_key": TASK, "spark_python_task": program}
    wheels = [f"{folder}/{wheel}"] if wheel else []
    body: dict[str, Any] = {"run_name": name, "tasks": [task]}
    if compute.cluster:
        task["existing_cluster_id"] = compute.cluster
        task["libraries"] = [
            *({"whl": path} for path in wheels),
            *({"pypi": {"package": text}} for text in requirements),
        ]
        return body
    task["environment_key"] = ENVIRONMENT
    spec = {"environment_version": VERSION, "dependencies": [*wheels, *requirements]}
    body["environments"] = [{"environment_key": ENVIRONMENT, "spec": spec}]
    return body


def pytest_arguments(words: Sequence[str], level: str) -> tuple[str, ...]:
    """Return what a level's command gives to pytest.

    Raises:
        BricklaneError: when it does not run pytest itself.
    """
    for place, word in enumerate(words):
        if word.rsplit("/", 1)[-1] in {"pytest", "py.test"}:
            return tuple(words[place + 1 :])
    raise BricklaneError(
        f"the command of level {level} does not run pytest itself: {' '.join(words)}",
        hint="with --on, a level runs what its command gives to pytest: uv run pytest tests/e2e",
        exit_code=ExitCode.CONFIG,
    )
