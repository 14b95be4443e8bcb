"""The list of task types: adding one is a file and a line here."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.task_types.alert_dashboard import ALERT_TASK, DASHBOARD_TASK
from bricklane_local.jobs.task_types.condition import CONDITION
from bricklane_local.jobs.task_types.dbt import DBT
from bricklane_local.jobs.task_types.for_each import FOR_EACH
from bricklane_local.jobs.task_types.notebook import NOTEBOOK
from bricklane_local.jobs.task_types.pipeline import PIPELINE_TASK
from bricklane_local.jobs.task_types.python_wheel import PYTHON_WHEEL
from bricklane_local.jobs.task_types.run_job import RUN_JOB
from bricklane_local.jobs.task_types.spark_jar import SPARK_JAR
from bricklane_local.jobs.task_types.spark_python import SPARK_PYTHON
from bricklane_local.jobs.task_types.spark_submit import SPARK_SUBMIT
from bricklane_local.jobs.task_types.sql import SQL
from bricklane_local.jobs.task_types.task_type import TaskType
from bricklane_local.jobs.task_types.unsupported import unsupported

TASK_TYPES: dict[str, TaskType] = {
    kind.name: kind
    for kind in (
        ALERT_TASK,
        CONDITION,
        DASHBOARD_TASK,
        DBT,
        FOR_EACH,
        NOTEBOOK,
        PIPELINE_TASK,
        PYTHON_WHEEL,
        RUN_JOB,
        SPARK_JAR,
        SPARK_PYTHON,
        SPARK_SUBMIT,
        SQL,
    )
}
TASK_SUFFIX = "_task"


def type_of(task: dict[str, Any]) -> TaskType:
    """Return the type of a task, which a field such as ``notebook_task`` says.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when there is no such field, or more than one.
    """
    names = sorted(key for key in task if key.endswith(TASK_SUFFIX) and task[key] is not None)
    if len(names) != 1:
        found = "none" if not names else " and ".join(names)
        raise invalid(
            f"Task {task.get('task_key')} must say what it does in exactly one field such as "
            f"notebook_task; it has {found}"
        )
    return TASK_TYPES.get(names[0]) or unsupported(names[0], sorted(TASK_TYPES))
