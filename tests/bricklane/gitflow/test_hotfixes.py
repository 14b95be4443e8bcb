from __future__ import annotations

from dataclasses import replace

import pytest

from bricklane.errors import BricklaneError
from bricklane.flow import Outcome
from bricklane.forge.model import PullRequestState
from bricklane.gitflow.flows import drafting
from bricklane.gitflow.kinds import HOTFIX, Bump
from tests.bricklane.gitflow.conftest import Team, git
from tests.bricklane.gitflow.flowing import outcomes, walk


@pytest.fixture
def released(team: Team) -> Team:
    team.feature("map")
    team.release()
    return team


def test_a_hotfix_is_the_commits_of_a_pull_request_on_main(released: Team) -> None:
    team = released
    team.feature("unreleased")
    old = team.pull("fix/crash", "map.txt", "mended\n", "fix: crash\n\nbecause of x")
    world, _ = team.hotfix(old.number)
    assert world.branch == "hotfix/0.1.1"
    subjects = team.forge.git("log", "--format=%s", "main..hotfix/0.1.1").splitlines()
    assert subjects == ["chore(release): 0.1.1", "fix: crash"]
    body = team.forge.git("show", "-s", "--format=%b|%an", "hotfix/0.1.1^")
    assert body == "because of x\n|Dev"
    assert team.show("hotfix/0.1.1:map.txt") == "mended"
    assert "unreleased.txt" not in team.forge.git("ls-tree", "--name-only", "hotfix/0.1.1")
    opened = world.pull_request()
    assert (opened.title, opened.base) == ("Hotfix 0.1.1: fix: crash", "main")
    assert f"With the commits of #{old.number}." in opened.body
    assert "- crash" in opened.body
    assert team.forge.pulls[old.number].state is PullRequestState.CLOSED
    assert f"0.1.1 in #{opened.number}" in team.forge.comments[old.number, "bricklane-hotfix"]


def test_again_nothing_is_done_although_the_old_pull_request_is_closed(released: Team) -> None:
    old = released.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    released.hotfix(old.number)
    _, log = released.hotfix(old.number)
    assert outcomes(log) == {Outcome.DONE_BEFORE}


def test_another_hotfix_is_open(released: Team) -> None:
    first = released.pull("fix/a", "a.txt", "a\n", "fix: a")
    second = released.pull("fix/b", "b.txt", "b\n", "fix: b")
    released.hotfix(first.number)
    with pytest.raises(BricklaneError, match=r"another hotfix is open: hotfix/0\.1\.1"):
        released.hotfix(second.number)
    assert released.forge.pulls[second.number].state is PullRequestState.OPEN


def test_a_conflict_stops_and_leaves_nothing(released: Team) -> None:
    team = released
    team.feature("charts")
    # The commit changes what develop alone has.
    old = team.pull("fix/charts", "charts.txt", "mended\n", "fix: charts")
    project = team.project()
    world = drafting.prepare_hotfix(project, project.kinds.named(HOTFIX), Bump.PATCH, old.number)
    with pytest.raises(BricklaneError, match=r"conflicts in: charts\.txt"):
        walk(drafting.steps_of(world), world, plan=True)
    with pytest.raises(BricklaneError, match=r"fix: charts.*conflicts in: charts\.txt") as told:
        team.hotfix(old.number)
    hint = told.value.hint or ""
    assert "bricklane hotfix start" in hint
    assert "git cherry-pick" in hint
    assert hint.endswith(f"git push origin hotfix/0.1.1, and close #{old.number}")
    assert team.forge.branches("hotfix/") == []
    assert git(team.clone, "worktree", "list").count("\n") == 0
    assert team.forge.pulls[old.number].state is PullRequestState.OPEN

    world, _ = team.hotfix()  # What the message says to do.
    assert world.branch == "hotfix/0.1.1"


def test_main_has_it_already(released: Team) -> None:
    team = released
    old = team.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    world, _ = team.hotfix()
    team.push_change(world.branch, "map.txt", "mended\n", "fix: the same by hand")
    team.publish(world.pull_request())
    with pytest.raises(BricklaneError, match=f"main has everything already that #{old.number}"):
        team.hotfix(old.number)


def test_no_release_yet(team: Team) -> None:
    with pytest.raises(BricklaneError, match="no hotfix before the first release"):
        team.hotfix()


def test_no_such_pull_request(released: Team) -> None:
    with pytest.raises(BricklaneError, match="there is no pull request #99"):
        released.hotfix(99)


def test_a_pull_request_that_is_a_hotfix_already(released: Team) -> None:
    world, _ = released.hotfix()
    number = world.pull_request().number
    with pytest.raises(
        BricklaneError, match=r"is a hotfix already: hotfix/0\.1\.1 into main"
    ) as told:
        released.hotfix(number)
    assert told.value.hint == "bricklane release publish 0.1.1"


def test_strangers_code_is_not_deployed_by_a_number(released: Team) -> None:
    team = released
    old = team.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    team.forge.pulls[old.number] = replace(old, head_repository="stranger/flights")
    with pytest.raises(BricklaneError, match="comes from stranger/flights; a hotfix is deployed"):
        team.hotfix(old.number)
    assert team.forge.branches("hotfix/") == []


def test_checks_that_nobody_waits_for_any_more_are_stopped(
    released: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team = released
    old = team.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    other = team.pull("fix/chart", "chart.txt", "mended\n", "fix: chart")
    for pull_request in (old, other):
        team.forge.dispatch_workflow("pull-request.yml", ref=pull_request.head, inputs={})
    monkeypatch.setenv("CI", "true")
    team.forge.user = "github-actions[bot]"
    _, log = team.hotfix(old.number)
    assert ("stop its checks", f"those of #{old.number}", Outcome.DONE) in log
    assert {run.branch: run.status for run in team.forge.runs if "pull" in run.workflow} == {
        "fix/crash": "completed",
        "fix/chart": "queued",
        "hotfix/0.1.1": "queued",
    }


def test_a_merged_pull_request_is_taken_too(released: Team) -> None:
    old = released.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    released.merge(old)
    released.hotfix(old.number)
    assert released.show("hotfix/0.1.1:map.txt") == "mended"
    assert released.forge.comments == {}


def test_merges_in_the_pull_request_are_left_out(released: Team) -> None:
    team = released
    old = team.pull("fix/crash", "a.txt", "a\n", "fix: crash")
    team.feature("later")
    other = team.folder / "colleague"
    git(other, "fetch", "-q")
    git(other, "switch", "-q", "fix/crash")
    git(other, "merge", "-q", "--no-edit", "origin/develop")
    git(other, "push", "-q", "origin", "fix/crash")
    team.hotfix(old.number)
    files = team.forge.git("ls-tree", "--name-only", "hotfix/0.1.1").split()
    assert "a.txt" in files
    assert "later.txt" not in files


def test_a_hotfix_while_a_release_is_open_counts_from_production(released: Team) -> None:
    released.feature("charts")
    drafted = released.draft()
    world, _ = released.hotfix()
    assert (str(drafted.version), str(world.version)) == ("0.2.0", "0.1.1")


SIGNER = """#!/bin/sh
cat > /dev/null
echo once >> "$0.calls"
echo "[GNUPG:] SIG_CREATED D 1 8 00 0 0 0" >&2
echo "-----BEGIN PGP SIGNATURE-----"
echo "-----END PGP SIGNATURE-----"
"""


def test_commits_are_signed_when_the_user_signs(released: Team) -> None:
    team = released
    old = team.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    program = team.folder / "signer"
    program.write_text(SIGNER)
    program.chmod(0o755)
    git(team.clone, "config", "commit.gpgSign", "yes")
    git(team.clone, "config", "gpg.program", str(program))
    team.hotfix(old.number)
    for commit in ("hotfix/0.1.1", "hotfix/0.1.1^"):
        assert "gpgsig -----BEGIN" in team.forge.git("cat-file", "commit", commit)
    # Nothing else was signed, each time of which may ask for a passphrase.
    assert (team.folder / "signer.calls").read_text() == "once\nonce\n"


def test_a_plan_of_a_hotfix(released: Team) -> None:
    old = released.pull("fix/crash", "map.txt", "mended\n", "fix: crash")
    project = released.project()
    world = drafting.prepare_hotfix(project, project.kinds.named(HOTFIX), Bump.PATCH, old.number)
    log = walk(drafting.steps_of(world), world, plan=True)
    assert [(name, outcome) for name, _, outcome in log] == [
        ("check that its commits apply", Outcome.DONE),
        ("create the branch with version and changelog", Outcome.WOULD_DO),
        ("open the pull request", Outcome.WOULD_DO),
        ("comment on the pull request and close it", Outcome.WOULD_DO),
    ]
    assert log[1][1].endswith(f"with the commits of #{old.number}")
    assert released.forge.branches("hotfix/") == []
