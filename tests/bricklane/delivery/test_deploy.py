from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bricklane.bundle.cli import BundleError
from bricklane.bundle.results import Plan
from bricklane.delivery import deploy, records
from bricklane.delivery.continuous import CiRun
from bricklane.delivery.deploy import run_deployment, steps_of
from bricklane.delivery.testing import TestsFailedError
from bricklane.delivery.world import Deployment, Options
from bricklane.errors import BricklaneError
from bricklane.flow import Outcome, Step
from bricklane.forge.errors import ForgeError
from bricklane.forge.model import DeploymentState
from bricklane.project.settings import TargetSettings
from tests.bricklane.delivery.conftest import Make
from tests.bricklane.delivery.memory import DeliveryForge


def names(world: Deployment) -> list[str]:
    return [step.name for step in steps_of(world)]


def test_a_release_is_checked_out_built_recorded_tested_and_kept(make: Make) -> None:
    assert names(make()) == [
        "check the branch",
        "check out",
        "provide the wheels",
        "validate and plan",
        "record the beginning",
        "deploy",
        "test",
        "keep the wheels",
        "record the outcome",
    ]


def test_production_asks_first_what_was_tested_and_keeps_nothing(make: Make) -> None:
    assert names(make("prod", "main")) == [
        "check the branch",
        "check what was tested",
        "check out",
        "provide the wheels",
        "validate and plan",
        "record the beginning",
        "deploy",
        "record the outcome",
    ]


def test_a_copy_of_ones_own_is_short(make: Make) -> None:
    assert names(make("dev", "feature/x", forge=None)) == [
        "check the branch",
        "provide the wheels",
        "validate and plan",
        "deploy",
    ]


def test_what_a_merge_says_is_not_asked_of_the_branch(make: Make) -> None:
    assert names(make("prod", "main", merged=True))[0] == "check what was tested"


def test_production_without_a_forge_needs_a_word(make: Make) -> None:
    world = make("prod", "main", forge=None)
    (gate,) = (step for step in steps_of(world) if step.name == "check what was tested")
    with pytest.raises(BricklaneError, match="prod gets only what was tested") as caught:
        gate.do(world)
    assert "--untested" in (caught.value.hint or "")
    gate.do(replace(world, options=Options(untested=True)))


def failing(error: BaseException) -> Callable[[Deployment], None]:
    def do(world: Deployment) -> None:
        raise error

    return do


def played(
    make: Make, monkeypatch: pytest.MonkeyPatch, error: BaseException, *, deployed: bool = False
) -> Deployment:
    """Run a deployment whose CLI is left out, and whose deploying step raises ``error``."""
    world = make(ci=CiRun(url="https://forge/o/r/actions/runs/1"), deployed=deployed)
    plan = Step("validate and plan", lambda _: True, lambda _: None)
    fail = Step("deploy", lambda _: False, failing(error))
    rows = ((plan, lambda _: True), (deploy.BEGIN_RECORD, lambda _: True), (fail, lambda _: True))
    monkeypatch.setattr(deploy, "PLAN", plan)
    monkeypatch.setattr(deploy, "DEPLOYMENT", rows)
    with pytest.raises(type(error)):
        run_deployment(world, lambda *_: None)
    return world


@pytest.mark.parametrize(
    ("error", "deployed", "state", "said"),
    [
        (BundleError("`x` failed:\nError: no catalog\n  at y"), False, "failure",
         "not deployed: no catalog"),
        (TestsFailedError("the e2e tests failed: x"), True, "failure", "the e2e tests failed: x"),
        (ForgeError("the forge is full"), True, "failure",
         "deployed, but then: the forge is full"),
        (KeyboardInterrupt(), False, "error", "interrupted"),
    ],
)  # fmt: skip
def test_what_went_wrong_is_recorded(
    make: Make,
    forge: DeliveryForge,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    deployed: bool,
    state: str,
    said: str,
) -> None:
    played(make, monkeypatch, error, deployed=deployed)
    (record,) = records.records(forge)
    assert (str(record.state), record.description) == (state, said)
    assert record.log_url == "https://forge/o/r/actions/runs/1"


HELD = BundleError("`x` failed:\nError: deploy lock acquired by somebody at noon")


def test_the_record_of_a_deployment_that_holds_the_lock_stays_its_own(
    make: Make, forge: DeliveryForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make()
    content = replace(world.content, run_url="https://forge/o/r/actions/runs/9")
    records.begin(forge, "staging", world.commit, world.branch, content, None)
    played(make, monkeypatch, HELD)
    (record,) = records.records(forge)
    assert record.unfinished
    assert record.log_url == "https://forge/o/r/actions/runs/9"


def test_a_failure_that_cannot_be_recorded_does_not_hide_the_failure(
    make: Make, forge: DeliveryForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []

    def fail(world: Deployment) -> None:
        forge.down = True
        raise BundleError("Error: first")

    world = make(say=lines.append)
    plan = Step("validate and plan", lambda _: True, lambda _: None)
    rows = (
        (plan, lambda _: True),
        (deploy.BEGIN_RECORD, lambda _: True),
        (Step("deploy", lambda _: False, fail), lambda _: True),
    )
    monkeypatch.setattr(deploy, "PLAN", plan)
    monkeypatch.setattr(deploy, "DEPLOYMENT", rows)
    with pytest.raises(BundleError, match="first"):
        run_deployment(world, lambda *_: None)
    assert lines == ["the failure could not be recorded: the forge is down"]


def test_a_plan_stops_before_anything_is_changed(
    make: Make, forge: DeliveryForge, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, Outcome]] = []
    plan = Step("validate and plan", lambda _: False, lambda _: None)
    rows = tuple((plan if step is deploy.PLAN else step, when) for step, when in deploy.DEPLOYMENT)
    monkeypatch.setattr(deploy, "PLAN", plan)
    monkeypatch.setattr(deploy, "DEPLOYMENT", rows[-6:])
    run_deployment(make(), lambda name, _, outcome: told.append((name, outcome)), plan=True)
    assert told == [
        ("validate and plan", Outcome.DOING),
        ("validate and plan", Outcome.DONE),
        ("record the beginning", Outcome.WOULD_DO),
        ("deploy", Outcome.WOULD_DO),
        ("test", Outcome.WOULD_DO),
        ("keep the wheels", Outcome.WOULD_DO),
        ("record the outcome", Outcome.WOULD_DO),
    ]
    assert forge.rows == []


def test_states_of_records_are_known_to_checks() -> None:
    marked = {DeploymentState.IN_PROGRESS, *(s for s in records.GOOD if s.value == "success")}
    assert marked <= set(records.CHECK_STATES)
    assert Plan(()).applicable


def with_dev(world: Deployment, dev: TargetSettings) -> Deployment:
    targets = {**world.settings.targets, "dev": dev, "staging": dev}
    return replace(world, settings=replace(world.settings, targets=targets))


def test_what_is_merged_back_is_not_tested_twice(make: Make, forge: DeliveryForge) -> None:
    counting = TargetSettings(tests=("e2e",), tested_in=("staging",))
    release = with_dev(make(), counting)
    number = records.begin(forge, "staging", "c" * 40, "release/1.0.0", release.content, None)
    said: list[str] = []
    world = with_dev(make("dev", "develop", say=said.append), counting)
    look = next(step for step in steps_of(world) if step.name == "look where it was tested")
    test = next(step for step in steps_of(world) if step.name == "test")

    look.do(world)
    assert (test.done(world), world.content.tests, said) == (False, ("e2e",), [])

    records.mark(
        forge, number, "staging", "c" * 40, DeploymentState.SUCCESS, "green", release.content
    )
    look.do(world)
    assert test.done(world)
    assert (world.content.tests, dict(world.content.passed_in)) == ((), {"e2e": "staging"})
    (line,) = said
    assert line == (
        "e2e tests do not run again: staging passed them with the same files "
        f"({release.version}, commit cccccccccc)"
    )


def test_a_release_is_tested_whatever_passed_elsewhere(make: Make) -> None:
    counting = TargetSettings(tests=("e2e",), tested_in=("dev",))
    assert "look where it was tested" not in names(with_dev(make(), counting))
