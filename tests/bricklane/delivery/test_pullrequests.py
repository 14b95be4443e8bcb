from __future__ import annotations

from typing import Any

import pytest

from bricklane.delivery import pullrequests
from bricklane.delivery.checks import Check
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.pullrequests import Subject
from bricklane.forge.errors import ForgeForbidden
from bricklane.gitflow.git import Git
from tests.bricklane.delivery.memory import DeliveryForge
from tests.bricklane.gitflow.conftest import git


@pytest.fixture
def opened(forge: DeliveryForge, clone: Git) -> DeliveryForge:
    git(clone.top, "push", "-q", "origin", "main:refs/heads/develop")
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "more")
    git(clone.top, "push", "-q", "origin", "main:refs/heads/release/1.0.0")
    forge.create_pull_request(head="release/1.0.0", base="main", title="t", body="")
    return forge


def test_a_pull_requests_run_says_it_itself(opened: DeliveryForge) -> None:
    run = CiRun(ref="refs/pull/1/merge", head="release/1.0.0", base="main")
    expected = Subject("release/1.0.0", "main", 1)
    assert pullrequests.subject_of(run, "", opened) == expected
    assert pullrequests.subject_of(run, "", None) == expected


def test_a_dispatched_run_finds_the_pull_request_of_its_branch(opened: DeliveryForge) -> None:
    run = CiRun(event="workflow_dispatch", ref="refs/heads/release/1.0.0")
    assert pullrequests.subject_of(run, "", opened) == Subject("release/1.0.0", "main", 1)


def test_without_a_run_the_branch_here_is_checked(opened: DeliveryForge) -> None:
    assert pullrequests.subject_of(CiRun(), "feature/x", None) == Subject("feature/x")
    assert pullrequests.subject_of(CiRun(), "feature/x", opened) == Subject("feature/x")


def test_a_fork_is_told_by_its_repository(opened: DeliveryForge) -> None:
    from dataclasses import replace

    opened.pulls[1] = replace(opened.pulls[1], head_repository="stranger/flights")
    run = CiRun(ref="refs/pull/1/merge", head="patch-1", base="develop")
    assert pullrequests.subject_of(run, "", opened).fork
    without_token = replace(run, fork=True)
    assert pullrequests.subject_of(without_token, "", None) == Subject(
        "patch-1", "develop", 1, fork=True
    )


CHECKS = [
    Check("branch", passed=True, said="fine", seconds=0.4),
    Check("unit tests", passed=False, said="x failed\nmore", hint="mend it", seconds=61),
]


def test_the_report_says_what_failed_and_what_comes_next() -> None:
    text = pullrequests.report(Subject("feature/<b>", "develop", 1), CHECKS, "https://run")
    assert "### Checks of feature/\\<b\\> into develop: failed" in text
    assert "| unit tests | ❌ **failed** | 61 s | x failed |" in text
    assert "```text\nx failed\nmore\n```\n- mend it" in text
    assert text.endswith("**Next:** mend what failed and push.\n\n[The whole log](<https://run>)")


def test_a_green_report_says_so() -> None:
    text = pullrequests.report(Subject("feature/x"), CHECKS[:1], "")
    assert text.startswith("### Checks of feature/x: passed")
    assert text.endswith("**Next:** review, and merge when it is approved.")


def test_the_comment_is_one_that_is_replaced(opened: DeliveryForge) -> None:
    subject = Subject("release/1.0.0", "main", 1)
    assert pullrequests.comment(opened, subject, "one") == "commented on #1"
    pullrequests.comment(opened, subject, "two")
    assert opened.comments == {(1, "bricklane-check"): "two"}


def test_a_token_that_may_not_write_is_no_failure(
    opened: DeliveryForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ForgeForbidden("the token lacks pull-requests: write")

    monkeypatch.setattr(opened, "comment", refuse)
    said = pullrequests.comment(opened, Subject("x", "main", 1), "text")
    assert said == "no comment on #1: the token lacks pull-requests: write"
    assert pullrequests.comment(None, Subject("x", "main", 1), "t").endswith("there is no token")
    assert pullrequests.comment(opened, Subject("x"), "t") == "no pull request to comment on"
