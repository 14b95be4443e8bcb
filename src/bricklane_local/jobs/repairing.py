"""What a repair of a run runs again, and with which settings.

Source: https://docs.databricks.com/en/jobs/repair-job-failures.html: tasks run again with the
settings that job and tasks have now, so that a fault can be mended and the run gone on with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.jobs.graph import check_graph, descendants
from bricklane_local.jobs.runs import Run, TaskRun
from bricklane_local.jobs.states import PASSED_OVER, SUCCEEDED


def tasks_to_repair(run: Run, latest: Mapping[str, TaskRun], body: dict[str, Any]) -> set[str]:
    """Return the keys of the tasks that a request asks to run again.

    Args:
        run: the ended run.
        latest: the latest attempt at each of its tasks, by key.
        body: of the request.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for an unknown task, or when there are none.
    """
    failed = {key for key, item in latest.items() if item.state not in SUCCEEDED}
    chosen = set(body.get("rerun_tasks") or [])
    if unknown := sorted(chosen - set(latest)):
        raise invalid(f"rerun_tasks names tasks that the run does not have: {unknown}")
    if body.get("rerun_all_failed_tasks"):
        chosen |= {key for key in failed if latest[key].state not in PASSED_OVER}
    if not chosen:
        raise invalid("Nothing to repair: give rerun_tasks or rerun_all_failed_tasks")
    everything = body.get("rerun_dependent_tasks")
    below = descendants(run.tasks, chosen)
    return chosen | {key for key in below if everything or key in failed}


def settings_of_now(run: Run, present: dict[str, Any] | None) -> dict[str, Any]:
    """Return the settings with which a run goes on: the job's, on the tasks that the run has.

    Args:
        run: the ended run.
        present: settings of its job now, None for a job that is gone and for one-time runs.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when the tasks of now do not fit together without those
            that the run does not have.
    """
    if present is None:
        return run.settings
    now = {task["task_key"]: task for task in present.get("tasks") or []}
    before: list[dict[str, Any]] = run.settings.get("tasks") or []
    tasks = [now.get(task["task_key"], task) for task in before]
    try:
        check_graph(tasks)
    except ApiError as error:
        raise invalid(
            f"The job has become another since run {run.run_id}: {error.message}, which the run "
            "does not have. Start a new run instead"
        ) from None
    return present | {"tasks": tasks}
