"""What a type of task says of itself: everything about it that the rest of the engine asks for.

Source: https://docs.databricks.com/api/workspace/jobs/create (``tasks``) and ``getrunoutput``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bricklane_local.jobs.git_source import GitPath

if TYPE_CHECKING:
    from bricklane_local.jobs.engine import JobEngine
    from bricklane_local.jobs.execution import Attempt, Outcome
    from bricklane_local.jobs.runs import Run, TaskRun

Body = dict[str, Any]


def accept(_key: str, _body: Body) -> None:
    """Find nothing wrong with a definition."""


def unchanged(body: Body, _parameters: Mapping[str, str]) -> Body:
    """Push no parameters down."""
    return body


def into(name: str, *, when_present: bool = False) -> Callable[[Body, Mapping[str, str]], Body]:
    """Return what pushes a job's parameters into a field of named ones, where they take precedence.

    Args:
        name: the field.
        when_present: leave a definition alone that has nothing in the field.
    """

    def push(body: Body, parameters: Mapping[str, str]) -> Body:
        present = body.get(name)
        if not parameters or (when_present and not present):
            return body
        return body | {name: {**(present or {}), **parameters}}

    return push


def nothing(_engine: JobEngine, _run: Run, _task_run: TaskRun) -> Body:
    """Show no output of its own."""
    return {}


def no_output(_engine: JobEngine, _task_run: TaskRun) -> Body:
    """Give references of other tasks nothing to name."""
    return {}


def as_defined(_engine: JobEngine, task_run: TaskRun, name: str) -> Body:
    """Show a definition as it was written."""
    shown: Body = task_run.task[name]
    return shown


@dataclass(frozen=True, slots=True)
class TaskType:
    """One type of task. Definitions below are what stands in the task's field of this name.

    Args:
        name: field of a task that makes it one of this type, such as ``notebook_task``.
        execute: executes an attempt to its end; when cancelled, whatever it started has ended
            before it raises. Definitions it reads (``attempt.body``) have references replaced.
        required: fields without which a definition says nothing.
        refused: fields of a task that cannot stand beside its own.
        check: gets task key and definition; raises an ApiError for what the request types cannot
            say is wrong.
        nested: tasks that a definition holds, which are checked like others.
        code: path of the code that a definition names, which the run's principal must be able to
            read; None for none.
        git: where the path is that may lie in the job's repository; None for no such path. An
            attempt finds it replaced by where in the workspace the repository was checked out.
        alone: its libraries are for a program that it starts, not for the worker itself.
        jvm: it is a program of the Java virtual machine, on jars and with a Spark of its own.
        classic: it is Python, which runs on classic Spark where it needs that and may.
        packages: libraries that its definition itself names, by Maven coordinates, as those of a
            task are written.
        overrides: parameters of run-now from before job parameters → field that each replaces
            (lists) or adds to (maps).
        push: puts the job's parameters into a definition
            (https://docs.databricks.com/en/jobs/task-parameters.html).
        references: dynamic values that only tasks of this type have, of a definition.
        shown: the definition as a run shows it.
        output: what ``runs/get-output`` shows of an attempt, beside error and metadata.
        referred: what the tasks after an attempt that succeeded may name as
            ``tasks.KEY.output``.
    """

    name: str
    execute: Callable[[Attempt], Awaitable[Outcome]]
    required: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    check: Callable[[str, Body], None] = accept
    nested: Callable[[Body], list[Body]] = lambda _body: []
    code: Callable[[Body], str | None] = lambda _body: None
    git: GitPath | None = None
    alone: bool = False
    jvm: bool = False
    classic: bool = False
    packages: Callable[[Body], list[Body]] = lambda _body: []
    overrides: Mapping[str, str] = field(default_factory=dict)
    push: Callable[[Body, Mapping[str, str]], Body] = unchanged
    references: Callable[[Body], Mapping[str, str]] = lambda _body: {}
    shown: Callable[[JobEngine, TaskRun, str], Body] = as_defined
    output: Callable[[JobEngine, Run, TaskRun], Body] = nothing
    referred: Callable[[JobEngine, TaskRun], Body] = no_output
