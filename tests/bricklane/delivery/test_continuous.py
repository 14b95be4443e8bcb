from __future__ import annotations

import json
from pathlib import Path

import pytest

from bricklane.delivery.continuous import CiRun, ci_run

PUSH = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REF": "refs/heads/release/1.0.0",
    "GITHUB_SHA": "c" * 40,
    "GITHUB_REPOSITORY": "o/r",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_RUN_ID": "7",
    "GITHUB_STEP_SUMMARY": "/tmp/summary",
    "GITHUB_ACTOR": "me",
}


def test_on_a_persons_machine_there_is_no_run() -> None:
    assert ci_run({}) is None
    assert ci_run({"GITHUB_REF": "refs/heads/main", "CI": ""}) is None


def test_a_push_says_its_branch_and_page() -> None:
    run = ci_run(PUSH)
    assert run is not None
    assert (run.branch, run.commit, run.pull_request) == ("release/1.0.0", "c" * 40, None)
    assert run.url == "https://github.com/o/r/actions/runs/7"
    assert (run.summary, run.actor, run.groups) == ("/tmp/summary", "me", True)


def test_a_pull_request_says_its_number_and_branches() -> None:
    event = {
        "GITHUB_REF": "refs/pull/12/merge",
        "GITHUB_HEAD_REF": 'feature/$(touch x)"; rm -rf',
        "GITHUB_BASE_REF": "develop",
    }
    run = ci_run(PUSH | event)
    assert run is not None
    assert (run.branch, run.pull_request) == ("", 12)
    assert (run.head, run.base) == ('feature/$(touch x)"; rm -rf', "develop")


@pytest.mark.parametrize(
    ("event", "fork"),
    [
        ({"pull_request": {"head": {"repo": {"full_name": "o/r"}}}}, False),
        ({"pull_request": {"head": {"repo": {"full_name": "stranger/r"}}}}, True),
        ({"pull_request": {"head": {"repo": None}}}, True),
        ({"ref": "refs/heads/main"}, False),
        ([], False),
    ],
)
def test_the_events_file_tells_a_fork(tmp_path: Path, event: object, fork: bool) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    run = ci_run(PUSH | {"GITHUB_EVENT_PATH": str(file)})
    assert run is not None
    assert run.fork is fork


def test_without_the_events_file_nothing_is_a_fork(tmp_path: Path) -> None:
    for path in (tmp_path / "gone", tmp_path):
        run = ci_run(PUSH | {"GITHUB_EVENT_PATH": str(path)})
        assert run is not None
        assert not run.fork


@pytest.mark.parametrize("ref", ["", "refs/tags/1.0.0", "refs/pull/x/merge", "refs/pull"])
def test_other_refs_have_neither(ref: str) -> None:
    run = CiRun(ref=ref)
    assert (run.branch, run.pull_request) == ("", None)


def test_other_systems_say_only_that_they_run() -> None:
    run = ci_run({"CI": "true"})
    assert run == CiRun()
