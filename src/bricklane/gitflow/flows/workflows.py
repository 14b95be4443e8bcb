"""Starting workflows that a workflow's own token does not start by what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from bricklane.errors import BricklaneError
from bricklane.flow import Step
from bricklane.forge.model import WorkflowRun
from bricklane.forge.protocol import Forge

World = TypeVar("World")

DEPLOYING = "deploy-staging.yml"
CHECKING = "pull-request.yml"


def start_steps(
    files: Sequence[str], forge: Callable[[World], Forge], branch: Callable[[World], str]
) -> tuple[Step[World], ...]:
    """Return one step for each workflow to start on a branch's head.

    Args:
        files: names of the workflows' files.
        forge: finds the forge in the world.
        branch: finds the branch in the world.
    """
    return tuple(_step(file, forge, branch) for file in files)


def _step(
    file: str, forge: Callable[[World], Forge], branch: Callable[[World], str]
) -> Step[World]:
    return Step(
        f"start {file}",
        lambda world: was_started(forge(world), file, branch(world)),
        lambda world: start(forge(world), file, branch(world)),
        lambda world: f"on {branch(world)}",
    )


def was_started(forge: Forge, file: str, branch: str) -> bool:
    """Return whether a workflow ran, or runs, for the head of ``branch``."""
    found = forge.branch(branch)
    if found is None:
        return False
    return newest_run(forge, file, branch, found.commit) is not None


def newest_run(forge: Forge, file: str, branch: str, commit: str) -> WorkflowRun | None:
    """Return the newest run of a workflow for a commit of ``branch``; none when there is none."""
    return next(iter(forge.workflow_runs(file=file, branch=branch, commit=commit)), None)


def unfinished_runs(forge: Forge, file: str, branch: str, commit: str) -> list[WorkflowRun]:
    """Return the runs of a workflow for a commit of ``branch`` that wait or go on."""
    found = forge.workflow_runs(file=file, branch=branch, commit=commit)
    return [run for run in found if run.unfinished]


def start(forge: Forge, file: str, branch: str) -> None:
    """Start a workflow on the head of ``branch``.

    Raises:
        BricklaneError: when the branch is gone.
    """
    if forge.branch(branch) is None:
        raise BricklaneError(f"{branch} is gone from the forge, so {file} cannot run on it")
    forge.dispatch_workflow(file, ref=branch, inputs={})
