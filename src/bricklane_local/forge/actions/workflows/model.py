"""A workflow as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Concurrency:
    """A group of which only one run or job may be under way.

    Args:
        group: name, with expressions.
        cancel: expression that says whether to cancel what is under way.
    """

    group: str
    cancel: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """An input of a manual run.

    Args:
        name: its key.
        kind: ``string``, ``boolean``, ``number``, ``choice`` or ``environment``.
        required: whether it must be given.
        default: taken when it is not; None when there is none.
        options: the choices.
        description: for people.
    """

    name: str
    kind: str = "string"
    required: bool = False
    default: Any = None
    options: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that starts the workflow.

    Args:
        types: actions of the event; None for its usual ones.
        filters: patterns by ``branches``, ``branches-ignore``, ``tags``, ``tags-ignore``,
            ``paths`` and ``paths-ignore``.
        inputs: of a manual run.
        workflows: names, of ``workflow_run``.
    """

    types: tuple[str, ...] | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    inputs: tuple[Input, ...] = ()
    workflows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Environment:
    """The deployment environment of a job; both with expressions."""

    name: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the file describes it; texts may have expressions in them.

    Args:
        id: its key.
        name: for people; empty for the id.
        needs: ids of jobs that come first.
        condition: its ``if``; empty for ``success()``.
        runs_on: labels of the runner.
        environment: of its deployment, or None.
        concurrency: its group, or None.
        permissions: of its token; None for the workflow's.
        env: variables of all steps.
        defaults: of ``run`` steps: ``shell`` and ``working-directory``.
        matrix: its values, or an expression; None without one.
        fail_fast: whether a failure cancels the matrix's other jobs.
        max_parallel: how many of the matrix may run at once; 0 for any number.
        steps: as they stand.
        outputs: expressions by name.
        timeout: minutes, or an expression.
        continue_on_error: whether its failure is forgiven; expression or truth value.
        refused: what it asks for that the local forge cannot give, in words.
    """

    id: str
    name: str = ""
    needs: tuple[str, ...] = ()
    condition: str = ""
    runs_on: Any = "ubuntu-latest"
    environment: Environment | None = None
    concurrency: Concurrency | None = None
    permissions: Any = None
    env: Mapping[str, Any] | str = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    matrix: Any = None
    fail_fast: Any = True
    max_parallel: Any = 0
    steps: tuple[Mapping[str, Any], ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    timeout: Any = 360
    continue_on_error: Any = False
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow file.

    Args:
        path: in the repository.
        name: for people.
        run_name: of each run, with expressions; empty for the event's own title.
        triggers: by event.
        env: variables of all jobs.
        defaults: of ``run`` steps.
        permissions: of the job tokens; None for the repository's default.
        concurrency: group of its runs, or None.
        jobs: by id, in the order of the file.
    """

    path: str
    name: str
    run_name: str
    triggers: Mapping[str, Trigger]
    env: Mapping[str, Any]
    defaults: Mapping[str, str]
    permissions: Any
    concurrency: Concurrency | None
    jobs: Mapping[str, Job]
