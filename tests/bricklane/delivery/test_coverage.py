from __future__ import annotations

import pytest

from bricklane.delivery import coverage
from bricklane.forge.errors import ForgeForbidden
from bricklane.forge.model import CheckState
from bricklane.gitflow.git import Git
from bricklane.testing.reports.markdown import figure
from bricklane.testing.reports.model import Coverage, Level, Report
from tests.bricklane.delivery.memory import DeliveryForge
from tests.bricklane.gitflow.conftest import git

REPORT = Report("shop", (Level("unit", 0, 1.0),), coverage=Coverage(3, 4))


def commit(clone: Git) -> str:
    return clone.text("rev-parse", "HEAD")


def test_a_merged_pull_requests_figure_is_that_of_its_base(
    forge: DeliveryForge, clone: Git
) -> None:
    git(clone.top, "switch", "-q", "-c", "feature/x")
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "work")
    said = coverage.keep(REPORT, forge, commit(clone), "https://run")
    assert said == f"coverage of {commit(clone)[:10]}: 75.0 % of 4 lines"
    tested = commit(clone)
    git(clone.top, "switch", "-q", "main")
    git(clone.top, "merge", "-q", "--no-ff", "-m", "merge", "feature/x")
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "nobody tested this")
    git(clone.top, "push", "-q", "origin", "main")
    later = Report("shop", REPORT.levels, coverage=Coverage(1, 2))
    compared = coverage.with_base(later, forge, clone, "main")
    assert figure(compared) == f"50.0 % of 2 lines, -25.0 against main ({tested[:10]})"
    (check,) = forge.checks(tested)
    assert (check.name, check.state) == ("bricklane/coverage", CheckState.SUCCESS)


def test_without_a_figure_of_the_base_that_is_said(forge: DeliveryForge, clone: Git) -> None:
    assert figure(coverage.with_base(REPORT, forge, clone, "main")) == (
        "75.0 % of 4 lines; no figure of main yet"
    )
    assert figure(coverage.with_base(REPORT, None, clone, "main")) == (
        "75.0 % of 4 lines; no figure of main: the forge is not asked"
    )
    assert figure(coverage.with_base(REPORT, forge, clone, "gone")) == (
        "75.0 % of 4 lines; no figure of gone: the forge has no such branch"
    )
    assert coverage.with_base(REPORT, forge, clone, "") is REPORT


def test_a_token_that_may_not_write_is_no_failure(
    forge: DeliveryForge, clone: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ForgeForbidden("statuses: write is missing")

    monkeypatch.setattr(forge, "set_check", refuse)
    said = coverage.keep(REPORT, forge, commit(clone), "")
    assert said == "the coverage is not kept: statuses: write is missing"
    assert coverage.keep(REPORT, None, commit(clone), "") == ""
    assert coverage.keep(Report("shop", ()), forge, commit(clone), "") == ""
