"""What a run's jobs are and may do next, from the workflow and the jobs before: no effects here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bricklane_local.forge.actions.contexts import (
    combined_result,
    contexts,
    needs_context,
    status_functions,
)
from bricklane_local.forge.actions.expressions import (
    ExpressionError,
    evaluate,
    parse_condition,
    render,
    text_of,
    truthy,
)
from bricklane_local.forge.actions.expressions.nodes import Call, walk
from bricklane_local.forge.actions.runs.model import JobRun, Run
from bricklane_local.forge.actions.workflows.matrix import combinations, label
from bricklane_local.forge.actions.workflows.model import Concurrency, Job, Workflow

STATUS_FUNCTIONS = {"success", "failure", "cancelled", "always"}
RUNNERS = "ubuntu-"


class JobProblemError(Exception):
    """A job cannot be run as the file describes it; the text says why."""


@dataclass(slots=True)
class ActiveRun:
    """A run that has not ended, with what is needed to go on.

    Args:
        run: as stored.
        workflow: the file it runs.
        payload: of its event.
        values: the contexts of every job: ``github``, ``inputs``, ``vars``.
        jobs: of this attempt, in order.
    """

    run: Run
    workflow: Workflow
    payload: dict[str, Any]
    values: dict[str, Any]
    jobs: list[JobRun] = field(default_factory=list)

    def of_key(self, keys: Iterable[str]) -> list[JobRun]:
        """Return the jobs, combinations of a matrix included, of these ids."""
        wanted = set(keys)
        return [job for job in self.jobs if job.key in wanted]

    def described(self, job: JobRun) -> Job:
        """Return a job as the workflow describes it."""
        return self.workflow.jobs[job.key]

    def needs_of(self, job: JobRun) -> list[JobRun]:
        """Return the jobs that ``job`` needs directly."""
        return self.of_key(self.described(job).needs)

    def is_ready(self, job: JobRun) -> bool:
        """Say whether all that a job needs has ended."""
        return all(need.done for need in self.needs_of(job))

    def ancestors(self, key: str) -> set[str]:
        """Return the ids of all jobs before a job."""
        found: set[str] = set()
        open_ones = list(self.workflow.jobs[key].needs)
        while open_ones:
            name = open_ones.pop()
            if name not in found:
                found.add(name)
                open_ones += self.workflow.jobs[name].needs
        return found

    def values_for(self, job: JobRun) -> dict[str, Any]:
        """Return the contexts of a job that the forge knows."""
        described = self.described(job)
        github = {**self.values["github"], "job": job.key}
        return {
            **self.values,
            "github": github,
            "needs": needs_context(self.needs_of(job)),
            "matrix": job.matrix,
            "strategy": {
                "fail-fast": truthy(described.fail_fast),
                "job-index": job.index,
                "job-total": job.total,
                "max-parallel": described.max_parallel or job.total,
            },
        }


def wants_to_run(active: ActiveRun, job: JobRun) -> bool:
    """Return what a job's condition says, once all that it needs has ended.

    Raises:
        ExpressionError: when the condition cannot be evaluated.
    """
    keys = active.ancestors(job.key)
    results = [combined_result(active.of_key([key])) for key in sorted(keys)]
    functions = status_functions(active.run, results)
    condition = active.described(job).condition.strip()
    if not condition:
        return bool(functions["success"](()))
    node = parse_condition(condition)
    named = {part.name for part in walk(node) if isinstance(part, Call)}
    if not named & STATUS_FUNCTIONS and not functions["success"](()):
        return False
    values = {**active.values_for(job), "matrix": None}
    return truthy(evaluate(node, contexts(values, functions)))


def expanded(active: ActiveRun, job: JobRun) -> list[dict[str, Any] | None]:
    """Return the combinations of a job's matrix; one None without a matrix.

    Raises:
        ExpressionError: when the matrix cannot be evaluated.
    """
    matrix = active.described(job).matrix
    if matrix is None:
        return [None]
    available = contexts(active.values_for(job))
    return [*combinations(_rendered(matrix, available))]


def _rendered(value: Any, available: Any) -> Any:
    if isinstance(value, str):
        return render(value, available)
    if isinstance(value, list):
        return [_rendered(item, available) for item in value]
    if isinstance(value, dict):
        return {key: _rendered(item, available) for key, item in value.items()}
    return value


def name_of(active: ActiveRun, job: JobRun) -> str:
    """Return how a job is shown.

    Raises:
        ExpressionError: when its name cannot be evaluated.
    """
    described = active.described(job)
    if described.name:
        name = text_of(render(described.name, contexts(active.values_for(job))))
        if "matrix." in described.name or job.matrix is None:
            return name
    else:
        name = job.key
    return name if job.matrix is None else f"{name} {label(job.matrix)}"


def check_possible(active: ActiveRun, job: JobRun) -> None:
    """Check that this forge can run a job.

    Raises:
        JobProblemError: naming what it asks for.
        ExpressionError: when its runner cannot be evaluated.
    """
    described = active.described(job)
    if described.refused:
        raise JobProblemError("; ".join(described.refused))
    labels = _rendered(described.runs_on, contexts(active.values_for(job)))
    if isinstance(labels, dict):
        labels = labels.get("labels", [])
    names = [text_of(name) for name in (labels if isinstance(labels, list) else [labels])]
    unknown = [name for name in names if not name.startswith(RUNNERS)]
    if unknown or not names:
        raise JobProblemError(
            f"runs-on: {', '.join(names) or 'nothing'}: the local forge has only runners that are "
            f"called {RUNNERS}* (all of them are this machine)"
        )


def environment_of(active: ActiveRun, job: JobRun) -> str:
    """Return the name of a job's environment, or an empty one.

    Raises:
        ExpressionError: when it cannot be evaluated.
    """
    described = active.described(job)
    if described.environment is None:
        return ""
    return text_of(render(described.environment.name, contexts(active.values_for(job)))).strip()


def group_of(
    concurrency: Concurrency | None, values: dict[str, Any], where: str
) -> tuple[str, bool]:
    """Return a concurrency group (empty for none), and whether to cancel what is in progress.

    Raises:
        ExpressionError: when they cannot be evaluated.
        JobProblemError: when the group is empty, or the switch is no truth value.
    """
    if concurrency is None:
        return "", False
    available = contexts(values)
    group = text_of(render(concurrency.group, available)).strip()
    if not group:
        raise JobProblemError(f"{where}.group is empty: {concurrency.group!r}")
    cancel = render(concurrency.cancel, available) if concurrency.cancel else False
    if cancel not in (True, False, "true", "false", "", None):
        raise JobProblemError(f"{where}.cancel-in-progress is no truth value: {text_of(cancel)!r}")
    return group.lower(), cancel in (True, "true")


def minutes_of(active: ActiveRun, job: JobRun) -> float:
    """Return how long a job may run.

    Raises:
        ExpressionError: when it is no positive number.
    """
    value = _rendered(active.described(job).timeout, contexts(active.values_for(job)))
    try:
        minutes = float(text_of(value))
    except ValueError:
        minutes = 0.0
    if minutes <= 0:
        raise ExpressionError(f"timeout-minutes must be a positive number, got {text_of(value)!r}")
    return minutes


def flag_of(active: ActiveRun, job: JobRun, value: Any) -> bool:
    """Return a truth value of a job that may be an expression."""
    return truthy(_rendered(value, contexts(active.values_for(job)))) and value != "false"


def conclusion_of(run: Run, jobs: Sequence[JobRun]) -> str:
    """Return how a run ended, from how its jobs did."""
    results = [job.result for job in jobs if not job.forgiven]
    if run.cancelled and any(result != "success" for result in results):
        return "cancelled"
    for worst in ("failure", "cancelled"):
        if worst in results:
            return worst
    if results and all(result == "skipped" for result in results):
        return "skipped"
    return "success"
