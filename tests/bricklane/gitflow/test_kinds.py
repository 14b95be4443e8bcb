from __future__ import annotations

import re
from pathlib import Path

import pytest

import bricklane
from bricklane.errors import BricklaneError
from bricklane.gitflow.kinds import DEVELOP, MAIN, PRESETS, Bump, kinds_of
from bricklane.project.settings import GitFlowSettings

SOURCES = Path(bricklane.__file__).parent
SHORT = sorted({kind.name for rows in PRESETS.values() for kind in rows})


def test_nothing_but_the_table_compares_with_the_name_of_a_kind() -> None:
    words = "|".join(map(re.escape, SHORT))
    constants = "|".join(name.upper().replace("-", "_") for name in SHORT)
    named = rf"(?:['\"](?:{words})/?['\"]|\b(?:{constants})\b)"
    compares = re.compile(
        rf"(?:[!=]=|\bin\b)\s*[({{\[]?\s*{named}|{named}\s*[!=]=|\bcase\s+{named}"
    )
    guilty = [
        f"{file.relative_to(SOURCES)}:{number}: {line.strip()}"
        for file in sorted(SOURCES.rglob("*.py"))
        if file != SOURCES / "gitflow" / "kinds.py"
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if compares.search(re.sub(r"\bfor \w+ in\b", "", line))
    ]
    assert guilty == []


@pytest.mark.parametrize("preset", PRESETS)
def test_rows_name_rows_that_exist(preset: str) -> None:
    kinds = kinds_of(GitFlowSettings(preset=preset))
    for kind in kinds.rows:
        for name in (kind.starts_from, kind.merges_into, kind.counts_from, *kind.back_merge):
            assert not name or kinds.named(name)
        assert bool(kind.branch) != bool(kind.prefix)
        assert bool(kind.bumps) == kind.tag


@pytest.mark.parametrize(
    ("branch", "name", "target"),
    [
        ("main", "main", "prod"),
        ("develop", "develop", "dev"),
        ("feature/a/b", "feature", "dev"),
        ("release/1.0.0", "release", "staging"),
        ("hotfix/1.0.1", "hotfix", "staging"),
        ("back-merge/1.0.1-into-1.1.0", "back-merge", ""),
    ],
)
def test_branches_have_kinds(branch: str, name: str, target: str) -> None:
    kind = kinds_of(GitFlowSettings()).of_branch(branch)
    assert kind is not None
    assert (kind.name, kind.target) == (name, target)


@pytest.mark.parametrize("branch", ["topic", "release/", "mainline", None])
def test_other_branches_have_none(branch: str | None) -> None:
    assert kinds_of(GitFlowSettings()).of_branch(branch) is None


def test_names_are_the_projects() -> None:
    kinds = kinds_of(
        GitFlowSettings(main="production", develop="next", prefixes={"hotfix": "fix-"})
    )
    assert (kinds.branch(MAIN), kinds.branch(DEVELOP)) == ("production", "next")
    assert kinds.of_branch("fix-1.0.1").bumps == (Bump.PATCH,)  # type: ignore[union-attr]


def test_production_of_trunk_is_main_alone() -> None:
    kinds = kinds_of(GitFlowSettings(preset="trunk"))
    assert [kind.name for kind in kinds.rows if kind.deploys_to("prod")] == ["main"]
    assert [kind.name for kind in kinds.rows if kind.deploys_to("dev")] == ["main", "feature"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (GitFlowSettings(preset="gitlab"), "preset 'gitlab' is unknown; presets: gitflow, trunk"),
        (GitFlowSettings(prefixes={"relase": "r/"}), "unknown kinds of branches: relase"),
        (GitFlowSettings(prefixes={"main": "m/"}), "unknown kinds of branches: main"),
        (GitFlowSettings(main="develop"), "main (develop) and develop (develop) cannot be told"),
        (GitFlowSettings(prefixes={"hotfix": "release/hot/"}), "cannot be told apart"),
        (GitFlowSettings(prefixes={"hotfix": "release/"}), "cannot be told apart"),
        (GitFlowSettings(develop="feature/next"), "cannot be told apart"),
        (GitFlowSettings(prefixes={"hotfix": ""}), "the name of hotfix is empty"),
    ],
)
def test_names_that_cannot_work(settings: GitFlowSettings, message: str) -> None:
    with pytest.raises(BricklaneError, match=re.escape(message)):
        kinds_of(settings)


def test_no_such_kind() -> None:
    with pytest.raises(BricklaneError, match="no kind of branch called 'topic'; there are: main"):
        kinds_of(GitFlowSettings()).named("topic")
