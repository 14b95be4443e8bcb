"""Runs the commands of a dbt task, one after another, until one fails.

Source: https://docs.databricks.com/en/jobs/dbt.html and ``DbtTask`` of
https://docs.databricks.com/api/workspace/jobs/create. The project is a copy in the run folder, so
what dbt writes stays there; ``artifacts.tar.gz`` has its ``target`` and ``logs``.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_runtime.results import Failure, Outcome

if TYPE_CHECKING:
    from bricklane_runtime.specification import DbtTask
    from bricklane_runtime.task import Task

ARTIFACTS = "artifacts.tar.gz"
KEPT = ("target", "logs")
PROFILES = "profiles"
TARGET, THREADS = "databricks", 2
PROGRAM = Path(__file__).with_name("dbtprogram.py")
FAILED = ("error", "fail", "runtime error")
NOT_INSTALLED = (
    "dbt is not installed in the task's environment: add dbt-databricks to the task's libraries or "
    "to the environment's dependencies"
)


def run_dbt(task: Task) -> Outcome:
    """Run the commands of a dbt task."""
    given = task.specification.dbt
    if given is None:
        raise ValueError("The task has kind dbt, but no dbt")
    if not any(Path(folder, "dbt", "cli").is_dir() for folder in task.specification.packages):
        return Outcome(Failure("DbtNotInstalled", NOT_INSTALLED, ""))
    project = Path(given.project)
    folder = Path(task.specification.run_directory)
    environment = {**os.environ, **_variables(task, given, project, folder)}
    try:
        for command in given.commands:
            outcome = _run(command, project, environment)
            if outcome.failure is not None:
                return outcome
    finally:
        _pack(project, folder)
    return Outcome()


def _variables(task: Task, given: DbtTask, project: Path, folder: Path) -> dict[str, str]:
    """Return the variables that dbt and profiles find."""
    profiles = project / given.profiles_directory
    if given.http_path:
        profiles = folder / PROFILES
        profiles.mkdir(exist_ok=True)
        (profiles / "profiles.yml").write_text(_profile(given), "utf-8")
    specification = task.specification
    return {
        "DBT_ACCESS_TOKEN": specification.token,
        "DBT_HOST": specification.host,
        "DBT_PROFILES_DIR": str(profiles),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_USE_COLORS": "false",
        "PYTHONPATH": os.pathsep.join(specification.packages),
    }


def _profile(given: DbtTask) -> str:
    """Return the profile that the project asks for, for the warehouse of the task."""
    output = {
        "type": "databricks",
        "method": "http",
        "host": "{{ env_var('DBT_HOST') }}",
        "http_path": given.http_path,
        "token": "{{ env_var('DBT_ACCESS_TOKEN') }}",
        "catalog": given.catalog,
        "schema": given.schema,
        "threads": THREADS,
    }
    document = {given.profile: {"target": TARGET, "outputs": {TARGET: output}}}
    return json.dumps(document)  # which is YAML too


def _run(command: str, project: Path, environment: dict[str, str]) -> Outcome:
    words = shlex.split(command)
    print(f"+ {command}", flush=True)  # noqa: T201 - the log tells the commands apart
    results = project / "target" / "run_results.json"
    results.unlink(missing_ok=True)
    end = subprocess.run(
        [sys.executable, "-P", str(PROGRAM), *words[1:]], cwd=project, env=environment, check=False
    )
    if end.returncode == 0:
        return Outcome()
    problems = _problems(results)
    message = f"`{command}` failed with exit code {end.returncode}"
    if problems:
        message += ": " + "; ".join(problems)
    return Outcome(Failure("DbtCommandFailed", message, ""))


def _problems(results: Path) -> list[str]:
    """Return what failed, by name, as far as dbt got."""
    if not results.exists():
        return []
    found: list[dict[str, Any]] = json.loads(results.read_text("utf-8")).get("results") or []
    return [
        f"{item['unique_id']} ({item['status']}): {' '.join(str(item.get('message')).split())}"
        for item in found
        if item.get("status") in FAILED
    ]


def _pack(project: Path, folder: Path) -> None:
    with tarfile.open(folder / ARTIFACTS, "w:gz") as archive:
        for name in KEPT:
            if (project / name).exists():
                archive.add(project / name, arcname=name)
