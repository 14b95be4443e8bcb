from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.errors import BricklaneError
from bricklane.flow import Outcome
from bricklane.forge.model import MergeMethod
from bricklane.gitflow.flows import features
from bricklane.gitflow.kinds import FEATURE
from bricklane.gitflow.remote import PushRejected
from tests.bricklane.gitflow.conftest import Team, git
from tests.bricklane.gitflow.flowing import Log, outcomes, walk


def start(team: Team, name: str, clone: Path | None = None) -> Log:
    project = team.project(clone)
    world = features.prepare_start(project, project.kinds.named(FEATURE), name)
    return walk(features.START, world)


def finish(team: Team, name: str = "", clone: Path | None = None) -> features.FeatureWorld:
    world = features.prepare_finish(team.project(clone), name, "")
    if features.is_merged(world):
        walk(features.CLEAN, world)
        return world
    features.check_mergeable(world)
    walk(features.FINISH, world)
    return world


def commit(clone: Path, file: str, text: str, message: str) -> None:
    (clone / file).write_text(text)
    git(clone, "add", file)
    git(clone, "commit", "-q", "-m", message)


def head(clone: Path) -> str:
    return git(clone, "symbolic-ref", "--short", "HEAD")


def test_a_feature_begins_at_fresh_develop(team: Team) -> None:
    team.feature("map")  # The clone has not fetched it yet.
    start(team, "charts")
    assert head(team.clone) == "feature/charts"
    assert git(team.clone, "rev-parse", "HEAD") == team.forge.branch("develop").commit
    assert outcomes(start(team, "feature/charts")) == {Outcome.DONE_BEFORE}


def test_from_pull_request_to_clean_up(team: Team) -> None:
    start(team, "charts")
    commit(team.clone, "charts.txt", "x\n", "feat: charts")
    opened = finish(team).pull_request()
    assert (opened.title, opened.head, opened.base) == ("feat: charts", "feature/charts", "develop")
    commit(team.clone, "charts.txt", "xy\n", "feat: more charts")
    assert finish(team).pull_request().number == opened.number
    team.merge(opened, MergeMethod.SQUASH)
    finish(team)
    assert head(team.clone) == "develop"
    assert git(team.clone, "rev-parse", "HEAD") == team.forge.branch("develop").commit
    assert "feature/charts" not in git(team.clone, "branch")


def test_commits_after_the_merge_are_not_lost(team: Team) -> None:
    start(team, "charts")
    commit(team.clone, "charts.txt", "x\n", "feat: charts")
    opened = finish(team).pull_request()
    team.merge(opened)
    commit(team.clone, "late.txt", "x\n", "feat: late")
    again = finish(team).pull_request()
    assert head(team.clone) == "feature/charts"
    assert team.forge.branch("feature/charts").commit == git(team.clone, "rev-parse", "HEAD")
    assert again.number != opened.number
    team.merge(again)
    assert team.show("develop:late.txt") == "x"


def test_killed_between_leaving_and_deleting(team: Team) -> None:
    start(team, "charts")
    commit(team.clone, "charts.txt", "x\n", "feat: charts")
    team.merge(finish(team).pull_request())
    world = features.prepare_finish(team.project(), "", "")
    features.CLEAN[0].do(world)
    with pytest.raises(BricklaneError, match="HEAD is on develop; a feature is finished from its"):
        finish(team)
    finish(team, "charts")
    assert "feature/charts" not in git(team.clone, "branch")


def test_changes_that_are_not_committed_are_kept(team: Team) -> None:
    (team.clone / "pyproject.toml").write_text("mine")
    with pytest.raises(BricklaneError, match=r"not committed: pyproject\.toml") as told:
        start(team, "charts")
    assert told.value.hint == "commit them, or put them aside: git stash"
    assert (team.clone / "pyproject.toml").read_text() == "mine"
    assert head(team.clone) == "main"
    assert "feature" not in git(team.clone, "branch")


def test_untracked_files_come_along(team: Team) -> None:
    (team.clone / "notes.txt").write_text("mine")
    start(team, "charts")
    assert (team.clone / "notes.txt").read_text() == "mine"


def test_resolved_but_not_committed_is_not_finished(team: Team) -> None:
    """As failure 1 of the peer: a merge counts when it is committed, not when it is resolved."""
    start(team, "charts")
    commit(team.clone, "map.txt", "mine\n", "feat: my map")
    team.merge(team.pull("feature/other", "map.txt", "theirs\n", "feat: their map"))
    with pytest.raises(BricklaneError, match=r"conflicts with develop in: map\.txt") as told:
        finish(team)
    assert "git merge origin/develop" in (told.value.hint or "")
    with pytest.raises(AssertionError):
        git(team.clone, "merge", "-q", "origin/develop")
    (team.clone / "map.txt").write_text("both\n")
    git(team.clone, "add", "map.txt")
    with pytest.raises(BricklaneError, match="a merge is not finished") as told:
        finish(team)
    assert "git commit" in (told.value.hint or "")
    assert team.forge.branch("feature/charts") is None
    git(team.clone, "commit", "-q", "--no-edit")
    opened = finish(team).pull_request()
    team.merge(opened)
    assert team.show("develop:map.txt") == "both"


def test_nothing_to_bring(team: Team) -> None:
    start(team, "charts")
    with pytest.raises(BricklaneError, match="feature/charts has nothing that develop lacks"):
        finish(team)


def test_a_detached_head(team: Team) -> None:
    git(team.clone, "switch", "-q", "--detach")
    with pytest.raises(BricklaneError, match="HEAD is detached: no branch is checked out"):
        finish(team)


def test_somebody_pushed_to_the_branch(team: Team) -> None:
    start(team, "charts")
    commit(team.clone, "charts.txt", "x\n", "feat: charts")
    finish(team)
    team.push_change("feature/charts", "other.txt", "x\n", "feat: other")
    commit(team.clone, "charts.txt", "y\n", "feat: y")
    with pytest.raises(PushRejected, match="the push was rejected") as told:
        finish(team)
    assert "git pull --rebase origin feature/charts" in (told.value.hint or "")


def test_the_name_is_taken_by_a_colleague(team: Team) -> None:
    team.push_change("feature/charts", "x.txt", "x\n", "feat: x")
    with pytest.raises(BricklaneError, match="feature/charts exists on the forge already"):
        start(team, "charts")


@pytest.mark.parametrize("name", ["a b", "a..b", "x.lock", "", "a\nb"])
def test_impossible_names(team: Team, name: str) -> None:
    with pytest.raises(BricklaneError, match="cannot be the name of a branch"):
        start(team, name)


@pytest.mark.parametrize("name", ['$(touch${IFS}x)";rm', "-x", "';ls"])
def test_a_name_is_never_run(team: Team, name: str) -> None:
    start(team, name)
    assert head(team.clone) == f"feature/{name}"
    assert not (team.clone / "x").exists()


def test_in_a_subfolder_and_a_linked_worktree(team: Team) -> None:
    """As failure 3 of the peer, which wrote a stray folder ``.git`` in subfolders."""
    git(team.clone, "switch", "-q", "develop")
    linked = team.folder / "linked"
    git(team.clone, "worktree", "add", "-q", "--detach", str(linked), "origin/develop")
    sub = linked / "sub"
    sub.mkdir()
    team.inside = "sub"
    start(team, "charts", linked)
    assert not (sub / ".git").exists()
    commit(sub, "charts.txt", "x\n", "feat: charts")
    opened = finish(team, clone=linked).pull_request()
    team.merge(opened)
    finish(team, clone=linked)
    # The other worktree has develop, so this one is left on its commit.
    assert git(linked, "rev-parse", "HEAD") == team.forge.branch("develop").commit
    assert head(team.clone) == "develop"
    assert "feature/charts" not in git(team.clone, "branch")


@pytest.mark.parametrize(("there", "wanted"), [("a", "a/b"), ("a/b", "a")])
def test_a_name_that_is_a_folder_of_another_branch(team: Team, there: str, wanted: str) -> None:
    project = team.project()
    kind = project.kinds.named(FEATURE)
    git(team.clone, "branch", f"feature/{there}")
    taken = f"there cannot be a branch feature/{wanted} beside the branch feature/{there}"
    with pytest.raises(BricklaneError, match=taken) as told:
        features.prepare_start(project, kind, wanted)
    assert told.value.hint == "choose another name"
    git(team.clone, "push", "-q", "origin", f"feature/{there}")
    git(team.clone, "branch", "-D", f"feature/{there}")
    with pytest.raises(BricklaneError, match=taken):
        features.prepare_start(project, kind, wanted)
