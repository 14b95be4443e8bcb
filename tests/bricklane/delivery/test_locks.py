from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bricklane.bundle.cli import BundleError
from bricklane.delivery import locks, records
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.records import Content
from bricklane.forge.model import DeploymentState, WorkflowRun
from tests.bricklane.delivery.memory import DeliveryForge

PAGE = "https://forge/o/r/actions/runs/"
COMMIT = "c" * 40


def begun(forge: DeliveryForge, tree: str = "t", url: str = f"{PAGE}7") -> records.Record:
    content = Content("1.0.0", tree, {}, run_url=url)
    newest = next(records.records(forge), None)
    records.begin(forge, "staging", COMMIT, "release/1.0.0", content, newest)
    return next(records.records(forge))


def ran(forge: DeliveryForge, number: int, status: str) -> None:
    now = datetime.now(UTC)
    forge.runs.append(WorkflowRun(number, "x.yml", "push", "b", COMMIT, status, "", "", now))


def test_a_lock_is_told_from_other_errors() -> None:
    said = "Error: deploy lock acquired by me at 2026-11-21. Use --force-lock"
    assert locks.is_held(BundleError(said))
    assert not locks.is_held(BundleError("Error: something else"))


def test_the_newest_record_that_goes_on_or_was_broken_off_is_found(forge: DeliveryForge) -> None:
    assert locks.interrupted([]) is None
    first = begun(forge, "a")
    content = Content("1.0.1", "b", {})
    number = records.begin(forge, "staging", COMMIT, "b", content, first)
    records.mark(forge, number, "staging", COMMIT, DeploymentState.FAILURE, "x", content)
    found = locks.interrupted(records.records(forge, "staging"))
    assert found is not None
    assert found.id == first.id
    records.mark(forge, number, "staging", COMMIT, DeploymentState.ERROR, "interrupted", content)
    found = locks.interrupted(records.records(forge, "staging"))
    assert found is not None
    assert found.id == number


@pytest.mark.parametrize(("status", "over"), [("completed", True), ("in_progress", False)])
def test_another_runs_lock_is_left_behind_when_that_run_is_over(
    forge: DeliveryForge, status: str, over: bool
) -> None:
    record = begun(forge)
    ran(forge, 7, status)
    assert locks.is_left_behind(forge, record, CiRun(url=f"{PAGE}8")) is over


def test_an_earlier_attempt_of_the_same_run_is_over(forge: DeliveryForge) -> None:
    assert locks.is_left_behind(forge, begun(forge), CiRun(url=f"{PAGE}7"))


def test_what_is_not_known_is_not_broken(forge: DeliveryForge) -> None:
    record = begun(forge)
    assert not locks.is_left_behind(forge, record, CiRun(url=f"{PAGE}8")), "run unknown"
    assert not locks.is_left_behind(forge, record, None), "on a laptop"
    assert not locks.is_left_behind(forge, None, CiRun(url=f"{PAGE}8"))
    by_hand = begun(forge, "u", url="")
    assert not locks.is_left_behind(forge, by_hand, CiRun(url=f"{PAGE}8"))
