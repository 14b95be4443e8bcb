from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bricklane.cli.ci import command
from bricklane.delivery import checkresults
from bricklane.delivery.checks import Check
from bricklane.errors import BricklaneError


@pytest.fixture
def summary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workflow's run in a repository with a bundle, and the file that takes its summary."""
    for name in ("GITHUB_TOKEN", "DATABRICKS_HOST", "DATABRICKS_CONFIG_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "none"))
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "-q", "-b", "develop", str(folder)], check=True)
    (folder / "databricks.yml").write_text(
        "bundle: {name: shop}\ntargets: {dev: {mode: development}, prod: {mode: production}}\n"
    )
    monkeypatch.chdir(folder)
    return tmp_path / "summary.md"


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def failure(result: Result) -> BricklaneError:
    assert isinstance(result.exception, BricklaneError), result.output
    return result.exception


@pytest.mark.parametrize(
    ("words", "title"),
    [
        (("deploy", "--target", "prod"), "Nothing was deployed to prod"),
        (("draft-release", "--bump", "MINOR"), "The release was not drafted"),
        (("draft-hotfix", "--pull-request", "7"), "The hotfix was not drafted"),
        (("publish", "--pull-request", "7"), "Pull request #7 was not published"),
    ],
)
def test_what_could_not_begin_is_told_in_the_summary(
    summary: Path, words: tuple[str, ...], title: str
) -> None:
    error = failure(run(*words))
    text = summary.read_text().replace("\\", "")
    assert text.startswith(f"## ❌ {title}")
    assert error.message.splitlines()[0] in text
    assert "**Next:** mend what is said above and run this job again" in text


def test_checks_run_without_forge_and_workspace_and_say_so(summary: Path) -> None:
    result = run("check")
    assert result.exception is None, result.output
    assert "the forge is not asked" in result.output
    assert "there are no credentials to validate in a workspace" in result.output
    assert "### Checks of develop: passed" in summary.read_text()


def test_results_of_checks_that_are_not_there_or_not_ours_are_refused(summary: Path) -> None:
    folder = Path("reports")
    with pytest.raises(BricklaneError, match=r"no file reports/checks\.json"):
        checkresults.kept(folder)
    checkresults.keep(folder, [Check("x", passed=True, said="fine")])
    assert checkresults.kept(folder) == ((Check("x", passed=True, said="fine"),), None)
    (folder / "report.json").write_text('{"levels": 7}')
    with pytest.raises(BricklaneError, match=r"report\.json is no report that bricklane"):
        checkresults.kept(folder)
    (folder / "checks.json").write_text('[{"name": "x"}]')
    with pytest.raises(BricklaneError, match=r"checks\.json is none that bricklane ci check"):
        checkresults.kept(folder)


def test_notebooks_are_checked_without_being_run(summary: Path) -> None:
    Path("n.py").write_text("# Databricks notebook source\nprint(unknown)\n")
    error = failure(run("check"))
    assert error.message == "not passed: notebooks and scripts"
    assert "n.py:2: BL102" in summary.read_text().replace("\\", "")
    Path("n.py").write_text("a = 'https://dbc-1.cloud.databricks.com'\n")
    result = run("check")
    assert result.exception is None, result.output
    assert "n.py:1: BL401" in result.output


def test_every_check_that_fails_is_named(summary: Path) -> None:
    Path("bricklane.toml").write_text('checks = ["false"]\n[tests]\nunit = "false"\n')
    error = failure(run("check"))
    assert error.message == "not passed: false, unit tests"
    assert "::group::false\n" in run("check").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("draft-release", "--bump", "patch"), "'patch' is not one of 'major', 'minor'"),
        (("publish", "--pull-request", "0"), "0 is not in the range"),
        (("draft-hotfix", "--pull-request", "$(touch x)"), "is not a valid integer"),
        (("deploy",), "Missing option"),
    ],
)
def test_what_a_workflow_passes_on_is_checked(
    summary: Path, words: tuple[str, ...], said: str
) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert said in result.output
    assert not Path("x").exists()
