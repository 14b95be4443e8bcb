"""Run-job tasks run another job and end as it does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.states import SUCCEEDED, State
from bricklane_local.jobs.task_types.task_type import Body, TaskType, into

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.runs import Run, TaskRun

NAME = "run_job_task"
PARAMETERS = "job_parameters"


async def _execute(attempt: Attempt) -> Outcome:
    """Start the child run and wait for it; cancelling cancels it."""
    engine = attempt.driver.engine
    try:
        child = engine.run_now(
            int(attempt.body["job_id"]),
            _request(attempt),
            creator=attempt.run.creator,
            trigger="RUN_JOB_TASK",
            parent_task_run=attempt.task_run.run_id,
        )
    except ApiError as error:
        return Outcome(State.INVALID, error.message)
    attempt.driver.note(attempt.task_run, child_run=child.run_id)
    attempt.on_running()
    try:
        ended = await engine.wait(child.run_id)
    except asyncio.CancelledError:
        engine.cancel(child.run_id)
        await engine.wait(child.run_id)
        raise
    output = {"child_run": child.run_id}
    if ended.state in SUCCEEDED:
        return Outcome(State.SUCCESS, output=output)
    message = f"Run {child.run_id} of job {child.job_id} ended {ended.state}: {ended.message}"
    state = State.CANCELED if ended.state is State.CANCELED else State.FAILED
    return Outcome(state, message, output | {"error": message})


def _request(attempt: Attempt) -> Body:
    """Return what run-now gets; parameters that are pushed down only as far as declared."""
    body, written = attempt.body, attempt.task_run.task[NAME]
    settings = attempt.driver.engine.jobs.get(int(body["job_id"]))["settings"]
    known = {item["name"] for item in settings.get("parameters") or []}
    known |= set(written.get(PARAMETERS) or {})
    given = body.get(PARAMETERS) or {}
    request = {key: body[key] for key in body if key != "job_id"}
    return request | {PARAMETERS: {key: given[key] for key in given if key in known}}


def _output(_engine: JobEngine, _run: Run, task_run: TaskRun) -> Body:
    child = task_run.output.get("child_run")
    return {} if child is None else {"run_job_output": {"run_id": child}}


RUN_JOB = TaskType(NAME, _execute, required=("job_id",), push=into(PARAMETERS), output=_output)
