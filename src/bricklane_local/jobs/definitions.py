"""Definitions of jobs: what the API stores of them, and what it refuses.

Source: https://docs.databricks.com/api/workspace/jobs
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.identity.principals import Principal
from bricklane_local.jobs.git_source import check_git_path, check_git_source
from bricklane_local.jobs.graph import CONDITIONS, check_graph
from bricklane_local.jobs.notifications.events import check_notifications
from bricklane_local.jobs.run_as import wanted_run_as
from bricklane_local.jobs.task_types.table import type_of
from bricklane_local.jobs.triggers.table import check_trigger
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Document, Space

KIND = "job"
MAXIMUM_TASKS = 1000
MAXIMUM_CONCURRENT_RUNS = 1000
# What the API fills in where a client sends nothing.
DEFAULTS: dict[str, Any] = {
    "format": "MULTI_TASK",
    "max_concurrent_runs": 1,
    "timeout_seconds": 0,
    "email_notifications": {},
    "webhook_notifications": {},
}
TASK_DEFAULTS: dict[str, Any] = {
    "run_if": "ALL_SUCCESS",
    "timeout_seconds": 0,
    "email_notifications": {},
}
TASK_KEY = r"[A-Za-z0-9_-]{1,100}"
# Fields of a request that are not settings of the job.
NOT_SETTINGS = ("access_control_list", "job_id")


def check_settings(settings: dict[str, Any]) -> None:
    """Check what the types cannot say about the settings of a job or of a one-time run.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the task and field.
    """
    tasks = settings.get("tasks") or []
    if len(tasks) > MAXIMUM_TASKS:
        raise invalid(f"A job can have at most {MAXIMUM_TASKS} tasks, got {len(tasks)}")
    check_graph(tasks)
    environments = {item.get("environment_key") for item in settings.get("environments") or []}
    clusters = {item.get("job_cluster_key") for item in settings.get("job_clusters") or []}
    for task in tasks:
        _check_task(task, environments, clusters, settings)
    check_git_source(settings)
    check_notifications(settings, "The job")
    check_trigger(settings)
    names = [item.get("name") for item in settings.get("parameters") or []]
    for name in names:
        if not name or names.count(name) > 1:
            raise invalid(f"Job parameter names must be unique and not empty; got {names}")
    most = _given_most(settings)
    if not 0 <= most <= MAXIMUM_CONCURRENT_RUNS:
        raise invalid(f"max_concurrent_runs must be in 0..{MAXIMUM_CONCURRENT_RUNS}, got {most}")


def most_at_once(settings: dict[str, Any]) -> int:
    """Return how many runs of a job may be active at the same time.

    Of a continuous job that is one, whatever it says: bundles in development mode say four of each
    job (https://docs.databricks.com/en/dev-tools/bundles/deployment-modes.html).
    """
    most = _given_most(settings)
    return min(most, 1) if settings.get("continuous") else most


def _given_most(settings: dict[str, Any]) -> int:
    most = settings.get("max_concurrent_runs")
    return 1 if most is None else int(most)


def _check_task(
    task: dict[str, Any], environments: set[Any], clusters: set[Any], settings: dict[str, Any]
) -> None:
    name = task.get("task_key")
    if not re.fullmatch(TASK_KEY, str(name)):
        raise invalid(
            f"The task key {name!r} must be 1 to 100 letters, digits, dashes and underscores"
        )
    kind = type_of(task)
    body = task[kind.name]
    for field in kind.required:
        if body.get(field) in (None, ""):
            raise invalid(f"Missing required field: {name}.{kind.name}.{field}")
    for field in kind.refused:
        if task.get(field):
            raise invalid(f"Task {name}: {field} cannot be used with {kind.name}")
    kind.check(str(name), body)
    check_notifications(task, f"Task {name}")
    check_git_path(str(name), kind.name, kind.git, body, settings)
    for nested in kind.nested(body):
        _check_task(nested, environments, clusters, settings)
    run_if = task.get("run_if") or "ALL_SUCCESS"
    if run_if not in CONDITIONS:
        raise invalid(f"Task {name}: run_if must be one of {', '.join(CONDITIONS)}; got {run_if!r}")
    environment = task.get("environment_key")
    if environment and environment not in environments:
        raise invalid(f"Task {name}: environment_key {environment!r} is not in environments")
    cluster = task.get("job_cluster_key")
    if cluster and cluster not in clusters:
        raise invalid(f"Task {name}: job_cluster_key {cluster!r} is not in job_clusters")


def with_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    """Return ``settings`` as the API shows them afterwards."""
    shown = DEFAULTS | {k: v for k, v in settings.items() if k not in NOT_SETTINGS}
    if shown.get("tasks"):
        shown["tasks"] = [TASK_DEFAULTS | task for task in shown["tasks"]]
    return shown


class Jobs:
    """The jobs of one workspace.

    Args:
        space: where they are stored.
        clock: for times of creation.

    ``on_change`` is called with a job's id and its settings, None once it is deleted.
    """

    def __init__(self, space: Space, clock: Clock) -> None:
        self._space = space
        self._clock = clock
        self.on_change: Callable[[int, dict[str, Any] | None], None] = lambda _job_id, _new: None

    def create(self, settings: dict[str, Any], creator: Principal) -> int:
        """Store a new job and return its id."""
        check_settings(settings)
        job_id = self._space.database.next_number("job", first=500_000_000_000_001)
        shown = with_defaults(settings) | {"name": settings.get("name") or "Untitled"}
        body = {
            "job_id": job_id,
            "creator_user_name": creator.user_name,
            "run_as_user_name": wanted_run_as(settings) or creator.user_name,
            "created_time": self._clock.now(),
            "settings": shown,
        }
        self._space.insert(KIND, str(job_id), body, position=job_id)
        self.on_change(job_id, shown)
        return job_id

    def find(self, job_id: int) -> dict[str, Any] | None:
        """Return a job as stored, or None."""
        return self._space.get(KIND, str(job_id))

    def get(self, job_id: int) -> dict[str, Any]:
        """Return a job as stored.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE when there is none, as this API answers.
        """
        body = self.find(job_id)
        if body is None:
            # Not 404: the SDKs recognise this code and text on jobs/get as "does not exist".
            raise invalid(f"Job {job_id} does not exist.")
        return body

    def reset(self, job_id: int, settings: dict[str, Any]) -> None:
        """Replace all settings of a job."""
        job = self.get(job_id)
        check_settings(settings)
        shown = with_defaults(settings)
        job["settings"] = shown
        job["run_as_user_name"] = wanted_run_as(settings) or self.owner(job)
        self._space.update(KIND, str(job_id), job)
        self.on_change(job_id, shown)

    def owner(self, job: dict[str, Any]) -> str:
        """Return the user name or application id of a job's owner."""
        return str(job.get("owner") or job["creator_user_name"])

    def set_owner(self, job_id: int, owner: str) -> None:
        """Note who owns a job; it acts as its owner unless its settings name another principal."""
        job = self.get(job_id) | {"owner": owner}
        job["run_as_user_name"] = wanted_run_as(job["settings"]) or owner
        self._space.update(KIND, str(job_id), job)

    def update(self, job_id: int, changed: dict[str, Any], removed: list[str]) -> None:
        """Change and remove some top-level settings; arrays keyed by a name are merged by it."""
        settings = dict(self.get(job_id)["settings"])
        for name in removed:
            settings = _without(settings, name.split("/"))
        for name, value in changed.items():
            key = MERGED_BY.get(name)
            settings[name] = value if key is None else _merged(settings.get(name), value, key)
        self.reset(job_id, settings)

    def delete(self, job_id: int) -> None:
        """Delete a job; its runs stay until they are deleted themselves."""
        self.get(job_id)
        self._space.delete(KIND, str(job_id))
        self.on_change(job_id, None)

    def page(
        self,
        name: str | None,
        limit: int,
        offset: int,
        visible: Callable[[int], bool] | None = None,
    ) -> tuple[list[dict[str, Any]], bool]:
        """Return jobs, newest first, and whether there are more.

        Args:
            name: only those with this name, letter case aside; None for all.
            limit: how many at most.
            offset: how many to pass over.
            visible: says by its id whether a job is shown; None shows all.
        """
        if name is None and visible is None:
            found = self._space.select(KIND, descending=True, limit=limit + 1, offset=offset)
        else:
            found = [
                document
                for document in self._space.select(KIND, descending=True)
                if (name is None or _named(document, name))
                and (visible is None or visible(int(document.key)))
            ]
            found = found[offset : offset + limit + 1]
        return [document.body for document in found[:limit]], len(found) > limit


# Lists of settings that an update merges element by element, with the field that names one.
MERGED_BY = {
    "tasks": "task_key",
    "job_clusters": "job_cluster_key",
    "environments": "environment_key",
}


def _merged(old: list[dict[str, Any]] | None, new: list[dict[str, Any]], key: str) -> list[Any]:
    by_name = {item.get(key): item for item in old or []}
    by_name |= {item.get(key): item for item in new}
    return list(by_name.values())


def _without(settings: dict[str, Any], path: list[str]) -> dict[str, Any]:
    key = MERGED_BY.get(path[0])
    if len(path) == 2 and key is not None:
        kept = [item for item in settings.get(path[0]) or [] if item.get(key) != path[1]]
        return settings | {path[0]: kept}
    return {name: value for name, value in settings.items() if name != path[0]}


def _named(document: Document, name: str) -> bool:
    return str(document.body["settings"].get("name", "")).lower() == name.lower()
