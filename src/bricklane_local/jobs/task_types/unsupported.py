"""Types of tasks that the API knows and nothing here can run.

They can be defined, so that a bundle with such a job deploys; a run of it fails and names them.
"""

from __future__ import annotations

from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.states import State
from bricklane_local.jobs.task_types.task_type import TaskType

# Type → why it cannot run on one machine.
REASONS = {
    "ai_runtime_task": "it needs the platform's GPUs",
    "clean_rooms_notebook_task": "clean rooms join several accounts of the platform",
    "dbt_cloud_task": "it starts a job of the service dbt Cloud",
    "dbt_platform_task": "it starts a job of the service dbt platform",
    "gen_ai_compute_task": "it needs the platform's GPUs",
    "power_bi_task": "it publishes to the service Power BI",
}


def unsupported(name: str, supported: list[str]) -> TaskType:
    """Return the type ``name``, attempts at which fail.

    Args:
        name: field of the task.
        supported: names of the types that can run.
    """

    async def execute(attempt: Attempt) -> Outcome:
        reason = f": {REASONS[name]}" if name in REASONS else ""
        message = (
            f"The local workspace cannot run the {name} of task {attempt.task_run.key}{reason}; "
            f"it runs {', '.join(supported)}"
        )
        return Outcome(State.INVALID, message, {"error": message})

    return TaskType(name, execute)
