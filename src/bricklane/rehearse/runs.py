"""Waiting for workflow runs: to begin, to ask for approval, to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane.errors import BricklaneError

if TYPE_CHECKING:
    from collections.abc import Collection

    from bricklane.forge.model import WorkflowRun
    from bricklane.rehearse.stage import Stage

RUN_SECONDS = 900.0
COMPLETED = "completed"


def finished_run(
    stage: Stage,
    run: WorkflowRun | None = None,
    *,
    workflow: str = "",
    commit: str = "",
    known: Collection[int] = (),
) -> WorkflowRun:
    """Wait until a workflow run has ended with success.

    Args:
        stage: where.
        run: which, when it is known.
        workflow: otherwise, of which file.
        commit: and on which commit.
        known: ids of earlier runs, which are not meant.

    Raises:
        BricklaneError: with the end of its log when it did not succeed, or took too long.
    """
    ended = _ended(stage, run, workflow, commit, known)
    if ended.conclusion != "success":
        raise stage.failed(ended)
    return ended


def failed_run(
    stage: Stage, run: WorkflowRun | None = None, *, workflow: str = "", commit: str = ""
) -> WorkflowRun:
    """Wait until a workflow run has ended as it should: without success.

    Args:
        stage: where.
        run: which, when it is known.
        workflow: otherwise, of which file.
        commit: and on which commit.

    Raises:
        BricklaneError: when it succeeded all the same.
    """
    ended = _ended(stage, run, workflow, commit, ())
    if ended.conclusion == "success":
        raise BricklaneError(f"run {ended.url} succeeded, and should not have")
    stage.screen.happened(ended.workflow.removesuffix(".yml"), f"ended with {ended.conclusion}")
    return ended


def _ended(
    stage: Stage,
    run: WorkflowRun | None,
    workflow: str,
    commit: str,
    known: Collection[int],
) -> WorkflowRun:
    last = run

    def ask() -> WorkflowRun | None:
        nonlocal last
        last = (
            stage.forge().workflow_run(last.id)
            if last is not None
            else _begun(stage, workflow, commit, known)
        )
        return last if last is not None and last.status == COMPLETED else None

    ended = stage.until(
        f"workflow {workflow or (run.workflow if run else '')}",
        ask,
        seconds=RUN_SECONDS,
        detail=lambda: last.status if last else "not begun",
    )
    stage.seen.add(ended.id)
    return ended


def _begun(stage: Stage, workflow: str, commit: str, known: Collection[int]) -> WorkflowRun | None:
    runs = stage.forge().workflow_runs(file=workflow, commit=commit)
    return next((run for run in runs if run.id not in known and run.id not in stage.seen), None)


def wait_for_approval(stage: Stage, workflow: str, commit: str) -> WorkflowRun:
    """Wait until a run asks to be let into an environment, and return it.

    Raises:
        BricklaneError: when it ends without asking, or takes too long.
    """
    last: WorkflowRun | None = None

    def ask() -> WorkflowRun | None:
        nonlocal last
        last = stage.forge().workflow_run(last.id) if last else _begun(stage, workflow, commit, ())
        if last is None:
            return None
        if last.status == COMPLETED:
            raise stage.failed(last)
        return last if stage.forge().pending_approvals(last.id) else None

    return stage.until(
        f"workflow {workflow}",
        ask,
        seconds=RUN_SECONDS,
        detail=lambda: last.status if last else "not begun",
    )
