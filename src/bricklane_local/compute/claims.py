"""The compute that a task names: whether its principal may use it. All of it is the one Spark.

Source: https://docs.databricks.com/en/security/auth/access-control/ (compute, SQL warehouses) and
https://docs.databricks.com/en/admin/clusters/policies.html. What would be denied when a cluster is
made for a task is denied here, though none is made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import invalid
from bricklane_local.identity.principals import Principal
from bricklane_local.resources.clusters.clusters import CLUSTER, use
from bricklane_local.resources.clusters.definition import check_new, made_for
from bricklane_local.resources.records import Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.jobs.execution import Attempt

Body = dict[str, Any]


def _warehouse(workspace: Workspace, principal: Principal, wanted: str, _settings: Body) -> None:
    workspace.warehouses.use(wanted, principal)


def _existing(workspace: Workspace, principal: Principal, wanted: str, _settings: Body) -> None:
    use(workspace, wanted, principal)


def _new(workspace: Workspace, principal: Principal, wanted: Body, _settings: Body) -> None:
    check_new(workspace, wanted, principal)


def _shared(workspace: Workspace, principal: Principal, wanted: str, settings: Body) -> None:
    for item in settings.get("job_clusters") or []:
        if item.get("job_cluster_key") == wanted:
            check_new(workspace, item.get("new_cluster") or {}, principal)
            return
    raise invalid(f"job_cluster_key {wanted!r} is not in job_clusters")


# Field of a task, or of what its type defines, that names compute → what checks it.
CHECKS: dict[str, Callable[[Workspace, Principal, Any, Body], None]] = {
    "warehouse_id": _warehouse,
    "existing_cluster_id": _existing,
    "new_cluster": _new,
    "job_cluster_key": _shared,
}


def claim(attempt: Attempt, principal: Principal) -> None:
    """Start what a task runs on, or refuse.

    Args:
        attempt: at the task; its job may define clusters that tasks share.
        principal: as whom the run acts.

    Raises:
        ApiError: when the compute is missing, does not fit its policy, or PERMISSION_DENIED.
    """
    for field, check in CHECKS.items():
        wanted = attempt.body.get(field) or attempt.task.get(field)
        if wanted:
            check(attempt.workspace, principal, wanted, attempt.run.settings)


def cluster_made(attempt: Attempt, principal: Principal) -> Body:
    """Return the cluster that a task names with what its policy adds, empty when it names none.

    Args:
        attempt: at the task, whose claim was good.
        principal: as whom the run acts.
    """
    cluster = cluster_of(attempt)
    if not cluster or attempt.task.get("existing_cluster_id"):
        return cluster
    return made_for(attempt.workspace, cluster, principal)


def compute_of(attempt: Attempt) -> Body:
    """Return the fields of a task of another run that is to run where this one does."""
    existing, cluster = attempt.task.get("existing_cluster_id"), cluster_of(attempt)
    if existing:
        return {"existing_cluster_id": existing}
    return {"new_cluster": cluster} if cluster else {}


def cluster_of(attempt: Attempt) -> Body:
    """Return the cluster that a task names as it was defined, empty when it names none."""
    task = attempt.task
    if task.get("existing_cluster_id"):
        records = Records(attempt.workspace, CLUSTER)
        return records.find(str(task["existing_cluster_id"])) or {}
    for item in attempt.run.settings.get("job_clusters") or []:
        if item.get("job_cluster_key") == task.get("job_cluster_key"):
            return dict(item.get("new_cluster") or {})
    return dict(task.get("new_cluster") or {})
