from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bricklane.errors import BricklaneError, ExitCode
from bricklane.forge.model import MergeMethod
from bricklane.gitflow import notes
from bricklane.gitflow.notes import Entry, LoggedCommit, entries
from bricklane.gitflow.versions import Version
from tests.bricklane.gitflow.conftest import Team, git


def messages(team: Team, *excluded: str) -> list[str]:
    project = team.project()
    project.git.run("fetch", "-q", "origin")
    logged = notes.log(project.git, "origin/develop", *excluded)
    return [line.message.partition("\n")[0] for line in entries(logged)]


def test_conventional_commits_speak_and_name_their_pull_request(team: Team) -> None:
    opened = team.pull("feature/map", "a.txt", "1\n", "feat: map")
    team.push_change("feature/map", "a.txt", "2\n", "wip")
    team.push_change("feature/map", "a.txt", "3\n", "fix(map): zoom\n\nBREAKING CHANGE: keys")
    team.merge(opened)
    assert messages(team) == ["chore: begin", "feat: map (#1)", "fix(map): zoom (#1)"]


def test_a_pull_request_speaks_by_its_title_when_no_commit_does(team: Team) -> None:
    opened = team.pull("feature/map", "a.txt", "1\n", "Add the map")
    team.push_change("feature/map", "a.txt", "2\n", "wip")
    team.merge(opened)
    assert messages(team) == ["chore: begin", "Add the map (#1)"]


def test_squashed_pull_requests_and_direct_commits(team: Team) -> None:
    team.merge(team.pull("feature/map", "a.txt", "1\n", "feat: map"), MergeMethod.SQUASH)
    assert messages(team) == ["chore: begin", "feat: map (#1)"]


def test_nothing_of_the_flow_itself_is_told(team: Team) -> None:
    team.feature("map")
    tag = team.release().merge_commit
    team.feature("charts")
    assert messages(team, tag) == ["feat: charts (#4)"]


def commit(name: str, message: str, *parents: str) -> LoggedCommit:
    return LoggedCommit(name, parents, 1, message)


@pytest.mark.parametrize(
    ("merge", "line"),
    [
        ("Merge pull request #7 from acme/x\n\nA title", "A title (#7)"),
        ("Merged PR 7: A title", "A title (#7)"),
        (
            "Merge branch 'x' into 'develop'\n\nA title\n\nSee merge request acme/flights!7",
            "A title (#7)",
        ),
    ],
)
def test_forges_tell_pull_requests_in_their_own_words(merge: str, line: str) -> None:
    history = [commit("a", "feat: a"), commit("b", "wip", "a"), commit("c", merge, "a", "b")]
    assert [entry.message for entry in entries(history)] == ["feat: a", line]


def test_a_merge_without_a_pull_request_leaves_its_commits_to_speak() -> None:
    history = [
        commit("a", "feat: a"),
        commit("b", "some work", "a"),
        commit("c", "Merge branch 'x'", "a", "b"),
    ]
    assert [entry.message for entry in entries(history)] == ["feat: a", "some work"]


def test_nested_pull_requests_belong_to_the_outer_one() -> None:
    history = [
        commit("a", "feat: a"),
        commit("b", "feat: b", "a"),
        commit("m", "Merge pull request #2 from acme/inner\n\nInner", "a", "b"),
        commit("n", "Merge pull request #3 from acme/outer\n\nOuter", "a", "m"),
    ]
    assert [entry.message for entry in entries(history)] == ["feat: a", "feat: b (#3)"]


def test_a_section_is_grouped_and_dated_by_utc() -> None:
    when = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=5)))
    lines = [
        Entry("docs: guide", 1),
        Entry("feat(ui)!: new\n\nwhy\n\nBREAKING CHANGE: all\nkeys", 2),
        Entry("fix: crash (#2)", 3),
        Entry("Some work (#3)", 4),
        Entry("ci: faster", 5),
        Entry("feat: old", 6),
    ]
    text = notes.section(Version(1, 2, 3), lines, when)
    assert text == (
        "## 1.2.3 (2025-12-31)\n\n"
        "### Features\n\n"
        "- **breaking:** **ui:** new\n  all keys\n- old\n\n"
        "### Fixes\n\n- crash (#2)\n\n"
        "### Documentation\n\n- guide\n\n"
        "### Other changes\n\n- Some work (#3)\n\n"
        "### Maintenance\n\n- faster\n"
    )
    assert notes.section(Version(1, 2, 3), lines, when) == text


def test_nothing_to_tell() -> None:
    assert notes.body([]) == "Nothing that users notice.\n"


def test_notes_fit_where_the_forge_puts_them() -> None:
    short = notes.shortened("- a line\n" * 20_000)
    assert len(short) < 65_000
    assert short.endswith("- a line\n\nThe rest is in the changelog.\n")
    assert notes.shortened("- a line\n") == "- a line\n"


def test_settings_of_the_user_change_nothing(team: Team) -> None:
    wanted = messages(team)
    for setting in (
        "log.showSignature=true",
        "color.ui=always",
        "core.splitIndex=true",
        "core.fsmonitor=true",
        "core.sparseCheckout=true",
        "log.decorate=full",
        "format.pretty=oneline",
        "fetch.prune=true",
        "push.followTags=true",
    ):
        name, _, value = setting.partition("=")
        git(team.clone, "config", name, value)
    assert messages(team) == wanted
    team.feature("map")
    team.draft()
    assert "- map (#1)" in team.show("release/0.1.0:CHANGELOG.md")
    assert not list((team.clone / ".git").glob("sharedindex.*"))


def test_odd_characters_stay_what_they_are() -> None:
    text = notes.body([Entry("fix: größer 日本 \x1b[31m | `{{ x }}` {% y %}", 1)])
    assert "größer 日本" in text
    assert "`{{ x }}` {% y %}" in text


def test_environment_and_config_files_of_others_change_nothing(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = notes.body([Entry("feat: a", 1)])
    monkeypatch.setenv("GITHUB_REPO", "acme/flights")
    monkeypatch.setenv("GIT_CLIFF_CONFIG", "/nonexistent")
    monkeypatch.setenv("GIT_DIR", str(team.clone / ".git"))
    (team.clone / "cliff.toml").write_text("[changelog]\nbody = 'x'\n")
    monkeypatch.chdir(team.clone)
    assert notes.body([Entry("feat: a", 1)]) == plain


def test_git_cliff_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    notes.git_cliff.cache_clear()
    with pytest.raises(BricklaneError, match="git-cliff is not installed") as told:
        notes.body([Entry("feat: a", int(datetime.now(UTC).timestamp()))])
    assert told.value.exit_code is ExitCode.TOOL
