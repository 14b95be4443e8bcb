"""Following the workflow that publishes what was merged, until it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.model import WorkflowRun
from bricklane.gitflow.flows.publishing import PublishWorld, as_it_is_now

PUBLISHING = "publish-new-release.yml"
PAUSE = 3.0
# A forge takes a moment to start a workflow; after that there is none.
UNTIL_STARTED = 120.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Time, for tests to turn.

    Args:
        now: seconds that only grow.
        sleep: waits so many seconds.
    """

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def follow(
    world: PublishWorld, say: Callable[[str], None], timeout: float, clock: Clock | None = None
) -> WorkflowRun:
    """Wait for the workflow that publishes, and return its run once it has succeeded.

    Args:
        world: whose pull request was merged.
        say: is told where the run is, and each change of its status.
        timeout: in seconds.
        clock: the real one by default.

    Raises:
        BricklaneError: when no workflow starts, it fails, or takes too long.
    """
    clock = clock or Clock()
    began = clock.now()
    told = ""
    while True:
        found = _run(world)
        waited = clock.now() - began
        if found is None and waited > UNTIL_STARTED:
            raise BricklaneError(
                f"#{world.pull_request.number} is merged, but {PUBLISHING} did not start",
                hint="check that the workflow is on the branch of production, then run by hand:\n"
                f"bricklane ci publish --pull-request {world.pull_request.number}",
            )
        if found is not None and found.status != told:
            told = found.status
            say(f"{PUBLISHING} is {told.replace('_', ' ')}: {found.url}")
        if found is not None and found.status == "completed":
            return _succeeded(found)
        if waited > timeout:
            raise BricklaneError(
                f"{PUBLISHING} did not end within {timeout / 60:g} minutes",
                hint="it goes on without this command; it may wait for an approval",
                exit_code=ExitCode.NETWORK,
            )
        clock.sleep(PAUSE)


def _run(world: PublishWorld) -> WorkflowRun | None:
    """Return the newest run for the merge; a forge may file it under the head or the merge."""
    now = as_it_is_now(world).pull_request
    commits = {now.head_commit, now.merge_commit}
    runs = world.project.forge.workflow_runs(file=PUBLISHING)
    newest = (run for run, _ in zip(runs, range(20), strict=False))
    return next((run for run in newest if run.commit in commits), None)


def _succeeded(run: WorkflowRun) -> WorkflowRun:
    if run.conclusion != "success":
        raise BricklaneError(
            f"{PUBLISHING} ended with {run.conclusion}: {run.url}",
            hint="read its log, mend the cause, and run the workflow again: it does what is "
            "missing",
        )
    return run
