"""Runs and the runs of their tasks, as stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.jobs.states import FINAL, State
from bricklane_local.store.database import Document, Space

RUN, TASK_RUN, ACTIVE, VALUE = "run", "task_run", "active_run", "task_value"
# One and the same summary, by job and by type of run.
SUMMARY, TYPED = "run_summary", "run_of_type"
# Summaries that are read at a time.
CHUNK = 200
# Runs that can start in a millisecond and still be told apart.
PER_MILLISECOND = 1000
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


# Earlier versions have stored others.
FIELDS = frozenset(item.name for item in fields(Run))


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


@dataclass(frozen=True, slots=True)
class Summary:
    """What lists of runs filter by; none of it ever changes.

    Args:
        run_id: of the run.
        job_id: of its job.
        run_type: as in :class:`Run`.
        start_time: milliseconds since the epoch.
        creator: user name of whoever started it.
        acts_as: name of the principal that its tasks act as.
    """

    run_id: int
    job_id: int
    run_type: str
    start_time: int
    creator: str
    acts_as: str

    @property
    def position(self) -> int:
        """Where it stands in lists, which are ordered by time; no other run stands there."""
        return position_at(self.start_time) + self.run_id % PER_MILLISECOND


def position_at(moment: int) -> int:
    """Return the position behind all runs that started before ``moment``, in milliseconds."""
    return moment * PER_MILLISECOND


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
            self._summarise(run)
            self._mark(run)

    def _summarise(self, run: Run) -> None:
        summary = Summary(
            run.run_id, run.job_id, run.run_type, run.start_time, run.creator, run.acts_as
        )
        key, body = str(run.run_id), {"of": list(astuple(summary))}
        for kind, parent in ((SUMMARY, str(run.job_id)), (TYPED, run.run_type)):
            self._space.put(kind, key, body, parent=parent, position=summary.position)

    def _mark(self, run: Run) -> None:
        if run.state in FINAL:
            self._space.delete(ACTIVE, str(run.run_id))
        else:
            body = {"queued": run.state is State.QUEUED}
            key, job = str(run.run_id), str(run.job_id)
            self._space.put(ACTIVE, key, body, parent=job, position=run.run_id)

    def complete(self) -> None:
        """Bring what an earlier version has stored to the present form."""
        if self._space.count(SUMMARY) == self._space.count(RUN):
            return
        with self._space.database.transaction():
            for document in self._space.select(RUN):
                self._summarise(_run(document.body))

    def save(self, run: Run) -> None:
        """Store what changed in a run."""
        with self._space.database.transaction():
            self._space.update(RUN, str(run.run_id), _body(run))
            self._mark(run)

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
        return None if body is None else _run(body)

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

    def active_ids(self, job_id: int | None) -> set[int]:
        """Return the ids of the runs of a job, or of all for None, that have not ended."""
        parent = None if job_id is None else str(job_id)
        return {int(document.key) for document in self._space.select(ACTIVE, parent=parent)}

    def queued(self, job_id: int | None) -> list[int]:
        """Return the ids of the runs in the queue of a job, or of all for None, oldest first."""
        parent = None if job_id is None else str(job_id)
        found = self._space.select(ACTIVE, parent=parent)
        return [int(document.key) for document in found if document.body.get("queued")]

    def summary(self, run_id: int) -> Summary | None:
        """Return the summary of a run, or None."""
        found = self._space.find(SUMMARY, str(run_id))
        return None if found is None else _summary(found)

    def summaries(
        self,
        job_id: int | None = None,
        run_type: str = "",
        position: int | None = None,
        skipped: int = 0,
        *,
        backwards: bool = False,
    ) -> Iterator[Summary]:
        """Return summaries of runs, newest first.

        Args:
            job_id: of their job, None for all.
            run_type: their type, "" for all; not looked at with a job, whose runs have one type.
            position: behind which to begin; None for the beginning.
            skipped: how many to pass over then.
            backwards: oldest first.
        """
        kind = TYPED if run_type and job_id is None else SUMMARY
        parent = str(job_id) if job_id is not None else run_type or None
        while True:
            found = self._space.select(
                kind,
                parent=parent,
                descending=not backwards,
                limit=CHUNK,
                offset=skipped,
                after=position,
            )
            yield from map(_summary, found)
            if len(found) < CHUNK:
                return
            position, skipped = found[-1].position, 0

    def page(self, job_id: int | None, limit: int, offset: int) -> list[Run]:
        """Return runs of a job, or of all for None, newest first."""
        parent = None if job_id is None else str(job_id)
        found = self._space.select(RUN, parent=parent, descending=True, limit=limit, offset=offset)
        return [_run(document.body) for document in found]

    def delete(self, run: Run) -> None:
        """Remove a run with all that is stored of its tasks."""
        with self._space.database.transaction():
            for attempt in self.attempts(run.run_id):
                iterations = f"{run.run_id} iteration {attempt.run_id}"
                self._space.delete_children(TASK_RUN, iterations)
            self._space.delete_children(TASK_RUN, f"{run.run_id} task")
            self._space.delete_children(VALUE, str(run.run_id))
            for kind in (SUMMARY, TYPED):
                self._space.delete(kind, str(run.run_id))
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


def _run(body: dict[str, Any]) -> Run:
    known = {name: body[name] for name in body if name in FIELDS}
    return Run(**known | {"state": State(body["state"])})


def _summary(document: Document) -> Summary:
    return Summary(*document.body["of"])


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
