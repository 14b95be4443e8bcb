from __future__ import annotations

from dataclasses import replace

import pytest

from bricklane.delivery import records
from bricklane.delivery.records import Content
from bricklane.forge.errors import ForgeError
from bricklane.forge.model import CheckState, DeploymentState
from tests.bricklane.delivery.memory import DeliveryForge

COMMIT = "c" * 40
CONTENT = Content(
    "1.2.0", "t" * 40, {"a.whl": "1" * 64}, tests=("integration",), run_url="https://run"
)


def begun(forge: DeliveryForge, content: Content = CONTENT, commit: str = COMMIT) -> int:
    newest = next(records.records(forge, "staging"), None)
    return records.begin(forge, "staging", commit, "release/1.2.0", content, newest)


def finished(
    forge: DeliveryForge, state: DeploymentState, said: str = "said", content: Content = CONTENT
) -> int:
    number = begun(forge, content)
    records.mark(forge, number, "staging", COMMIT, state, said, content)
    return number


def test_a_record_is_read_back_as_it_was_written(forge: DeliveryForge) -> None:
    begun(forge)
    (record,) = records.records(forge, "staging")
    assert record.content == CONTENT
    assert (record.branch, record.commit, record.creator) == ("release/1.2.0", COMMIT, "developer")
    assert (record.state, record.log_url) == (DeploymentState.IN_PROGRESS, "https://run")
    assert record.unfinished
    assert record.tests == "running"


def test_the_commit_says_the_same(forge: DeliveryForge) -> None:
    finished(forge, DeploymentState.SUCCESS, "tests passed: integration")
    (check,) = forge.checks(COMMIT)
    assert (check.name, check.state) == ("bricklane/staging", CheckState.SUCCESS)
    assert (check.description, check.url) == ("tests passed: integration", "https://run")


def test_the_commit_is_told_first_so_that_what_is_over_is_whole(forge: DeliveryForge) -> None:
    number = begun(forge)
    forge.down = True
    with pytest.raises(ForgeError):
        records.mark(forge, number, "staging", COMMIT, DeploymentState.SUCCESS, "done", CONTENT)
    assert forge.checks(COMMIT)[0].state is CheckState.SUCCESS
    assert next(records.records(forge)).unfinished


@pytest.mark.parametrize(
    ("state", "check", "good"),
    [
        (DeploymentState.IN_PROGRESS, CheckState.PENDING, False),
        (DeploymentState.SUCCESS, CheckState.SUCCESS, True),
        (DeploymentState.FAILURE, CheckState.FAILURE, False),
        (DeploymentState.ERROR, CheckState.FAILURE, False),
    ],
)
def test_each_state_has_its_check(
    forge: DeliveryForge, state: DeploymentState, check: CheckState, good: bool
) -> None:
    finished(forge, state)
    assert forge.checks(COMMIT)[0].state is check
    assert next(records.records(forge)).good is good


def test_one_that_was_followed_by_another_was_good(forge: DeliveryForge) -> None:
    finished(forge, DeploymentState.SUCCESS)
    finished(forge, DeploymentState.SUCCESS, content=replace(CONTENT, tree="u" * 40))
    newest, older = records.records(forge)
    assert older.state is DeploymentState.INACTIVE
    assert older.good
    assert older.tests == "passed (integration)"
    assert newest.tests == "passed (integration)"


def test_a_record_that_a_killed_run_left_is_taken_up_again(forge: DeliveryForge) -> None:
    first = begun(forge)
    assert begun(forge, replace(CONTENT, run_url="https://other")) == first
    assert len(forge.rows) == 1


def test_a_run_deploys_for_somebody(forge: DeliveryForge) -> None:
    begun(forge)
    assert next(records.records(forge)).by == "developer"
    begun(forge, replace(CONTENT, tree="u", actor="dana"))
    assert next(records.records(forge)).by == "dana"


@pytest.mark.parametrize("change", [{"tree": "x"}, {"wheels": {}}, {"tests": ()}])
def test_other_content_is_another_record(forge: DeliveryForge, change: dict[str, object]) -> None:
    first = begun(forge)
    assert begun(forge, replace(CONTENT, **change)) != first  # type: ignore[arg-type]


def test_the_same_deployed_once_more_is_the_same_record(forge: DeliveryForge) -> None:
    first = finished(forge, DeploymentState.SUCCESS)
    assert begun(forge) == first
    assert next(records.records(forge)).unfinished


def test_one_that_failed_stays_and_another_is_begun(forge: DeliveryForge) -> None:
    first = finished(forge, DeploymentState.FAILURE)
    assert begun(forge) != first


def test_going_back_is_another_record(forge: DeliveryForge) -> None:
    first = finished(forge, DeploymentState.SUCCESS)
    finished(forge, DeploymentState.SUCCESS, content=replace(CONTENT, tree="u" * 40))
    assert begun(forge) not in {first, first + 1}


def test_a_description_is_one_line_and_not_too_long(forge: DeliveryForge) -> None:
    finished(forge, DeploymentState.FAILURE, "first\nsecond " + "x" * 300)
    description = forge.checks(COMMIT)[0].description
    assert description.startswith("first second xxx")
    assert len(description) == records.DESCRIPTION_LIMIT


def test_deployments_of_others_are_no_records(forge: DeliveryForge) -> None:
    forge.create_deployment(
        environment="staging", commit=COMMIT, ref="main", task="deploy", payload={}
    )
    assert list(records.records(forge, "staging")) == []


def test_a_payload_of_another_shape_is_read_as_far_as_it_goes(forge: DeliveryForge) -> None:
    payload = {"version": 3, "wheels": "none", "tests": None}
    forge.create_deployment(
        environment="staging", commit=COMMIT, ref="main", task="bricklane", payload=payload
    )
    (record,) = records.records(forge, "staging")
    assert record.content == Content("3", "", {})
    assert record.tests == "none"
