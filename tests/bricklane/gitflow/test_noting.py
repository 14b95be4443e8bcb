"""What comes to a release or hotfix after its draft gets into the changelog."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bricklane.errors import BricklaneError
from bricklane.flow import Outcome
from bricklane.gitflow.flows import noting, publishing
from bricklane.gitflow.remote import PushRejected
from tests.bricklane.gitflow.conftest import Team, git
from tests.bricklane.gitflow.flowing import Log, outcomes, walk


def write(team: Team, *, plan: bool = False) -> Log:
    return walk(noting.NOTES, publishing.prepare_open(team.project(), None), plan=plan)


def edited(team: Team, old: str, new: str, branch: str = "release/0.1.0") -> None:
    """Let a colleague edit the changelog of a branch."""
    text = team.show(f"{branch}:CHANGELOG.md")
    assert old in text
    team.push_change(branch, "CHANGELOG.md", text.replace(old, new) + "\n", "docs: notes")


def test_a_fix_on_the_release_branch_gets_into_its_changelog(team: Team) -> None:
    team.feature("map")
    team.draft()
    assert outcomes(write(team)) == {Outcome.DONE_BEFORE}
    before = team.show("release/0.1.0:CHANGELOG.md")
    team.push_change("release/0.1.0", "late.txt", "x", "fix: legends")
    head = team.forge.branch("release/0.1.0")

    assert outcomes(write(team, plan=True)) == {Outcome.WOULD_DO}
    assert team.forge.branch("release/0.1.0") == head
    assert outcomes(write(team)) == {Outcome.DONE}

    after = team.show("release/0.1.0:CHANGELOG.md")
    assert "### Fixes\n\n- legends" in after
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    assert team.forge.git("show", "-s", "--format=%s", "release/0.1.0") == "chore(release): 0.1.0"
    assert team.forge.git("rev-parse", "release/0.1.0~1") == head.commit
    assert outcomes(write(team)) == {Outcome.DONE_BEFORE}


def test_a_hotfix_that_was_started_empty_tells_what_it_became(team: Team) -> None:
    team.feature("map")
    team.release()
    world, _ = team.hotfix()
    assert "Nothing that users notice" in team.show("hotfix/0.1.1:CHANGELOG.md")
    body = world.pull_request().body
    assert "What comes has yet to be pushed" in body
    assert "`bricklane release notes 0.1.1`" in body
    team.push_change("hotfix/0.1.1", "fix.txt", "x", "fix: sums")

    write(team)

    text = team.show("hotfix/0.1.1:CHANGELOG.md")
    assert "Nothing that users notice" not in text
    assert text.index("## 0.1.1") < text.index("- sums") < text.index("## 0.1.0")
    assert text.count("- map") == 1


def test_what_people_wrote_is_kept_and_the_day_of_the_draft(team: Team) -> None:
    team.feature("map")
    team.draft()
    day = team.show("release/0.1.0:CHANGELOG.md").partition("## 0.1.0 (")[2][:10]
    edited(team, "### Features", "Maps at last.\n\n### Features")
    team.push_change("release/0.1.0", "late.txt", "x", "fix: legends")
    project = team.project()
    later = datetime(2099, 1, 1, tzinfo=UTC)
    world = publishing.prepare_open(project, None)
    object.__setattr__(world.project, "now", lambda: later)

    walk(noting.NOTES, world)

    text = team.show("release/0.1.0:CHANGELOG.md")
    assert f"## 0.1.0 ({day})\n\nMaps at last.\n\n### Features\n\n- map (#1)" in text
    assert "- legends" in text
    assert "2099" not in text


def test_other_words_where_notes_are_new_are_left_to_people(team: Team) -> None:
    team.feature("map")
    team.draft()
    edited(team, "- map (#1)", "- A map, at last")
    team.push_change("release/0.1.0", "late.txt", "x", "feat: legends")
    head = team.forge.branch("release/0.1.0")

    with pytest.raises(BricklaneError, match=r"has other words for 0\.1\.0") as told:
        write(team)

    assert (told.value.hint or "").startswith("edit it by hand on release/0.1.0")
    assert "- legends" in (told.value.hint or "")
    assert team.forge.branch("release/0.1.0") == head


def test_a_section_that_was_deleted_is_written_anew(team: Team) -> None:
    team.feature("map")
    team.draft()
    team.push_change("release/0.1.0", "CHANGELOG.md", "# Changelog\n", "docs: oops")

    assert outcomes(write(team)) == {Outcome.DONE}
    assert "## 0.1.0 (" in team.show("release/0.1.0:CHANGELOG.md")


def test_somebody_pushes_at_the_same_moment(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    team.feature("map")
    team.draft()
    team.push_change("release/0.1.0", "late.txt", "x", "fix: legends")
    push = noting.push

    def too_late(*arguments: object, **options: object) -> None:
        pushed = team.push_change("release/0.1.0", "more.txt", "x", "fix: more")
        push(*arguments, **options)  # type: ignore[arg-type]
        raise AssertionError(pushed)

    monkeypatch.setattr(noting, "push", too_late)
    with pytest.raises(PushRejected, match=r"release/0\.1\.0 moved on the forge in the meantime"):
        write(team)
    monkeypatch.undo()


def test_where_there_is_nothing_to_write_into(team: Team) -> None:
    team.feature("map")
    drafted = team.draft().pull_request()
    team.settings = type(team.settings)(changelog="")
    with pytest.raises(BricklaneError, match="keeps no changelog"):
        write(team)
    team.settings = type(team.settings)()
    git(team.clone, "fetch", "-q")
    team.merge(drafted)
    with pytest.raises(BricklaneError, match=r"release/0\.1\.0 is merged already \(#2\)"):
        write(team)
