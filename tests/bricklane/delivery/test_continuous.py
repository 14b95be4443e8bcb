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


@pytest.mark.parametrize("ref", ["", "refs/tags/1.0.0", "refs/pull/x/merge", "refs/pull"])
def test_other_refs_have_neither(ref: str) -> None:
    run = CiRun(ref=ref)
    assert (run.branch, run.pull_request) == ("", None)


def test_other_systems_say_only_that_they_run() -> None:
    run = ci_run({"CI": "true"})
    assert run == CiRun()
