from __future__ import annotations

from dataclasses import replace

import pytest

from bricklane.errors import BricklaneError
from bricklane.flow import Outcome
from bricklane.forge.model import MergeMethod, PullRequestState
from bricklane.gitflow.flows import merge, publishing
from tests.bricklane.gitflow.conftest import Team, git
from tests.bricklane.gitflow.flowing import outcomes, walk


@pytest.fixture
def tested(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What the gate was asked; it lets everything through."""
    asked: list[tuple[str, str]] = []

    def check(forge: object, settings: object, commit: str, tree: str) -> None:
        asked.append((commit, tree))

    monkeypatch.setattr("bricklane.delivery.gate.check_tested", check)
    return asked


def test_the_merge_is_tagged_released_and_brought_back(team: Team) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    team.push_change(drafted.head, "map.txt", "better\n", "fix: better map")
    world = team.publish(drafted)
    assert team.forge.tag("0.1.0") == world.merge_commit == team.forge.branch("main").commit
    assert team.forge.git("cat-file", "-t", "0.1.0") == "tag"
    released = team.forge.releases["0.1.0"]
    assert (released.name, released.draft) == ("Release 0.1.0", False)
    assert "- map (#1)" in released.body
    assert "- better map" in released.body
    (back,) = team.forge.pull_requests(base="develop", state=PullRequestState.OPEN)
    assert (back.head, back.title) == ("back-merge/0.1.0", "Back-merge 0.1.0 into develop")
    assert back.head_commit == world.merge_commit
    assert team.forge.branch("release/0.1.0") is None


def test_again_nothing_is_done(team: Team) -> None:
    team.feature("map")
    world = team.release()
    again = publishing.prepare_merged(team.project(), world.pull_request.number)
    log = walk(publishing.finish_of(again.project), again)
    assert outcomes(log) == {Outcome.DONE_BEFORE}
    assert ("open back-merge pull requests", "no branch lacks it", Outcome.DONE_BEFORE) in log
    assert len(list(team.forge.pull_requests(base="develop"))) == 2  # the feature, one back-merge


def test_after_a_whole_round_the_history_is_gitflow(team: Team) -> None:
    team.feature("map")
    team.release()
    team.feature("charts")
    team.release()
    main = team.forge.git("log", "--first-parent", "--format=%s", "main").splitlines()
    assert [line.split(" from ")[-1] for line in main] == [
        "acme/release/0.2.0", "acme/release/0.1.0", "chore: begin",
    ]  # fmt: skip
    assert team.forge.is_ancestor("main", "develop")
    changelog = team.show("develop:CHANGELOG.md")
    assert changelog.index("## 0.2.0") < changelog.index("## 0.1.0")
    assert changelog.count("map") == changelog.count("charts") == 1


def test_a_hotfix_while_a_release_is_open_goes_into_both(team: Team) -> None:
    team.feature("map")
    team.release()
    team.feature("charts")
    drafted = team.draft().pull_request()
    hotfix, _ = team.hotfix()
    team.push_change(hotfix.branch, "map.txt", "mended\n", "fix: map")
    world = team.publish(hotfix.pull_request())
    opened = {
        found.base: found for found in team.forge.pull_requests(state=PullRequestState.OPEN)
        if found.head.startswith("back-merge/")
    }  # fmt: skip
    assert opened["develop"].head == "back-merge/0.1.1"
    assert opened["release/0.2.0"].head == "back-merge/0.1.1-into-0.2.0"

    # Versions and changelog would conflict, on each side a line of its own: they are settled.
    for found in opened.values():
        team.merge(found)
    assert 'version = "0.2.0"' in team.show("release/0.2.0:pyproject.toml")
    assert 'name = "flights"\nversion = "0.2.0"' in team.show("release/0.2.0:uv.lock")
    changelog = team.show("release/0.2.0:CHANGELOG.md")
    headings = [line.split()[1] for line in changelog.splitlines() if line.startswith("## ")]
    assert headings == ["0.2.0", "0.1.1", "0.1.0"]
    assert team.show("release/0.2.0:map.txt") == "mended"
    assert team.forge.is_ancestor(world.merge_commit, "develop")

    # Now the release merges without conflict, and its notes leave out what the hotfix had.
    team.publish(drafted)
    assert team.forge.tree("main") == team.forge.tree("0.2.0")
    notes = team.forge.releases["0.2.0"].body
    assert "charts" in notes
    assert "map" not in notes


def test_a_conflict_of_a_back_merge_is_told_and_left_to_people(team: Team) -> None:
    team.feature("map")
    team.release()
    hotfix, _ = team.hotfix()
    team.push_change(hotfix.branch, "map.txt", "mended\n", "fix: map")
    team.merge(team.pull("feature/other", "map.txt", "changed\n", "feat: other map"))
    team.publish(hotfix.pull_request())
    (back,) = team.forge.pull_requests(base="develop", state=PullRequestState.OPEN)
    assert "- `map.txt`" in back.body
    assert "git merge origin/develop" in back.body
    # As the body says.
    git(team.clone, "fetch", "-q")
    git(team.clone, "switch", "-q", "back-merge/0.1.1")
    git(team.clone, "merge", "-q", "-s", "ours", "--no-edit", "origin/develop")
    git(team.clone, "push", "-q", "origin", "back-merge/0.1.1")
    team.merge(back)
    assert team.forge.is_ancestor("main", "develop")


def test_a_workflow_starts_the_checks_of_back_merges(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    monkeypatch.setenv("CI", "true")
    team.forge.user = "github-actions[bot]"
    team.publish(drafted)
    assert [(run.workflow, run.branch) for run in team.forge.runs] == [
        ("pull-request.yml", "back-merge/0.1.0")
    ]


@pytest.mark.parametrize("method", [MergeMethod.SQUASH])
def test_a_squashed_release_is_refused_and_the_way_out_works(
    team: Team, method: MergeMethod
) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    team.merge(drafted, method)
    with pytest.raises(BricklaneError, match="was not merged with a merge commit") as told:
        publishing.prepare_merged(team.project(), drafted.number)
    assert "open another pull request from release/0.1.0 into main" in (told.value.hint or "")
    again = team.draft().pull_request()
    assert (again.head, again.state) == ("release/0.1.0", PullRequestState.OPEN)
    world = team.publish(again)
    assert team.forge.tag("0.1.0") == world.merge_commit


def test_the_tag_exists_elsewhere(team: Team) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    team.forge.create_tag("0.1.0", team.forge.branch("main").commit, "mine")
    with pytest.raises(BricklaneError, match=r"the tag 0\.1\.0 exists, at \w{10} instead of"):
        team.publish(drafted)
    assert team.forge.releases == {}


def test_commits_after_the_merge_keep_the_branch(team: Team) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    team.merge(drafted)
    team.push_change("release/0.1.0", "late.txt", "late\n", "fix: late")
    world = publishing.prepare_merged(team.project(), drafted.number)
    log = walk(publishing.finish_of(world.project), world)
    assert "kept: it has commits" in log[-1][1]
    assert team.forge.branch("release/0.1.0") is not None


def test_branches_can_be_kept(team: Team) -> None:
    team.settings = replace(team.settings, delete_branches=False)
    team.feature("map")
    team.release()
    assert team.forge.branch("release/0.1.0") is not None
    team.feature("charts")
    assert str(team.draft().version) == "0.2.0"  # The old branch does not count as open.


def test_what_is_no_release(team: Team) -> None:
    feature = team.pull("feature/map", "map.txt", "map\n", "feat: map")
    odd = team.pull("release/next", "odd.txt", "odd\n", "feat: odd", base="main")
    wrong = team.pull("release/0.1.0", "x.txt", "x\n", "feat: x")
    project = team.project()
    with pytest.raises(BricklaneError, match=r"feature/map does not become a version"):
        publishing.prepare_merged(project, feature.number)
    with pytest.raises(BricklaneError, match="'next' is not a version of the form"):
        publishing.prepare_merged(project, odd.number)
    with pytest.raises(BricklaneError, match="goes into develop; a release goes into main"):
        publishing.prepare_merged(project, wrong.number)
    with pytest.raises(BricklaneError, match="there is no pull request #77"):
        publishing.prepare_merged(project, 77)


def test_a_fork_cannot_publish(team: Team) -> None:
    opened = team.pull("release/0.1.0", "x.txt", "x\n", "feat: x", base="main")
    team.forge.pulls[opened.number] = replace(opened, head_repository="stranger/flights")
    team.merge(opened)
    with pytest.raises(BricklaneError, match="comes from stranger/flights; only branches of this"):
        publishing.prepare_merged(team.project(), opened.number)


def test_publish_checks_merges_and_is_done(team: Team, tested: list[tuple[str, str]]) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    world = publishing.prepare_open(team.project(), None)
    log = walk(merge.MERGE, world)
    assert outcomes(log) == {Outcome.DONE}
    assert tested == [(drafted.head_commit, team.forge.tree(drafted.head_commit))]
    merged = team.forge.pull_request(drafted.number)
    assert merged.state is PullRequestState.MERGED
    assert team.forge.tree(merged.merge_commit) == tested[0][1]
    for version in ("0.1.0", None):  # The same words resume, until it is tagged.
        again = publishing.prepare_open(team.project(), version)
        assert outcomes(walk(merge.MERGE, again)) == {Outcome.DONE_BEFORE}
    walk(publishing.finish_of(again.project), publishing.prepare_merged(team.project(), 2))
    with pytest.raises(BricklaneError, match="no release or hotfix is open"):
        publishing.prepare_open(team.project(), None)


def test_commits_that_wait_to_be_pushed_are_not_left_behind(
    team: Team, tested: list[tuple[str, str]]
) -> None:
    team.feature("map")
    world = team.draft()
    git(team.clone, "fetch", "-q")
    git(team.clone, "switch", "-q", "release/0.1.0")
    git(team.clone, "commit", "-q", "--allow-empty", "-m", "fix: late")
    for plan in (True, False):
        opened = publishing.prepare_open(team.project(), None)
        with pytest.raises(BricklaneError, match="commits here that are not on the forge") as told:
            walk(merge.MERGE, opened, plan=plan)
        assert told.value.message.endswith(" fix: late")
    hint = told.value.hint or ""
    assert hint.startswith("git push origin release/0.1.0, and wait for staging\n")
    git(team.clone, "branch", "--move", "release/0.1.0", "later")
    git(team.clone, "branch", "release/0.1.0", "origin/release/0.1.0~1")
    assert tested == []
    walk(merge.MERGE, publishing.prepare_open(team.project(), None))
    assert world.pull_request().state is PullRequestState.MERGED


@pytest.mark.parametrize("version", [None, "0.1.0"])
def test_a_squashed_release_is_not_called_done(team: Team, version: str | None) -> None:
    team.feature("map")
    team.merge(team.draft().pull_request(), MergeMethod.SQUASH)
    with pytest.raises(BricklaneError, match="squashed or rebased") as told:
        publishing.prepare_open(team.project(), version)
    assert "open another pull request from release/0.1.0 into main" in (told.value.hint or "")


def test_publish_needs_what_is_in_production(team: Team, tested: list[tuple[str, str]]) -> None:
    team.feature("map")
    team.release()
    team.feature("charts")
    team.draft()
    hotfix, _ = team.hotfix()
    team.publish(hotfix.pull_request())
    with pytest.raises(
        BricklaneError, match=r"main has commits that release/0\.2\.0 lacks"
    ) as told:
        walk(merge.MERGE, publishing.prepare_open(team.project(), None))
    assert "(back-merge/0.1.1-into-0.2.0)" in (told.value.hint or "")
    assert tested == []


def test_publish_of_a_version_below_what_is_published(
    team: Team, tested: list[tuple[str, str]]
) -> None:
    team.feature("map")
    team.release()
    team.hotfix()
    team.feature("charts")
    team.release()
    with pytest.raises(BricklaneError, match=r"0\.1\.1 is not above 0\.2\.0, which is published"):
        walk(merge.MERGE, publishing.prepare_open(team.project(), "0.1.1"))


def test_publish_has_to_know_which(team: Team) -> None:
    project = team.project()
    with pytest.raises(BricklaneError, match="no release or hotfix is open"):
        publishing.prepare_open(project, None)
    with pytest.raises(
        BricklaneError, match=r"no pull request of release/9\.9\.9 or hotfix/9\.9\.9"
    ):
        publishing.prepare_open(project, "9.9.9")
    with pytest.raises(BricklaneError, match=r"'1\.2' is not a version"):
        publishing.prepare_open(project, "1.2")
    team.feature("map")
    team.release()
    team.feature("charts")
    team.draft()
    team.hotfix()
    with pytest.raises(BricklaneError, match="more than one is open") as told:
        publishing.prepare_open(project, None)
    assert "bricklane release publish 0.1.1" in (told.value.hint or "")


def test_trunk_has_no_develop_and_no_back_merge(team: Team) -> None:
    team.settings = replace(team.settings, preset="trunk")
    team.forge.delete_branch("develop")
    team.merge(team.pull("feature/map", "map.txt", "map\n", "feat: map", base="main"))
    world = team.release()
    assert team.forge.tag("0.1.0") == world.merge_commit
    assert list(team.forge.pull_requests(state=PullRequestState.OPEN)) == []
