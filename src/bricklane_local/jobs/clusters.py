"""The clusters that runs are on, and their ids: of all of them, or of those made for a run.

Source: https://docs.databricks.com/api/workspace/jobs/getrun (``cluster_instance``). No machine is
started for a run; the id is what its logs are found by.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

from bricklane_local.jobs.runs import Run, TaskRun


def cluster_id_of(run: Run, task_run: TaskRun) -> str:
    """Return the id of the cluster of an attempt that has begun, "" when it names none.

    Args:
        run: whose tasks may share a cluster.
        task_run: the attempt.
    """
    task = task_run.task
    if task.get("existing_cluster_id"):
        return str(task_run.resolved.get("existing_cluster_id") or task["existing_cluster_id"])
    if task.get("job_cluster_key"):
        return _made(run.start_time, f"{run.run_id}/{task['job_cluster_key']}")
    if task.get("new_cluster"):
        return _made(task_run.start_time, str(task_run.run_id))
    return ""


def _made(time: int, owner: str) -> str:
    moment = datetime.fromtimestamp(time / 1000, UTC)
    return f"{moment:%m%d-%H%M%S}-{hashlib.sha256(owner.encode()).hexdigest()[:8]}"
