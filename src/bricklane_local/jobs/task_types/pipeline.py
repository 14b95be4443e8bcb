"""Pipeline tasks update a pipeline and end as the update does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.run_as import acting
from bricklane_local.jobs.states import State
from bricklane_local.jobs.task_types.task_type import Body, TaskType

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

# Parameters of a run from before job parameters; they replace fields of the task.
OVERRIDES = "pipeline_params"
ENDS = {"COMPLETED": State.SUCCESS, "FAILED": State.FAILED, "CANCELED": State.CANCELED}


async def _execute(attempt: Attempt) -> Outcome:
    """Start an update and wait for it; cancelling stops it."""
    workspace = attempt.driver.engine.workspace
    try:
        update = _started(attempt, workspace)
    except ApiError as error:
        return Outcome(State.INVALID, error.message, {"error": error.message})
    attempt.on_running()
    pipelines, number = workspace.pipelines, str(update["pipeline_id"])
    try:
        ended = await pipelines.ended(number, update["update_id"])
    except asyncio.CancelledError:
        await pipelines.halt(number)
        raise
    state = ENDS[ended["state"]]
    if state is State.SUCCESS:
        return Outcome(state)
    problem = pipelines.problem(ended)
    message = f"Update {ended['update_id']} of pipeline {number} is {ended['state']}"
    message += f": {problem}" if problem else ""
    return Outcome(state, message, {"error": message})


def _started(attempt: Attempt, workspace: Workspace) -> Body:
    """Start the update, if whom the run acts as may."""
    from bricklane_local.permissions.levels import RUN
    from bricklane_local.pipelines.pipelines import PIPELINE
    from bricklane_local.resources.records import Records

    body = attempt.body
    principal = acting(workspace, attempt.run)
    records = Records(workspace, PIPELINE)
    pipeline = records.wanted(str(body["pipeline_id"]), principal, RUN)
    request = {**body, **(body.get(OVERRIDES) or {})}
    return workspace.pipelines.start_update(pipeline, request, principal.user_name, "JOB_TASK")


PIPELINE_TASK = TaskType(
    "pipeline_task", _execute, required=("pipeline_id",), overrides={OVERRIDES: OVERRIDES}
)
