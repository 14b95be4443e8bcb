from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bricklane.delivery import checks, pullrequests
from bricklane.delivery.log import GroupedLog
from bricklane.delivery.pullrequests import Subject
from bricklane.errors import BricklaneError
from bricklane.gitflow.git import Git
from bricklane.gitflow.kinds import kinds_of
from bricklane.project.bundlefile import read_bundle
from bricklane.project.settings import GitFlowSettings, Settings
from bricklane.testing.reports.model import Report
from tests.bricklane.gitflow.conftest import git

KINDS = kinds_of(GitFlowSettings())


@pytest.mark.parametrize(
    ("head", "base"),
    [
        ("feature/x", "develop"),
        ("release/1.0.0", "main"),
        ("hotfix/1.0.1", "main"),
        ("back-merge/1.0.0", "develop"),
        ("back-merge/1.0.1-into-1.1.0", "release/1.1.0"),
        ("dependabot/pip/x", "develop"),
    ],
)
def test_the_ways_of_the_flow_pass(head: str, base: str) -> None:
    assert checks.check_direction(KINDS, head, base) == f"{head} into {base}"


@pytest.mark.parametrize(
    ("head", "base", "message"),
    [
        ("feature/x", "main", "feature/x goes into develop, and this pull request goes into main"),
        ("release/1.0.0", "develop", "release/1.0.0 goes into main, and this pull request goes"),
        ("feature/x", "release/1.0.0", "feature/x goes into develop"),
        ("back-merge/1.0.0", "main", "back-merge/1.0.0 goes into develop or release/*"),
        ("develop", "main", "develop goes into nowhere"),
        ("dependabot/pip/x", "main", "dependabot/pip/x goes into develop"),
    ],
)
def test_other_ways_are_refused(head: str, base: str, message: str) -> None:
    with pytest.raises(BricklaneError) as caught:
        checks.check_direction(KINDS, head, base)
    assert caught.value.message.startswith(message)
    assert caught.value.hint == "change the base of the pull request"


@pytest.mark.parametrize(
    ("base", "names"),
    [("develop", "feature/*"), ("main", "release/* or hotfix/*"), ("other", "feature/*")],
)
def test_a_name_of_no_kind_is_told_the_names_there_are(base: str, names: str) -> None:
    with pytest.raises(BricklaneError) as caught:
        checks.check_direction(KINDS, "my-work", base)
    assert caught.value.message == f"branch my-work is of no kind that goes into {base}"
    assert caught.value.hint == f"name it {names}"


def test_a_fork_may_name_its_branches_as_it_likes_but_not_choose_the_base() -> None:
    assert checks.check_direction(KINDS, "main", "develop", fork=True)
    with pytest.raises(BricklaneError, match="goes into develop"):
        checks.check_direction(KINDS, "release/9.0.0", "main", fork=True)


def settings(root: Path, **values: object) -> Settings:
    return Settings(root=root, bundle="shop", **values)  # type: ignore[arg-type]


def test_all_commands_run_even_when_one_fails(tmp_path: Path) -> None:
    python = sys.executable
    found = list(
        checks.run_commands(
            settings(tmp_path, checks=("false", "true"), tests={"unit": f"{python} -c pass"}),
            print,
            GroupedLog(print),
        )
    )
    assert [(check.name, check.passed) for check in found] == [
        ("false", False),
        ("true", True),
        ("unit tests", True),
    ]
    assert "ended with exit code 1" in found[0].said


def test_what_a_failed_command_said_is_told_from_both_streams(tmp_path: Path) -> None:
    (tmp_path / "check.sh").write_text(
        "echo Building sales >&2; for n in $(seq 30); do echo bad line $n; done; exit 3\n"
    )
    shown: list[str] = []
    (found,) = checks.run_commands(
        settings(tmp_path, checks=("sh check.sh",)), shown.append, GroupedLog(print)
    )
    assert found.said.splitlines()[0] == "`sh check.sh` ended with exit code 3:"
    # Two pipes: which of two last lines comes first is chance.
    assert "bad line 30" in found.said.splitlines()[-2:]
    assert len(found.said.splitlines()) == 1 + checks.SHOWN_LINES
    assert len(shown) == 31


def test_without_credentials_the_files_are_checked_and_that_is_said(tmp_path: Path) -> None:
    file = tmp_path / "databricks.yml"
    file.write_text("bundle: {name: shop}\ntargets: {dev: {default: true}}\n")
    said = checks.check_bundle(
        settings(tmp_path), read_bundle(file), KINDS, "feature/x",
        {"DATABRICKS_CONFIG_FILE": "/nowhere"},
    )  # fmt: skip
    assert said == "1 files are sound; there are no credentials to validate in a workspace"


def test_the_policy_is_checked_for_the_target_and_for_production(tmp_path: Path) -> None:
    file = tmp_path / "databricks.yml"
    file.write_text(
        "bundle: {name: shop}\n"
        "targets: {dev: {mode: development, default: true}, prod: {mode: production}}\n"
        "resources: {jobs: {sales: {name: sales, tasks: [{task_key: load}]}}}\n"
    )
    bundle = read_bundle(file)
    off = dict.fromkeys(("run-as", "permissions", "alerts", "timeout"), "off")
    with pytest.raises(BricklaneError) as caught:
        checks.check_policy(settings(tmp_path, policy=off), bundle, KINDS, "feature/x")
    assert caught.value.message.splitlines() == [
        "the bundle breaks the policy of target prod:",
        "databricks.yml:3: jobs.sales: it has no tags: its cost belongs to nobody [tags]",
    ]
    assert '[targets.prod.policy] tags = "off"' in str(caught.value.hint)
    said = checks.check_policy(
        settings(tmp_path, policy={**off, "tags": "warning"}), bundle, KINDS, "feature/x"
    )
    assert said.splitlines() == [
        "the files keep to it for dev, prod",
        "databricks.yml:3: jobs.sales: it has no tags: its cost belongs to nobody [tags]",
    ]


def test_unit_tests_are_reported_and_their_failures_named(tmp_path: Path) -> None:
    (tmp_path / "tests/unit").mkdir(parents=True)
    (tmp_path / "tests/unit/test_x.py").write_text("def test_x():\n    assert 1 == 2\n")
    (tmp_path / "src").mkdir()
    given = settings(tmp_path, tests={"unit": f"{sys.executable} -m pytest -W ignore tests/unit"})
    reports: list[Report] = []
    (found,) = checks.run_commands(given, print, GroupedLog(print), reports.append)
    assert not found.passed
    assert found.said.startswith("the unit tests failed: ")
    ((_, test),) = reports[0].red()
    assert test.failures[0].place == "tests/unit/test_x.py:2"
    text = pullrequests.report(Subject("feature/x"), [found], "", reports[0])
    assert text.index("### Checks") < text.index("## 1 failed") < text.index("Coverage")
    assert "at `tests/unit/test_x.py:2`" in text


def test_the_forges_token_stays_with_bricklane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "t0ken")
    (tmp_path / "show.py").write_text("import os; print('token:', os.environ.get('GITHUB_TOKEN'))")
    command = f"{sys.executable} show.py"
    shown: list[str] = []
    given = settings(tmp_path, checks=(command,), tests={"unit": command})
    list(checks.run_commands(given, shown.append, GroupedLog(print)))
    assert shown == ["token: None", "token: None"]


def test_the_files_of_main_are_not_checked_again(clone: Git) -> None:
    settings = Settings(root=clone.top, bundle="shop")
    main = clone.commit("HEAD") or ""
    git(clone.top, "switch", "-q", "-c", "back-merge/1.0.0")
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "merged back")
    found = checks.of_main(clone, settings)
    assert found is not None
    assert (found.passed, found.said) == (
        True,
        f"not run again: all files are those of main, commit {main[:10]}",
    )

    (clone.top / "file.txt").write_text("something that only develop has\n")
    git(clone.top, "commit", "-q", "-a", "-m", "new")
    assert checks.of_main(clone, settings) is None


def test_without_main_everything_is_checked(clone: Git) -> None:
    elsewhere = GitFlowSettings(main="production")
    settings = Settings(root=clone.top, bundle="shop", gitflow=elsewhere)
    assert checks.of_main(clone, settings) is None
