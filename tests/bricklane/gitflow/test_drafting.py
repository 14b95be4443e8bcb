from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from bricklane.errors import BricklaneError
from bricklane.flow import Outcome
from bricklane.forge.model import PullRequestState
from bricklane.gitflow.flows import drafting, opened, publishing
from bricklane.gitflow.kinds import RELEASE, Bump
from bricklane.gitflow.people import BOT
from tests.bricklane.gitflow.conftest import Team, git
from tests.bricklane.gitflow.flowing import outcomes, walk


def test_a_release_is_one_commit_on_develop_and_a_pull_request(team: Team) -> None:
    team.feature("map")
    develop = team.forge.branch("develop")
    world = team.draft()
    assert world.branch == "release/0.1.0"
    head = team.forge.branch("release/0.1.0")
    assert head is not None
    assert team.forge.git("rev-parse", f"{head.commit}^") == develop.commit
    project = tomllib.loads(team.show(f"{head.commit}:pyproject.toml"))
    assert project["project"]["version"] == "0.1.0"
    assert project["tool"]["other"]["version"] == "9.9.9"
    locked = tomllib.loads(team.show(f"{head.commit}:uv.lock"))["package"]
    assert [entry["version"] for entry in locked] == ["0.1.0", "14.0.0"]
    assert "- map (#1)" in team.show(f"{head.commit}:CHANGELOG.md")
    opened = world.pull_request()
    assert opened is not None
    assert (opened.title, opened.base) == ("Release 0.1.0", "main")
    assert "### Features\n\n- map (#1)" in opened.body


def test_the_working_tree_and_index_are_not_touched(team: Team) -> None:
    team.feature("map")
    (team.clone / "pyproject.toml").write_text("my own work, not even TOML")
    (team.clone / "new.txt").write_text("untracked")
    git(team.clone, "switch", "-q", "-c", "feature/mine")
    git(team.clone, "add", "new.txt")
    before = git(team.clone, "status", "--porcelain=v2", "--branch")
    team.draft()
    assert git(team.clone, "status", "--porcelain=v2", "--branch") == before
    assert git(team.clone, "worktree", "list").count("\n") == 0


def test_again_nothing_is_done(team: Team) -> None:
    team.feature("map")
    world = team.draft()
    again = team.draft()
    assert again.version == world.version
    assert outcomes(walk(drafting.steps_of(again), again)) == {Outcome.DONE_BEFORE}
    assert len(list(team.forge.pull_requests(base="main"))) == 1


def test_a_plan_does_nothing(team: Team) -> None:
    project = team.project()
    team.feature("map")
    world = drafting.prepare_release(project, project.kinds.named(RELEASE), Bump.MAJOR)
    log = walk(drafting.steps_of(world), world, plan=True)
    assert outcomes(log) == {Outcome.WOULD_DO}
    assert [detail.split(" (")[0] for _, detail, _ in log] == [
        "release/1.0.0 from develop",
        "release/1.0.0 → main",
    ]
    assert team.forge.branch("release/1.0.0") is None


def test_two_at_the_same_moment(team: Team) -> None:
    team.feature("map")
    mine = team.project()
    world = drafting.prepare_release(mine, mine.kinds.named(RELEASE), Bump.MINOR)
    other = team.second_clone()
    git(other, "config", "user.name", "Somebody Else")
    team.draft(clone=other)
    first = team.forge.branch("release/0.1.0")
    # What the forge said of the branch was said before the other one's push arrived.
    create = drafting.DRAFT[0].do
    with pytest.raises(
        BricklaneError, match=r"release/0\.1\.0 was created by somebody else"
    ) as told:
        create(world)
    assert "run the same command again" in (told.value.hint or "")
    assert team.forge.branch("release/0.1.0") == first


def prepared(team: Team, bump: Bump) -> drafting.DraftWorld:
    project = team.project()
    return drafting.prepare_release(project, project.kinds.named(RELEASE), bump)


@pytest.mark.parametrize(
    ("first", "second", "kept", "gone"),
    [
        (Bump.MINOR, Bump.MAJOR, "release/0.1.0", "release/1.0.0"),
        (Bump.MAJOR, Bump.MINOR, "release/1.0.0", "release/0.1.0"),
    ],
)
def test_of_two_versions_at_the_same_moment_the_first_wins(
    team: Team, monkeypatch: pytest.MonkeyPatch, first: Bump, second: Bump, kept: str, gone: str
) -> None:
    monkeypatch.setattr(opened, "LOOKS", (0.0, 0.0))
    team.feature("map")
    world = prepared(team, second)
    team.draft(first, clone=team.second_clone())
    with pytest.raises(BricklaneError, match=f"another release is open: {kept}") as told:
        walk(drafting.steps_of(world), world)
    assert f"{gone}, drafted at the same moment, was taken back" in told.value.message
    assert f"--delete {kept}" in (told.value.hint or "")
    assert [branch.name for branch in team.forge.branches("release/")] == [kept]
    assert len(list(team.forge.pull_requests(base="main"))) == 1
    with pytest.raises(BricklaneError, match=f"another release is open: {kept}"):
        team.draft(second)
    team.draft(first)


def test_of_two_versions_that_see_each_other_the_lower_stays(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.feature("map")
    world = prepared(team, Bump.MINOR)
    team.push_change("release/1.0.0", "x.txt", "x", "chore(release): 1.0.0")
    monkeypatch.setattr(
        opened.time, "sleep", lambda _: team.forge.git("branch", "-D", "release/1.0.0")
    )
    walk(drafting.steps_of(world), world)
    assert world.pull_request() is not None
    assert [branch.name for branch in team.forge.branches("release/")] == ["release/0.1.0"]


def test_a_branch_that_cannot_be_taken_back_is_told(team: Team) -> None:
    team.feature("map")
    world = prepared(team, Bump.MAJOR)
    team.draft(clone=team.second_clone())
    team.forge.git("config", "receive.denyDeletes", "true")
    with pytest.raises(BricklaneError, match="another release is open: release/0") as told:
        walk(drafting.steps_of(world), world)
    assert "and release/1.0.0, drafted at the same moment, is there too" in told.value.message
    assert "deletion prohibited" in told.value.message
    assert (told.value.hint or "").startswith("git push origin --delete release/1.0.0\n")


def test_another_release_is_open(team: Team) -> None:
    team.feature("map")
    team.draft()
    with pytest.raises(
        BricklaneError,
        match=r"another release is open: release/0\.1\.0: pull request #2 by developer",
    ):
        team.draft(Bump.MAJOR)


def test_nothing_to_release(team: Team) -> None:
    team.feature("map")
    team.release()
    with pytest.raises(
        BricklaneError, match=r"nothing to release: develop holds what 0\.1\.0 holds"
    ) as told:
        team.draft()
    assert told.value.hint == "merge something into develop first"


def test_production_has_what_develop_lacks(team: Team) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    team.publish(drafted)
    with pytest.raises(BricklaneError, match="main has commits that develop lacks") as told:
        team.draft()
    assert "merge pull request #3 with a merge commit" in (told.value.hint or "")


def test_pull_requests_of_others_are_not_what_production_waits_for(team: Team) -> None:
    team.feature("map")
    world = team.publish(team.draft().pull_request())
    (back,) = team.forge.pull_requests(head="back-merge/0.1.0")
    team.forge.close_pull_request(back.number)
    team.pull("feature/other", "other.txt", "x\n", "feat: other")
    with pytest.raises(BricklaneError, match="main has commits that develop lacks") as told:
        team.draft()
    assert "open a pull request from main into develop" in (told.value.hint or "")
    walk(publishing.finish_of(world.project), world)  # Or publish again: it opens another one.
    assert len(list(team.forge.pull_requests(head="back-merge/0.1.0"))) == 2


def test_a_merged_release_whose_branch_the_forge_deleted_is_on_its_way(team: Team) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    team.merge(drafted)
    team.forge.delete_branch(drafted.head)
    with pytest.raises(BricklaneError, match=r"release/0\.1\.0 is merged into main \(#2\) and not"):
        team.draft()
    assert team.forge.branches("release/") == []


def test_a_release_does_not_raise_the_patch(team: Team) -> None:
    with pytest.raises(BricklaneError, match="a release raises major or minor, not patch"):
        team.draft(Bump.PATCH)


def test_no_develop(team: Team) -> None:
    team.forge.delete_branch("develop")
    with pytest.raises(BricklaneError, match="the remote origin has no branch develop") as told:
        team.draft()
    assert "[gitflow] main, develop" in (told.value.hint or "")


def test_the_tag_of_the_next_version_exists_outside_production(team: Team) -> None:
    team.feature("map")
    team.release()
    stray = team.push_change("odd", "odd.txt", "odd", "feat: odd", start="main")
    team.forge.create_tag("0.1.1", stray, "stray")
    with pytest.raises(BricklaneError, match=r"would be 0\.1\.1, but the tag 0\.1\.1 exists"):
        team.hotfix()


def test_tags_of_another_format(team: Team) -> None:
    team.forge.create_tag("v1.2.3", team.forge.branch("main").commit, "x")
    with pytest.raises(BricklaneError, match=r"such as v1\.2\.3") as told:
        team.draft()
    assert told.value.hint == 'write in bricklane.toml: [gitflow] tag = "v{version}"'


def test_the_format_of_tags_prefixes_and_no_changelog(team: Team) -> None:
    team.settings = replace(
        team.settings, tag="v{version}", prefixes={"release": "rel-"}, changelog=""
    )
    team.feature("map")
    world = team.release()
    assert world.branch == "rel-0.1.0"
    assert team.forge.tag("v0.1.0") == world.merge_commit
    files = team.forge.git("ls-tree", "--name-only", "main").split()
    assert "CHANGELOG.md" not in files


def test_a_project_in_a_subfolder_a_linked_worktree_and_a_detached_head(team: Team) -> None:
    team.push_change("seed", "bundles/flights/pyproject.toml", '[project]\nname="x"\nversion="0"\n',
                     "feat: move")  # fmt: skip
    team.forge.git("update-ref", "refs/heads/develop", "seed")
    team.forge.delete_branch("seed")
    git(team.clone, "fetch", "-q")
    linked = team.folder / "linked tree"
    git(team.clone, "worktree", "add", "-q", "--detach", str(linked), "origin/develop")
    team.inside = "bundles/flights"
    team.draft(clone=linked)
    assert 'version="0.1.0"' in team.show("release/0.1.0:bundles/flights/pyproject.toml")
    assert "0.1.0" in team.show("release/0.1.0:bundles/flights/CHANGELOG.md")
    assert team.show("release/0.1.0:pyproject.toml") == team.show("main:pyproject.toml")
    assert git(linked, "status", "--porcelain") == ""
    assert not (linked / "bundles" / "flights" / ".git").exists()


def test_a_shallow_clone_fetches_what_it_needs(team: Team) -> None:
    team.feature("map")
    team.release()
    team.feature("charts", "feat: charts")
    shallow = team.second_clone("shallow", "--depth=1", "--branch=develop")
    world = team.draft(clone=shallow)
    assert str(world.version) == "0.2.0"
    changelog = team.show("release/0.2.0:CHANGELOG.md")
    assert changelog.index("## 0.2.0") < changelog.index("## 0.1.0")
    assert changelog.count("- map") == 1


def test_a_workflow_starts_the_workflows_that_its_token_does_not(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    team.forge.user = "github-actions[bot]"
    team.feature("map")
    world = team.draft()
    started = {(run.workflow, run.branch) for run in team.forge.runs}
    assert started == {
        ("deploy-staging.yml", "release/0.1.0"),
        ("pull-request.yml", "release/0.1.0"),
    }
    walk(drafting.steps_of(world), world)
    assert len(team.forge.runs) == 2


def test_the_commit_is_the_users_also_when_a_workflows_bot_writes_it(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    team.feature("map")
    team.draft()
    assert team.forge.git("show", "-s", "--format=%an <%ae>", "release/0.1.0") == (
        "Dev <dev@example.com>"
    )
    team.forge.delete_branch("release/0.1.0")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    with pytest.raises(BricklaneError, match=r"user\.name and user\.email are not set"):
        team.draft()
    monkeypatch.setenv("CI", "true")
    shown = ("show", "-s", "--format=%an <%ae>, %cn", "release/0.1.0")
    team.draft()
    assert team.forge.git(*shown) == f"{BOT[0]} <{BOT[1]}>, {BOT[0]}"
    team.forge.delete_branch("release/0.1.0")
    monkeypatch.setenv("GITHUB_ACTOR", "manager")
    monkeypatch.setenv("GITHUB_ACTOR_ID", "7")
    team.draft()
    assert team.forge.git(*shown) == f"manager <7+manager@users.noreply.github.com>, {BOT[0]}"


def test_a_title_is_text_and_nothing_else(team: Team) -> None:
    title = 'feat: $(touch x)"; rm -rf `y` <!-- @team'
    team.feature("map", title)
    team.draft()
    section = team.show("release/0.1.0:CHANGELOG.md")
    assert '$(touch x)"; rm -rf `y` &lt;!-- @' in section
    assert "@team" not in section
    assert not list(team.clone.glob("x"))


def test_a_closed_pull_request_is_opened_anew(team: Team) -> None:
    team.feature("map")
    first = team.draft().pull_request()
    team.forge.close_pull_request(first.number)
    second = team.draft().pull_request()
    assert second.number != first.number
    assert second.state is PullRequestState.OPEN
