from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bricklane.bundle.results import Change, Plan, Resource, Summary
from bricklane.delivery import summaries
from bricklane.delivery.records import Content, Record
from bricklane.delivery.testing import TestsFailedError
from bricklane.errors import BricklaneError
from bricklane.flow import Outcome
from bricklane.forge.model import DeploymentState
from bricklane.testing.reports.model import Level
from tests.bricklane.delivery.conftest import Make

PLAN = Plan((Change("jobs", "sales", "create"), Change("jobs", "old", "skip")))
PAGE = Resource("jobs", "sales", "7", "sales | <all>", "https://w.example/jobs/7")
SUMMARY = Summary("https://w.example", "me@example.com", "/Workspace/x", (PAGE,))


def test_a_deployment_that_went_well(make: Make) -> None:
    world = make(
        plan=PLAN,
        summary=SUMMARY,
        wheels={"shop-1.0.0.whl": "ab" * 32},
        built=True,
        tests=[Level("e2e", 0, 12.4)],
    )
    text = summaries.of_deployment(world)
    assert text.startswith("## ✅ shop 1.0.0 is on staging\n")
    assert f"| commit | `{world.commit[:10]}` of `release/1.0.0` |" in text
    assert "| workspace | https://w.example as me\\@example.com |" in text
    assert "| plan | 1 to create, 1 unchanged |" in text
    assert "| wheel | `shop-1.0.0.whl` built, SHA-256 `abababababababab`… |" in text
    assert "| e2e tests | passed in 12 s |" in text
    assert "| create | `jobs.sales` |" in text
    assert "| jobs | [sales \\| \\<all\\>](<https://w.example/jobs/7>) |" in text
    assert "**Next:** approve and merge the pull request of `release/1.0.0`" in text


def test_tests_that_failed_and_what_to_do(make: Make) -> None:
    world = make(tests=[Level("e2e", 1, 3)], deployed=True)
    error = TestsFailedError("the e2e tests failed: x", hint="their output stands above")
    text = summaries.of_deployment(world, error)
    assert text.startswith("## ❌ shop 1.0.0 is on staging, and its tests failed")
    assert "| e2e tests | **failed** in 3 s |" in text
    assert "```text\nthe e2e tests failed: x\n```\n\n- their output stands above" in text
    assert "fix `release/1.0.0` and push" in text


def test_other_failures_say_how_far_it_got(make: Make) -> None:
    error = BricklaneError("no\nway")
    early = summaries.of_deployment(make(), error)
    assert "did not get to staging" in early
    assert "run this job again; what is done already stays done" in early
    late = summaries.of_deployment(make(deployed=True), error)
    assert "is on staging, and what follows failed" in late


def test_each_target_has_its_next_move(make: Make) -> None:
    assert "*draft-new-release*" in summaries.of_deployment(make("dev", "develop"))
    record = Record(
        1, "staging", "c", "release/1.0.0", Content("1.0.0", "t", {}, ("e2e",)), "dev",
        datetime.now(UTC), datetime.now(UTC), DeploymentState.SUCCESS, "", "https://run",
    )  # fmt: skip
    text = summaries.of_deployment(make("prod", "main", tested=record))
    assert "nothing to do: 1.0.0 is in production" in text
    assert "[staging, passed \\(e2e\\)](<https://run>)" in text


def test_long_lists_are_cut(make: Make) -> None:
    changes = tuple(Change("jobs", f"job{number}", "create") for number in range(40))
    text = summaries.of_deployment(make(plan=replace(PLAN, changes=changes)))
    assert "jobs.job29" in text
    assert "jobs.job30" not in text
    assert "and 10 more" in text


def test_a_flow_that_failed_lists_its_steps() -> None:
    steps = [("tag the merge", "1.0.0", Outcome.DONE), ("publish", "", Outcome.DOING)]
    text = summaries.of_failure("Nothing | here", steps, BricklaneError("why", hint="mend it"))
    assert text.startswith("## ❌ Nothing \\| here\n\n```text\nwhy\n```\n\n- mend it")
    assert "| tag the merge | 1.0.0 | done |" in text
    assert "| publish |  | **failed** |" in text
