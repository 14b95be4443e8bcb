from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bricklane.errors import BricklaneError
from bricklane.forge.model import WorkflowRun
from bricklane.gitflow.flows import publishing
from bricklane.gitflow.flows.following import Clock, follow
from tests.bricklane.gitflow.conftest import Team


@pytest.fixture
def merged(team: Team) -> tuple[Team, publishing.PublishWorld]:
    team.feature("map")
    drafted = team.draft().pull_request()
    world = publishing.prepare_open(team.project(), "0.1.0")
    team.merge(drafted)
    return team, world


def clock(happens: Callable[[int], None]) -> Clock:
    """A clock that makes things happen while one sleeps."""
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        happens(len(naps))

    return Clock(lambda: sum(naps), sleep)


def test_each_status_is_told_once(merged: tuple[Team, publishing.PublishWorld]) -> None:
    team, world = merged
    states = [("queued", ""), ("queued", ""), ("waiting", ""), ("completed", "success")]

    def happens(nap: int) -> None:
        if nap == 1:
            team.forge.dispatch_workflow("publish-new-release.yml", ref="main", inputs={})
        status, conclusion = states[min(nap, len(states)) - 1]
        team.forge.runs[0] = replace(
            team.forge.runs[0], status=status, conclusion=conclusion, url="https://forge/runs/1"
        )

    told: list[str] = []
    ended = follow(world, told.append, 600, clock(happens))
    assert isinstance(ended, WorkflowRun)
    assert told == [
        f"publish-new-release.yml is {status}: https://forge/runs/1"
        for status in ("queued", "waiting", "completed")
    ]


def test_it_fails(merged: tuple[Team, publishing.PublishWorld]) -> None:
    team, world = merged
    team.forge.dispatch_workflow("publish-new-release.yml", ref="main", inputs={})
    team.forge.runs[0] = replace(team.forge.runs[0], status="completed", conclusion="failure")
    with pytest.raises(BricklaneError, match=r"publish-new-release\.yml ended with failure"):
        follow(world, lambda _: None, 600)


def test_it_never_starts_or_never_ends(merged: tuple[Team, publishing.PublishWorld]) -> None:
    team, world = merged
    with pytest.raises(BricklaneError, match="did not start") as told:
        follow(world, lambda _: None, 600, clock(lambda _: None))
    number = world.pull_request.number
    assert f"bricklane ci publish --pull-request {number}" in (told.value.hint or "")
    team.forge.dispatch_workflow("publish-new-release.yml", ref="main", inputs={})
    with pytest.raises(BricklaneError, match="did not end within 10 minutes") as told:
        follow(world, lambda _: None, 600, clock(lambda _: None))
    assert "may wait for an approval" in (told.value.hint or "")
