"""Merging a release or hotfix into the branch of production, once nothing is in the way."""

from __future__ import annotations

from bricklane.errors import BricklaneError
from bricklane.flow import Step
from bricklane.forge.model import MergeMethod, PullRequestState
from bricklane.gitflow.flows.publishing import (
    PublishWorld,
    as_it_is_now,
    check_is_next,
    is_merged,
)
from bricklane.gitflow.remote import fetch_commits


def _check_pushed(world: PublishWorld) -> None:
    """Check that this clone has nothing on the branch that the forge lacks."""
    git, head = world.project.git, as_it_is_now(world).pull_request.head_commit
    here = git.commit(f"refs/heads/{world.branch}")
    if here in {None, head}:
        return
    fetch_commits(git, head)
    subjects = git.lines("log", "--no-show-signature", "--format=%h %s", f"{head}..{here}", "--")
    if not subjects:
        return
    remote = git.remote
    raise BricklaneError(
        f"{world.branch} has commits here that are not on the forge:\n" + "\n".join(subjects),
        hint=f"git push {remote} {world.branch}, and wait for {world.kind.target}\n"
        f"or publish without them: git branch --move {world.branch} NAME",
    )


def _check_contains_production(world: PublishWorld) -> None:
    """Check that the merge will hold what the branch holds, and nothing that was not tested."""
    now = as_it_is_now(world)
    check_is_next(now)
    forge = world.project.forge
    if forge.is_ancestor(world.base, now.pull_request.head_commit):
        return
    waiting = [
        f"#{found.number} ({found.head}): {found.url}"
        for found in forge.pull_requests(base=world.branch, state=PullRequestState.OPEN)
    ]
    remote = world.project.git.remote
    by_hand = (
        f"git fetch {remote} && git switch {world.branch} && git merge {remote}/{world.base} && "
        f"git push {remote} {world.branch}"
    )
    raise BricklaneError(
        f"{world.base} has commits that {world.branch} lacks, so merging would put into production "
        "what nobody tested together",
        hint=f"merge pull request {', '.join(waiting)}\nand wait for {world.kind.target}"
        if waiting
        else f"{by_hand}\nand wait for {world.kind.target}",
    )


def _check_tested(world: PublishWorld) -> None:
    from bricklane.delivery.gate import UntestedError, check_tested
    from bricklane.delivery.readiness import readiness

    forge, settings = world.project.forge, world.project.settings
    head = as_it_is_now(world).pull_request.head_commit
    try:
        check_tested(forge, settings, head, forge.tree(head))
    except UntestedError as error:
        known = readiness(forge, settings, world.branch, head, str(world.version))
        raise UntestedError(
            f"{error.message}\n{known.said}",
            hint=f"{known.next_move}, and publish again when it is green\n"
            f"or deploy it from here: git switch {world.branch} && "
            f"bricklane deploy --target {world.kind.target}",
        ) from None


def _merge(world: PublishWorld) -> None:
    now = as_it_is_now(world).pull_request
    if now.state is PullRequestState.CLOSED:
        raise BricklaneError(
            f"pull request #{now.number} was closed without merging",
            hint=f"open it again: {now.url}",
        )
    world.project.forge.merge_pull_request(
        now.number, method=MergeMethod.MERGE, head_commit=now.head_commit
    )


MERGE: tuple[Step[PublishWorld], ...] = (
    Step(
        "check that all of it is pushed",
        is_merged,
        _check_pushed,
        lambda world: world.branch,
        looks=True,
    ),
    Step(
        "check that the branch has all that is in production",
        is_merged,
        _check_contains_production,
        lambda world: f"{world.branch} and {world.base}",
        looks=True,
    ),
    Step(
        "check that this very tree was tested",
        is_merged,
        _check_tested,
        lambda world: f"on {world.kind.target}",
        looks=True,
    ),
    Step(
        "merge the pull request with a merge commit",
        is_merged,
        _merge,
        lambda world: f"#{world.pull_request.number}: {world.branch} → {world.base}",
    ),
)
