"""Drives one run: its tasks in the order of their graph, each attempt to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.jobs.execution import Attempt, Outcome
from bricklane_local.jobs.graph import Upstream, dependencies, run_result, verdict
from bricklane_local.jobs.notifications.events import SLOW, START, threshold
from bricklane_local.jobs.parameters import pushed_down, scope_of
from bricklane_local.jobs.references import UnknownReferenceError, resolve
from bricklane_local.jobs.runs import Run, TaskRun, ended
from bricklane_local.jobs.states import FINAL, SUCCEEDED, State
from bricklane_local.jobs.task_types.table import type_of
from bricklane_local.jobs.triggers.continuous import TASK_RETRIES, TASK_RETRY_DELAY

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine

LOGGER = logging.getLogger(__name__)
# The value of max_retries that means "until it succeeds".
UNLIMITED = -1


class RunDriver:
    """The life of one run, from its start to its end.

    Args:
        engine: starts child runs, executes what needs compute, stores.
        run: the run; ``driver.run`` is always its present record.
        keep: keys of tasks whose earlier end stands (a repair runs the others).
    """

    def __init__(self, engine: JobEngine, run: Run, keep: Iterable[str] = ()) -> None:
        self.engine = engine
        self.run = run
        self._keep = set(keep)
        self._current: dict[str, TaskRun] = {}
        self._stop_state: State | None = None
        self._ends: dict[str, asyncio.Event] = {}
        self._tasks: asyncio.Task[None] | None = None

    def save(self, **changes: Any) -> None:
        """Change and store the run."""
        self.run = replace(self.run, **changes)
        self.engine.runs.save(self.run)

    def _save_task(self, task_run: TaskRun) -> TaskRun:
        if not task_run.iteration_of:
            self._current[task_run.key] = task_run
        self.engine.runs.save_task(task_run)
        return task_run

    def note(self, task_run: TaskRun, **output: Any) -> None:
        """Store something about a running attempt that must survive this process."""
        found = self.engine.runs.find_task(task_run.run_id) or task_run
        self._save_task(replace(found, output=found.output | output))

    async def drive(self) -> None:
        """Run all tasks and store how the run ended; never raises."""
        try:
            await self._drive()
        except Exception as error:
            LOGGER.exception("run %d", self.run.run_id)
            self._finish(State.INTERRUPTED, f"The local cloud failed: {error!r}")

    async def _drive(self) -> None:
        now = self.engine.clock.now()
        with self.engine.workspace.cloud.database.transaction():
            self.save(state=State.RUNNING, begun_time=self.run.begun_time or now, message="In run")
            self.engine.notifications.tell(START, self.run, self.run.state)
        self._prepare()
        limit = self.run.settings.get("timeout_seconds") or None
        self._tasks = waiting = asyncio.create_task(self._run_tasks())
        if self._stop_state is not None:
            waiting.cancel()
        with self._watched(self.run.settings):
            done, _ = await asyncio.wait({waiting}, timeout=limit)
        if not done:
            self.stop(State.TIMEDOUT)
        await asyncio.wait({waiting})
        if not waiting.cancelled() and (failure := waiting.exception()) is not None:
            raise failure
        states = {key: item.state for key, item in self._current.items()}
        if self._stop_state is not None:
            reason = "by user" if self._stop_state is State.CANCELED else f"after {limit} s"
            self._finish(self._stop_state, f"Run cancelled {reason}")
        elif not self.run.tasks:
            self._finish(State.SUCCESS, "The job has no tasks")
        else:
            result = run_result(self.run.tasks, states)
            self._finish(result, self._summary(result))

    def _prepare(self) -> None:
        previous = self.engine.runs.latest(self.run)
        self._current = {key: item for key, item in previous.items() if key in self._keep}
        for task in self.run.tasks:
            key = task["task_key"]
            self._ends[key] = asyncio.Event()
            if key in self._current:
                self._ends[key].set()
            else:
                state = State.BLOCKED if dependencies(task) else State.PENDING
                fresh = TaskRun(self.engine.runs.new_id(), self.run.run_id, task, state=state)
                self._save_task(fresh)

    async def _run_tasks(self) -> None:
        pending = [t for t in self.run.tasks if not self._ends[t["task_key"]].is_set()]
        workers = [asyncio.create_task(self._run_task(task)) for task in pending]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                # One cancellation each: a second would cut short how the first cleans up.
                if not worker.cancelling():
                    worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self._end_remaining()

    def _end_remaining(self) -> None:
        for item in list(self._current.values()):
            if item.state not in FINAL:
                state = self._stop_state or State.CANCELED
                self._save_task(ended(item, state, "Run cancelled", self.engine.clock.now()))

    async def _run_task(self, task: dict[str, Any]) -> None:
        key = task["task_key"]
        for name in dependencies(task):
            await self._ends[name].wait()
        stopped = (
            State.DISABLED
            if task.get("disabled")
            else verdict(task.get("run_if") or "ALL_SUCCESS", self._upstream(task))
        )
        if stopped is not None:
            message = {
                State.EXCLUDED: "The condition of this task was not met",
                State.DISABLED: "The task, or one that it depends on, is disabled",
                State.UPSTREAM_CANCELED: "An upstream task was cancelled.",
            }.get(stopped, "An upstream task failed.")
            self._save_task(ended(self._current[key], stopped, message, self.engine.clock.now()))
        else:
            await self._attempts(self._current[key])
        self._ends[key].set()

    def _upstream(self, task: dict[str, Any]) -> list[Upstream]:
        found = []
        for item in task.get("depends_on") or []:
            other = self._current[item["task_key"]]
            wanted = item.get("outcome")
            matches = wanted is None or other.output.get("outcome") == str(wanted).lower()
            found.append(Upstream(other.state, matches or other.state not in SUCCEEDED))
        return found

    async def run_iteration(self, parent: TaskRun, task: dict[str, Any], value: Any) -> State:
        """Run one iteration of a for-each task and return how it ended."""
        import json

        first = TaskRun(
            self.engine.runs.new_id(),
            self.run.run_id,
            task,
            state=State.PENDING,
            iteration_of=parent.run_id,
            input=json.dumps(value),
        )
        return (await self._attempts(self._save_task(first))).state

    async def _attempts(self, task_run: TaskRun) -> TaskRun:
        task = task_run.task
        retries, delay = self._retries(task)
        while True:
            with self._watched(task, task_run):
                task_run = await self._attempt(task_run)
            retry_timeout = bool(task.get("retry_on_timeout"))
            retryable = task_run.state in RETRIED or (
                task_run.state is State.TIMEDOUT and retry_timeout
            )
            exhausted = retries != UNLIMITED and task_run.attempt >= retries
            last = not retryable or exhausted or self._stop_state is not None
            self.engine.notifications.task_ended(self.run, task_run, last=last)
            if last:
                return task_run
            task_run = self._save_task(
                TaskRun(
                    self.engine.runs.new_id(),
                    self.run.run_id,
                    task,
                    attempt=task_run.attempt + 1,
                    state=State.WAITING_FOR_RETRY,
                    iteration_of=task_run.iteration_of,
                    input=task_run.input,
                )
            )
            await asyncio.sleep(delay(task_run.attempt) / 1000)

    def _retries(self, task: dict[str, Any]) -> tuple[int, Callable[[int], int]]:
        """Return how often a task is retried, and how long before each retry, milliseconds."""
        continuous = self.run.settings.get("continuous") or {}
        if continuous.get("task_retry_mode") == "ON_FAILURE":
            return TASK_RETRIES, lambda attempt: TASK_RETRY_DELAY * 2 ** (attempt - 1)
        interval = int(task.get("min_retry_interval_millis") or 0)
        return int(task.get("max_retries") or 0), lambda _attempt: interval

    async def _attempt(self, task_run: TaskRun) -> TaskRun:
        clock = self.engine.clock
        try:
            scope = scope_of(self.engine, self.run, task_run, self._current)
            resolved = resolve(pushed_down(task_run.task, self.run), scope)
        except UnknownReferenceError as error:
            return self._save_task(
                ended(task_run, State.INVALID, f"Task {task_run.key}: {error}", clock.now())
            )
        task_run = self._save_task(
            replace(task_run, resolved=resolved, state=State.RUNNING, start_time=clock.now())
        )
        self.engine.notifications.task_started(self.run, task_run)
        limit = task_run.task.get("timeout_seconds") or None
        try:
            async with asyncio.timeout(limit):
                outcome = await self._execute(task_run)
        except TimeoutError:
            outcome = Outcome(State.TIMEDOUT, f"Task {task_run.key} exceeded its {limit} s")
        except asyncio.CancelledError:
            state = self._stop_state or State.CANCELED
            stopped = self._end(task_run, Outcome(state, "Run cancelled"))
            self.engine.notifications.task_ended(self.run, stopped, last=True)
            raise
        return self._end(task_run, outcome)

    async def _execute(self, task_run: TaskRun) -> Outcome:
        kind = type_of(task_run.task)
        attempt = Attempt(kind, self.run, task_run, self, self._began(task_run))
        return await kind.execute(attempt)

    def _began(self, task_run: TaskRun) -> Callable[[], None]:
        def began() -> None:
            found = self.engine.runs.find_task(task_run.run_id) or task_run
            if not found.execution_time:
                self._save_task(replace(found, execution_time=self.engine.clock.now()))

        return began

    def _end(self, task_run: TaskRun, outcome: Outcome) -> TaskRun:
        found = self.engine.runs.find_task(task_run.run_id) or task_run
        now = self.engine.clock.now()
        return self._save_task(ended(found, outcome.state, outcome.message, now, **outcome.output))

    def stop(self, state: State) -> None:
        """End the run in ``state`` (cancelled, timed out) as soon as its tasks have been ended."""
        if self._stop_state is None:
            self._stop_state = state
            self.save(state=State.TERMINATING, message="Terminating")
            if self._tasks is not None:
                self._tasks.cancel()

    def _finish(self, state: State, message: str) -> None:
        self.run = replace(self.run, state=state, message=message, end_time=self.engine.clock.now())
        self.engine.end(self.run)

    @contextmanager
    def _watched(self, settings: dict[str, Any], task_run: TaskRun | None = None) -> Iterator[None]:
        """Tell of a run or task that takes longer than its health rules allow."""
        seconds, timer = threshold(settings), None
        if seconds is not None:
            tell = self.engine.notifications.tell
            arguments = (SLOW, self.run, State.RUNNING, task_run)
            timer = asyncio.get_running_loop().call_later(seconds, tell, *arguments)
        try:
            yield
        finally:
            if timer is not None:
                timer.cancel()

    def _summary(self, result: State) -> str:
        if result in SUCCEEDED:
            return ""
        bad = [item for item in self._current.values() if item.state in WORTH_TELLING]
        return "; ".join(f"Task {t.key} failed with message: {t.message}" for t in bad)


RETRIED = frozenset({State.FAILED, State.COMPUTE_FAILED, State.LIBRARY_FAILED, State.CLUSTER_ENDED})
WORTH_TELLING = RETRIED | {State.INVALID, State.CHECKOUT_FAILED, State.TIMEDOUT, State.TASK_FAILED}
