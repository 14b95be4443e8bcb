"""Runs and the runs of their tasks, as stored."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.states import FINAL, State
from bricklane_local.store.database import Space

RUN, TASK_RUN, ACTIVE, VALUE = "run", "task_run", "active_run", "task_value"
RUN_IDS = 900_000_000_000_001


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job, or a one-time run.

    Args:
        run_id: its id.
        job_id: of the job, or of the unnamed job that a one-time run has.
        run_type: ``JOB_RUN``, ``SUBMIT_RUN`` or ``WORKFLOW_RUN`` (started by a notebook).
        name: of the job when it started.
        creator: user name of whoever started it.
        settings: the job's settings when it started.
        trigger: what started it, as the API names it.
        parameters: job parameters, defaults overridden.
        overrides: legacy parameters that were given, such as ``notebook_params``.
        start_time: milliseconds since the epoch.
        end_time: milliseconds since the epoch, 0 while it goes on.
        begun_time: when it left the queue, 0 while it is in it.
        state: see :class:`~bricklane_local.jobs.states.State`.
        message: why it is in that state.
        number: how many runs of the job came before, plus one.
        repairs: what repairs were asked for, oldest first.
        parent_task_run: id of the task run that started it, 0 for none.
        only: keys of the tasks to run, empty for all.
        run_as: user name or application id of whom it acts as, "" for its creator.
        git_commit: SHA of the commit that its tasks' code comes from, "" before one was fetched.
        trigger_details: what its trigger has seen: dynamic values below ``job.trigger``.
    """

    run_id: int
    job_id: int
    run_type: str
    name: str
    creator: str
    settings: dict[str, Any]
    trigger: str
    start_time: int
    parameters: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)
    end_time: int = 0
    begun_time: int = 0
    state: State = State.PENDING
    message: str = ""
    number: int = 1
    repairs: list[dict[str, Any]] = field(default_factory=list)
    parent_task_run: int = 0
    only: list[str] = field(default_factory=list)
    run_as: str = ""
    git_commit: str = ""
    trigger_details: dict[str, str] = field(default_factory=dict)

    @property
    def acts_as(self) -> str:
        """User name or application id of the principal that its tasks act as."""
        return self.run_as or self.creator

    @property
    def tasks(self) -> list[dict[str, Any]]:
        """The definitions of its tasks; with ``only``, of those, freed of all others."""
        tasks: list[dict[str, Any]] = self.settings.get("tasks") or []
        if not self.only:
            return tasks
        return [
            task | {"depends_on": [d for d in task.get("depends_on") or [] if self._chosen(d)]}
            for task in tasks
            if self._chosen(task)
        ]

    def _chosen(self, item: dict[str, Any]) -> bool:
        return item["task_key"] in self.only


@dataclass(frozen=True, slots=True)
class TaskRun:
    """One attempt at a task.

    Args:
        run_id: its id.
        job_run_id: of the run it belongs to.
        task: the definition of the task.
        attempt: 0 for the first.
        start_time: milliseconds since the epoch, 0 before it starts.
        execution_time: when its own code began, 0 before that.
        end_time: milliseconds since the epoch, 0 while it goes on.
        state: see :class:`~bricklane_local.jobs.states.State`.
        message: why it is in that state.
        resolved: the definition with references replaced, once it started.
        output: what it left: ``result``, ``error``, ``error_trace``, ``outcome``, ``child_run``.
        iteration_of: id of the for-each task run it is an iteration of, 0 for none.
        input: text of the iteration's input.
    """

    run_id: int
    job_run_id: int
    task: dict[str, Any]
    attempt: int = 0
    start_time: int = 0
    execution_time: int = 0
    end_time: int = 0
    state: State = State.BLOCKED
    message: str = ""
    resolved: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    iteration_of: int = 0
    input: str = ""

    @property
    def key(self) -> str:
        """The task's key."""
        return str(self.task["task_key"])


class Runs:
    """The runs of one workspace.

    Args:
        space: where they are stored.
    """

    def __init__(self, space: Space) -> None:
        self._space = space

    def new_id(self) -> int:
        """Return an id that no run and no task run has."""
        return self._space.database.next_number("run", first=RUN_IDS)

    def add(self, run: Run) -> None:
        """Store a new run, which counts as active until it is saved in a final state."""
        with self._space.database.transaction():
            self._space.insert(
                RUN, str(run.run_id), _body(run), parent=str(run.job_id), position=run.run_id
            )
            self._space.put(ACTIVE, str(run.run_id), {}, position=run.run_id)

    def save(self, run: Run) -> None:
        """Store what changed in a run."""
        with self._space.database.transaction():
            self._space.update(RUN, str(run.run_id), _body(run))
            if run.state in FINAL:
                self._space.delete(ACTIVE, str(run.run_id))
            else:
                self._space.put(ACTIVE, str(run.run_id), {}, position=run.run_id)

    def save_task(self, task_run: TaskRun) -> None:
        """Store a new or changed attempt at a task."""
        parent = f"iteration {task_run.iteration_of}" if task_run.iteration_of else "task"
        self._space.put(
            TASK_RUN,
            str(task_run.run_id),
            _body(task_run),
            parent=f"{task_run.job_run_id} {parent}",
            position=task_run.run_id,
        )

    def find(self, run_id: int) -> Run | None:
        """Return a run, or None."""
        body = self._space.get(RUN, str(run_id))
        return None if body is None else Run(**body | {"state": State(body["state"])})

    def get(self, run_id: int) -> Run:
        """Return a run.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE in the words by which the SDKs know of a missing run.
        """
        run = self.find(run_id)
        if run is None:
            raise invalid(f"Run {run_id} does not exist.")
        return run

    def find_task(self, run_id: int) -> TaskRun | None:
        """Return an attempt at a task, or None."""
        body = self._space.get(TASK_RUN, str(run_id))
        return None if body is None else _task_run(body)

    def attempts(self, run_id: int) -> list[TaskRun]:
        """Return all attempts at the tasks of a run, oldest first, without iterations."""
        found = self._space.select(TASK_RUN, parent=f"{run_id} task")
        return [_task_run(document.body) for document in found]

    def latest(self, run: Run) -> dict[str, TaskRun]:
        """Return the latest attempt at each task of a run, in the order of the definitions."""
        by_key = {attempt.key: attempt for attempt in self.attempts(run.run_id)}
        return {t["task_key"]: by_key[t["task_key"]] for t in run.tasks if t["task_key"] in by_key}

    def iterations(self, task_run: TaskRun) -> list[TaskRun]:
        """Return the latest attempt at each iteration of a for-each task."""
        parent = f"{task_run.job_run_id} iteration {task_run.run_id}"
        found = [_task_run(d.body) for d in self._space.select(TASK_RUN, parent=parent)]
        return list({attempt.key: attempt for attempt in found}.values())

    def active(self) -> list[Run]:
        """Return the runs that have not ended, oldest first."""
        found = (self.find(int(d.key)) for d in self._space.select(ACTIVE))
        return [run for run in found if run is not None]

    def page(self, job_id: int | None, limit: int, offset: int) -> list[Run]:
        """Return runs of a job, or of all for None, newest first."""
        parent = None if job_id is None else str(job_id)
        found = self._space.select(RUN, parent=parent, descending=True, limit=limit, offset=offset)
        return [Run(**d.body | {"state": State(d.body["state"])}) for d in found]

    def count(self, job_id: int) -> int:
        """Return how many runs a job has."""
        return self._space.count(RUN, parent=str(job_id))

    def delete(self, run: Run) -> None:
        """Remove a run with all that is stored of its tasks."""
        with self._space.database.transaction():
            for attempt in self.attempts(run.run_id):
                iterations = f"{run.run_id} iteration {attempt.run_id}"
                self._space.delete_children(TASK_RUN, iterations)
            self._space.delete_children(TASK_RUN, f"{run.run_id} task")
            self._space.delete_children(VALUE, str(run.run_id))
            self._space.delete(RUN, str(run.run_id))

    def set_value(self, run_id: int, task_key: str, key: str, value: Any) -> None:
        """Store a value that a task gives to those after it."""
        body = {"task_key": task_key, "key": key, "value": value}
        self._space.put(VALUE, f"{run_id} {task_key} {key}", body, parent=str(run_id))

    def values(self, run_id: int) -> dict[str, dict[str, Any]]:
        """Return the values that the tasks of a run have set: task key → key → value."""
        found: dict[str, dict[str, Any]] = {}
        for document in self._space.select(VALUE, parent=str(run_id)):
            body = document.body
            found.setdefault(body["task_key"], {})[body["key"]] = body["value"]
        return found


def _body(item: Run | TaskRun) -> dict[str, Any]:
    return asdict(item)


def _task_run(body: dict[str, Any]) -> TaskRun:
    return TaskRun(**body | {"state": State(body["state"])})


def ended(item: TaskRun, state: State, message: str, now: int, **output: Any) -> TaskRun:
    """Return ``item`` in a final state."""
    return replace(
        item,
        state=state,
        message=message,
        start_time=item.start_time or now,
        end_time=now,
        output=item.output | output,
    )
