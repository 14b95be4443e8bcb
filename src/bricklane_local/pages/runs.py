"""The page of a run: what it did, task by task, for a person to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from bricklane_local.files import write_atomically
from bricklane_local.jobs.graph import in_order
from bricklane_local.jobs.runs import Run, TaskRun
from bricklane_local.jobs.wire import RunViews
from bricklane_local.pages.templating import environment

if TYPE_CHECKING:
    from jinja2 import Environment

    from bricklane_local.cloud import Workspace

# A page holds this much of a task's log, in bytes; the run folder has the rest.
LOG_LIMIT = 256 * 1024


@cache
def templates() -> Environment:
    """Return the templates of a workspace's pages."""
    return environment()


class RunPages:
    """Makes and keeps the pages of one workspace's runs.

    Args:
        workspace: whose runs.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace

    def render(self, run: Run, *, only: TaskRun | None = None) -> str:
        """Return the page of a run as HTML, with ``only`` of this attempt at a task."""
        engine = self._workspace.engine
        views = RunViews(engine)
        tasks = []
        latest = engine.runs.latest(run) if only is None else {only.key: only}
        keys = in_order(run.tasks) if only is None else [only.key]
        for item in (latest[key] for key in keys if key in latest):
            iterations = engine.runs.iterations(item)
            tasks.append(self._task(views, run, item))
            tasks.extend(self._task(views, run, iteration) for iteration in iterations)
        template = templates().get_template("run.html")
        body = views.run(run, tasks=False)
        return template.render(
            run=body,
            principal=run.acts_as,
            tasks=tasks,
            notifications=engine.notifications.of_run(run.run_id) if only is None else [],
            workspace=self._workspace,
        )

    def _task(self, views: RunViews, run: Run, item: TaskRun) -> dict[str, Any]:
        folder = self._workspace.run_folder(item.run_id)
        cells, log = [], ""
        if (folder / "cells.json").exists():
            cells = json.loads((folder / "cells.json").read_bytes())
        if (folder / "stdout.log").exists():
            with (folder / "stdout.log").open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - LOG_LIMIT))
                log = file.read().decode("utf-8", "replace")
        body = views.task(run, item)
        kind = next((name for name in body if name.endswith("_task")), "task")
        return body | {
            "kind": kind.removesuffix("_task").replace("_", " "),
            "cells": cells,
            "log": log,
            "error": item.output.get("error", ""),
            "error_trace": item.output.get("error_trace", ""),
            "result": item.output.get("result"),
        }

    def write(self, run_id: int) -> None:
        """Keep the page of an ended run beside the outputs of its tasks."""
        run = self._workspace.engine.runs.get(run_id)
        folder = self._workspace.run_folder(run_id)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "index.html", self.render(run).encode())

    def jobs(self, visible: Callable[[int], bool] | None = None) -> str:
        """Return the list of jobs as HTML, of those that ``visible`` lets pass."""
        found, _ = self._workspace.engine.jobs.page(None, 1000, 0, visible)
        template = templates().get_template("jobs.html")
        return template.render(jobs=found, workspace=self._workspace)

    def job(self, job_id: int) -> str:
        """Return one job with its latest runs as HTML.

        Raises:
            ApiError: when there is no such job.
        """
        engine = self._workspace.engine
        job, views = engine.jobs.get(job_id), RunViews(engine)
        runs = [views.run(run, tasks=False) for run in engine.runs.page(job_id, 50, 0)]
        template = templates().get_template("job.html")
        trigger = engine.scheduler.state(job_id)
        return template.render(job=job, runs=runs, trigger=trigger, workspace=self._workspace)
