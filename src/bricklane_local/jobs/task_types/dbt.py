"""dbt tasks run the commands of a dbt project, on the task's warehouse or by a profile of its own.

Source: https://docs.databricks.com/api/workspace/jobs/create (``dbt_task``) and
https://docs.databricks.com/en/jobs/dbt.html.
"""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from starlette.responses import FileResponse

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.links import check_signed, signed
from bricklane_local.app.routing import Route
from bricklane_local.compute.sources import SourceError, local_file
from bricklane_local.jobs.execution import Attempt
from bricklane_local.jobs.git_source import GitPath
from bricklane_local.jobs.task_types.task_type import Body, TaskType
from bricklane_local.jobs.task_types.worker import in_worker, logs

if TYPE_CHECKING:
    from bricklane_local.app.call import Call
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import Run, TaskRun

MOST_COMMANDS = 10
PROJECT, ARTIFACTS = "project", "artifacts.tar.gz"
PATH = "/_bricklane/dbt-artifacts"
LINK_SECONDS = 30 * 60
# What dbt makes anew, and what no project needs to run.
LEFT = shutil.ignore_patterns("target", "logs", ".git", "__pycache__")


def _check(key: str, body: Body) -> None:
    commands = body["commands"]
    if not 0 < len(commands) <= MOST_COMMANDS:
        raise invalid(f"Task {key}: commands must be 1 to {MOST_COMMANDS}, got {len(commands)}")
    for command in commands:
        try:
            words = shlex.split(str(command))
        except ValueError as error:
            raise invalid(f"Task {key}: the command {command!r} cannot be read: {error}") from None
        if words[:1] != ["dbt"]:
            raise invalid(f"Task {key}: commands must start with dbt, got {command!r}")
    if body.get("warehouse_id") and body.get("profiles_directory"):
        raise invalid(
            f"Task {key}: profiles_directory can only be given without warehouse_id, for which a "
            "profile is made"
        )
    if body.get("catalog") and not body.get("warehouse_id"):
        raise invalid(f"Task {key}: catalog can only be given with warehouse_id")


def _part(attempt: Attempt, folder: Path) -> Body:
    from bricklane_local.catalog.metastores.assignments import Assignments

    body, workspace = attempt.body, attempt.workspace
    _check(attempt.task_run.key, body)  # commands may have come with the run, or by a reference
    project = _copied(attempt, folder)
    warehouse = body.get("warehouse_id")
    default = Assignments(workspace.cloud.metastore).default_catalog(workspace.id)
    return {
        "kind": "dbt",
        "working_directory": str(project),
        "dbt": {
            "commands": [str(command) for command in body["commands"]],
            "project": str(project),
            "profile": _profile(project),
            "http_path": f"/sql/1.0/warehouses/{warehouse}" if warehouse else "",
            "catalog": body.get("catalog") or default,
            "schema": body.get("schema") or "default",
            "profiles_directory": body.get("profiles_directory") or "",
        },
    }


def _profile(project: Path) -> str:
    """Return the name of the profile that a project asks for."""
    try:
        settings = yaml.safe_load((project / "dbt_project.yml").read_bytes())
    except yaml.YAMLError as error:
        raise SourceError(f"dbt_project.yml is no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(settings, dict):
        raise SourceError("dbt_project.yml must hold settings by name")
    return str(settings.get("profile") or settings.get("name") or "default")


def _copied(attempt: Attempt, folder: Path) -> Path:
    """Return a copy of the project, in the run folder."""
    path = str(attempt.body.get("project_directory") or "")
    found = local_file(attempt.workspace, path) if path else None
    if found is None or not (found / "dbt_project.yml").is_file():
        raise SourceError(f"The dbt project {path!r} does not exist: it has no dbt_project.yml")
    project = folder / PROJECT
    shutil.rmtree(project, ignore_errors=True)
    shutil.copytree(found, project, ignore=LEFT)
    return project


def _output(engine: JobEngine, run: Run, task_run: TaskRun) -> Body:
    shown: Body = {}
    if (engine.workspace.run_folder(task_run.run_id) / ARTIFACTS).exists():
        url, _ends = signed(engine.workspace, f"{PATH}/{task_run.run_id}", LINK_SECONDS)
        shown = {"artifacts_link": url, "artifacts_headers": {}}
    return {"dbt_output": shown} | logs(engine, run, task_run)


def download(call: Call) -> FileResponse:
    """Answer the artifacts that a link points to."""
    check_signed(call)
    path = call.workspace.run_folder(int(call.path["run_id"])) / ARTIFACTS
    if not path.exists():
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"Run {call.path['run_id']} has no artifacts")
    return FileResponse(path, media_type="application/gzip", filename=ARTIFACTS)


ROUTES = [
    Route(
        "GET",
        f"{PATH}/{{run_id}}",
        download,
        public=True,
        proved_by="databricks bundle run",
        note="what artifacts_link of a dbt task points to; signed, good for 30 minutes",
    )
]
DBT = TaskType(
    "dbt_task",
    in_worker(_part),
    required=("commands",),
    check=_check,
    code=lambda body: body.get("project_directory"),
    git=GitPath(("project_directory",), root=True),
    alone=True,
    overrides={"dbt_commands": "commands"},
    output=_output,
)
