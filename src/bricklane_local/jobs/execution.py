"""One attempt at a task, and how it ended: what the engine and the types of tasks exchange."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bricklane_local.jobs.runs import Run, TaskRun
from bricklane_local.jobs.states import State

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.jobs.driver import RunDriver
    from bricklane_local.jobs.task_types.task_type import TaskType

FAILURE_MESSAGE = "Workload failed, see run output for details."


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt at a task ended.

    Args:
        state: a final state.
        message: for the run's state.
        output: what runs/get-output shall show: ``result``, ``error``, ``error_trace`` …
    """

    state: State
    message: str = ""
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at a task, ready to be executed.

    Args:
        kind: type of the task.
        run: the run it belongs to.
        task_run: the attempt; its ``resolved`` has the references replaced.
        driver: the driver of the run.
        on_running: to be called when the task's own code begins.
        jars: files of its libraries for the Java virtual machine, once they are there.
    """

    kind: TaskType
    run: Run
    task_run: TaskRun
    driver: RunDriver
    on_running: Callable[[], None]
    jars: tuple[Path, ...] = ()

    @property
    def task(self) -> dict[str, Any]:
        """The definition, references replaced."""
        return self.task_run.resolved

    @property
    def body(self) -> dict[str, Any]:
        """What the field of its type says, references replaced."""
        body: dict[str, Any] = self.task[self.kind.name]
        return body

    @property
    def workspace(self) -> Workspace:
        """The workspace of the run."""
        return self.driver.engine.workspace
