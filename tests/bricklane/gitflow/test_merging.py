from __future__ import annotations

import pytest

from bricklane.gitflow.merging import conflicts_left, merged_commit, read_text
from tests.bricklane.gitflow.conftest import Team

PROJECT = '[project]\nname = "flights"\nversion = "{}"\ndescription = "{}"\n'


def commit(team: Team, branch: str, files: dict[str, str], start: str) -> str:
    sha = ""
    for name, text in files.items():
        sha = team.push_change(branch, name, text, f"{branch}: {name}", start=start)
    return sha


def sides(
    team: Team, base: dict[str, str], ours: dict[str, str], theirs: dict[str, str]
) -> tuple[str, str]:
    commit(team, "base", base, "main")
    made = commit(team, "ours", ours, "base"), commit(team, "theirs", theirs, "base")
    team.project().git.run("fetch", "-q")
    return made


def test_versions_and_changelog_are_settled(team: Team) -> None:
    project = team.project()
    log = "# Changelog\n\n{}## 1.0.0\n\n- first\n"
    ours, theirs = sides(
        team,
        {"pyproject.toml": PROJECT.format("1.0.0", "x"), "CHANGELOG.md": log.format("")},
        {
            "pyproject.toml": PROJECT.format("1.1.0", "x"),
            "CHANGELOG.md": log.format("## 1.1.0\n\n- more\n\n"),
        },
        {
            "pyproject.toml": PROJECT.format("1.0.1", "y"),
            "CHANGELOG.md": log.format("## 1.0.1\n\n- mended\n\n").replace("first", "The first"),
        },
    )
    assert conflicts_left(project, ours, theirs) == ("CHANGELOG.md", "pyproject.toml")
    merge = merged_commit(project, ours, theirs, "Merge\n")
    assert project.git.parents(merge) == [ours, theirs]
    assert read_text(project.git, merge, "pyproject.toml") == PROJECT.format("1.1.0", "y")
    assert read_text(project.git, merge, "CHANGELOG.md") == (
        "# Changelog\n\n## 1.1.0\n\n- more\n\n## 1.0.1\n\n- mended\n\n## 1.0.0\n\n- The first\n"
    )
    assert conflicts_left(project, ours, merge) == ()


@pytest.mark.parametrize(
    ("name", "base", "ours", "theirs"),
    [
        ("code.py", "a\n", "b\n", "c\n"),
        ("pyproject.toml", PROJECT.format("1.0.0", "x"), PROJECT.format("1.1.0", "y"),
         PROJECT.format("1.0.1", "z")),
        ("CHANGELOG.md", "## 1.0.0\n\n- a\n", "## 1.0.0\n\n- b\n", "## 1.0.0\n\n- c\n"),
    ],
)  # fmt: skip
def test_what_needs_a_person_is_left_to_one(
    team: Team, name: str, base: str, ours: str, theirs: str
) -> None:
    project = team.project()
    one, other = sides(team, {name: base}, {name: ours}, {name: theirs})
    assert merged_commit(project, one, other, "Merge\n") == other
    assert conflicts_left(project, one, other) == (name,)


def test_a_merge_without_conflict_is_what_is_brought(team: Team) -> None:
    project = team.project()
    one, other = sides(team, {"a": "a\n"}, {"b": "b\n"}, {"c": "c\n"})
    assert merged_commit(project, one, other, "Merge\n") == other
