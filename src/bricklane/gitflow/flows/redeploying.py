"""Bringing the head of an open release or hotfix to staging once more, by the workflow for it."""

from __future__ import annotations

from bricklane.flow import Step
from bricklane.gitflow.flows.publishing import PublishWorld
from bricklane.gitflow.flows.workflows import DEPLOYING, newest_run, start


def _is_under_way(world: PublishWorld) -> bool:
    forge = world.project.forge
    head = forge.branch(world.branch)
    if head is None:
        return False
    run = newest_run(forge, DEPLOYING, world.branch, head.commit)
    return run is not None and run.unfinished


REDEPLOY: tuple[Step[PublishWorld], ...] = (
    Step(
        f"start {DEPLOYING}",
        _is_under_way,
        lambda world: start(world.project.forge, DEPLOYING, world.branch),
        lambda world: f"on {world.branch}",
    ),
)
