"""Runs of deployed jobs, as tests see them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bricklane.errors import BricklaneError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.jobs import Run, RunOutput, RunTask

SUCCESS = "SUCCESS"
# Results of tasks that failed by themselves, not because of another one.
OWN_FAILURES = frozenset({"FAILED", "TIMEDOUT", "MAXIMUM_CONCURRENT_RUNS_REACHED"})
# A look costs a request, a late one the time of whoever waits: a twentieth of what the run took.
LATENESS = 0.05
PAUSES = (0.2, 5.0)
SHOWN_LINES = 40


@dataclass(frozen=True, slots=True)
class TaskResult:
    """How a task ended, in its last attempt.

    Args:
        key: of the task.
        state: such as ``SUCCESS``, ``FAILED``, ``EXCLUDED``, ``UPSTREAM_FAILED``.
        exit_value: what a notebook gave to ``dbutils.notebook.exit``; None for other tasks.
        output: what a script or wheel printed; empty when the workspace keeps none.
        error: its own error; empty when it has none.
        trace: the traceback of that error.
        message: what the workspace says of its end.
        run_id: of the attempt.
        attempts: how many there were.
    """

    key: str
    state: str
    exit_value: str | None = None
    output: str = field(repr=False, default="")
    error: str = ""
    trace: str = field(repr=False, default="")
    message: str = ""
    run_id: int = 0
    attempts: int = 1

    @property
    def succeeded(self) -> bool:
        """Whether it ended well."""
        return self.state == SUCCESS


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a run of a job ended.

    Args:
        job: its key in the bundle.
        run_id: of the run.
        state: such as ``SUCCESS`` or ``FAILED``.
        message: what the workspace says of its end.
        tasks: by key.
        url: the run's page.
        seconds: how long it took.
    """

    job: str
    run_id: int
    state: str
    message: str
    tasks: Mapping[str, TaskResult]
    url: str
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Whether the run ended well."""
        return self.state == SUCCESS

    @property
    def error(self) -> str:
        """The errors of its tasks, a line for each that failed by itself."""
        return "\n".join(_told(task) for task in self.tasks.values() if task.state in OWN_FAILURES)

    def __str__(self) -> str:
        lines = [f"job {self.job}: run {self.run_id} ended as {self.state}: {self.message}"]
        lines += [self.error] if self.error else []
        for task in self.tasks.values():
            if task.state in OWN_FAILURES and task.trace:
                lines += task.trace.rstrip().splitlines()[-SHOWN_LINES:]
        return "\n".join([*lines, self.url])


def _told(task: TaskResult) -> str:
    return f"task {task.key}: {task.error or task.message or task.state}"


def run_job(
    client: WorkspaceClient,
    job: str,
    job_id: int,
    parameters: Mapping[str, str],
    timeout: float,
) -> JobResult:
    """Run a job and wait for its end; a run that the caller does not wait for is cancelled.

    Args:
        client: the workspace.
        job: the job's key, for messages.
        job_id: of the job.
        parameters: job parameters by name.
        timeout: seconds to wait.

    Raises:
        BricklaneError: when the run did not end in time.
    """
    run_id = client.jobs.run_now(job_id, job_parameters=dict(parameters) or None).run_id
    return _awaited(client, job, run_id, timeout)


def run_once(
    client: WorkspaceClient, name: str, request: Mapping[str, Any], timeout: float
) -> JobResult:
    """Run tasks that are no job (``POST /api/2.2/jobs/runs/submit``), and wait for their end.

    Args:
        client: the workspace.
        name: of the run.
        request: the rest of the request's body, such as ``tasks``.
        timeout: seconds to wait.

    Raises:
        BricklaneError: when the run did not end in time.
    """
    body = {**request, "run_name": name}
    answer: Any = client.api_client.do("POST", "/api/2.2/jobs/runs/submit", body=body)
    return _awaited(client, name, int(answer["run_id"]), timeout)


def _awaited(client: WorkspaceClient, job: str, run_id: int, timeout: float) -> JobResult:
    began = time.monotonic()
    try:
        run = _ended(lambda: client.jobs.get_run(run_id), began, timeout)
    except BaseException:  # Also Ctrl-C: nobody else will look after it.
        client.jobs.cancel_run(run_id)
        raise
    if run is None:
        client.jobs.cancel_run(run_id)
        page = client.jobs.get_run(run_id).run_page_url
        raise BricklaneError(
            f"job {job}: run {run_id} did not end within {timeout:g} seconds, and is cancelled",
            hint=f"its page: {page}\nmore time: timeout=SECONDS",
        )
    return JobResult(
        job,
        run_id,
        _result(run),
        str(run.state.state_message or "") if run.state else "",
        {task.key: task for task in _tasks(client, run)},
        run.run_page_url or "",
        round(time.monotonic() - began, 3),
    )


def _ended(look: Callable[[], Run], began: float, timeout: float) -> Run | None:
    shortest, longest = PAUSES
    while True:
        run = look()
        if run.state and run.state.result_state:
            return run
        if (
            run.state
            and run.state.life_cycle_state
            and run.state.life_cycle_state.value
            in {
                "INTERNAL_ERROR",
                "SKIPPED",
            }
        ):
            return run
        passed = time.monotonic() - began
        if passed >= timeout:
            return None
        time.sleep(min(max(shortest, LATENESS * passed), longest, timeout - passed))


def _result(run: Run | RunTask) -> str:
    state = run.state
    if state is None:
        return "UNKNOWN"
    value = state.result_state or state.life_cycle_state
    return value.value if value else "UNKNOWN"


def _tasks(client: WorkspaceClient, run: Run) -> Iterator[TaskResult]:
    attempts: dict[str, list[RunTask]] = {}
    for task in run.tasks or []:
        attempts.setdefault(task.task_key, []).append(task)
    for key, tried in attempts.items():
        last = max(tried, key=lambda task: task.attempt_number or 0)
        said: Any = _output(client, last.run_id or 0)
        message = str(last.state.state_message or "") if last.state else ""
        notebook = said.notebook_output if said else None
        yield TaskResult(
            key=key,
            state=_result(last),
            exit_value=notebook.result if notebook else None,
            output=(said.logs or "") if said else "",
            error=(said.error or "") if said else "",
            trace=(said.error_trace or "") if said else "",
            message=message,
            run_id=last.run_id or 0,
            attempts=len(tried),
        )


def _output(client: WorkspaceClient, run_id: int) -> RunOutput | None:
    """Return the output of a task's run; None for kinds of tasks that have none."""
    from databricks.sdk.errors import BadRequest, NotFound

    try:
        return client.jobs.get_run_output(run_id)
    except (BadRequest, NotFound):
        return None
