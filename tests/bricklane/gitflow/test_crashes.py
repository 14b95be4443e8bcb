"""Every flow, ended before and after each of its effects, then run again: the same end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bricklane.forge.model import PullRequestState
from bricklane.gitflow.flows import publishing
from bricklane.gitflow.git import Git
from tests.bricklane.gitflow.conftest import Team
from tests.bricklane.gitflow.flowing import walk

EFFECTS = (
    "create_tag",
    "create_pull_request",
    "close_pull_request",
    "comment",
    "save_release",
    "dispatch_workflow",
    "cancel_run",
    "delete_branch",
)


class Killed(BaseException):
    """The process is gone."""


class Fate:
    """Ends the process before or after one effect, counted over forge and pushes."""

    def __init__(self, number: int, *, after: bool) -> None:
        self.left = number
        self.after = after
        self.seen = 0

    def meet(self, effect: Callable[[], Any]) -> Any:
        self.seen += 1
        self.left -= 1
        if self.left == 0 and not self.after:
            raise Killed
        result = effect()
        if self.left == 0:
            raise Killed
        return result


def arm(team: Team, monkeypatch: pytest.MonkeyPatch, fate: Fate) -> None:
    for name in EFFECTS:
        real = getattr(team.forge, name)

        def effect(*args: Any, _real: Any = real, **kwargs: Any) -> Any:
            return fate.meet(lambda: _real(*args, **kwargs))

        monkeypatch.setattr(team.forge, name, effect)
    run = Git.run

    def run_git(self: Git, *arguments: str, **kwargs: Any) -> Any:
        if "push" in arguments:
            return fate.meet(lambda: run(self, *arguments, **kwargs))
        return run(self, *arguments, **kwargs)

    monkeypatch.setattr(Git, "run", run_git)


def hotfix(team: Team) -> None:
    number = next(found.number for found in team.forge.pull_requests() if found.head == "fix/crash")
    team.hotfix(number)


def publish(team: Team) -> None:
    number = next(found.number for found in team.forge.pull_requests(head="hotfix/0.1.1"))
    world = publishing.prepare_merged(team.project(), number)
    walk(publishing.finish_of(world.project), world)


def ready_for_a_hotfix(team: Team) -> None:
    team.feature("map")
    team.release()
    team.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    team.forge.dispatch_workflow("pull-request.yml", ref="fix/crash", inputs={})


def ready_to_publish(team: Team) -> None:
    """A hotfix was merged while a release is open: the longest of all."""
    ready_for_a_hotfix(team)
    team.feature("charts")
    team.draft()
    hotfix(team)
    team.merge(next(team.forge.pull_requests(head="hotfix/0.1.1")))


FLOWS = {
    # name: (what comes before, the flow, its effects)
    "hotfix": (ready_for_a_hotfix, hotfix, 7),
    "publish": (ready_to_publish, publish, 9),
}


def end_state(team: Team) -> dict[str, Any]:
    """Return what must not depend on interruptions."""
    forge = team.forge
    return {
        "branches": {branch.name: forge.tree(branch.commit) for branch in forge.branches()},
        "tags": forge.git("for-each-ref", "--format=%(refname) %(objecttype)", "refs/tags"),
        "pulls": [
            (found.head, found.base, found.title, found.body, found.state)
            for found in forge.pull_requests()
        ],
        "releases": {
            tag: (release.name, release.body, release.draft)
            for tag, release in forge.releases.items()
        },
        "comments": sorted(forge.comments),
        "runs": sorted((run.workflow, run.branch, run.status) for run in forge.runs),
    }


@pytest.fixture
def workflow(team: Team, monkeypatch: pytest.MonkeyPatch) -> Team:
    """As in a workflow, where there are most effects."""
    monkeypatch.setenv("CI", "true")
    team.forge.user = "github-actions[bot]"
    return team


@pytest.mark.parametrize("name", FLOWS)
def test_killed_anywhere_and_run_again(
    name: str, workflow: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = workflow
    prepare, flow, effects = FLOWS[name]
    prepare(team)
    origin = Snapshot(team)
    with monkeypatch.context() as patch:
        counting = Fate(0, after=False)
        arm(team, patch, counting)
        flow(team)
    assert counting.seen == effects
    wanted = end_state(team)
    for number in range(1, effects + 1):
        for after in (False, True):
            origin.restore(team)
            with monkeypatch.context() as patch:
                arm(team, patch, Fate(number, after=after))
                with pytest.raises(Killed):
                    flow(team)
            flow(team)
            assert end_state(team) == wanted, (number, after)
    assert not [
        found
        for found in team.forge.pull_requests(state=PullRequestState.OPEN)
        if team.forge.branch(found.head) is None
    ]


class Snapshot:
    """A forge as it was, to begin again from."""

    def __init__(self, team: Team) -> None:
        forge = team.forge
        self.refs = forge.git("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
        self.pulls = dict(forge.pulls)
        self.comments = dict(forge.comments)
        self.releases = dict(forge.releases)
        self.runs = list(forge.runs)

    def restore(self, team: Team) -> None:
        forge = team.forge
        present = forge.git("for-each-ref", "--format=delete %(refname)").splitlines()
        wanted = [f"update {name} {commit}" for commit, name in map(str.split, self.refs)]
        for lines in (present, wanted):
            forge.git("update-ref", "--stdin", input="\n".join(lines) + "\n")
        forge.pulls = dict(self.pulls)
        forge.comments = dict(self.comments)
        forge.releases = dict(self.releases)
        forge.runs = list(self.runs)
