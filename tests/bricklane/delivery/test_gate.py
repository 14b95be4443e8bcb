from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bricklane.delivery import records
from bricklane.delivery.gate import check_tested, gate_environment, passed_elsewhere
from bricklane.delivery.records import Content
from bricklane.errors import BricklaneError
from bricklane.forge.model import DeploymentState
from bricklane.project.settings import Settings, TargetSettings
from tests.bricklane.delivery.memory import DeliveryForge

SETTINGS = Settings(root=Path(), bundle="shop", targets={"staging": TargetSettings()})
TREE, OTHER = "a" * 40, "b" * 40
WANTED = "f" * 40


def staged(
    forge: DeliveryForge,
    tree: str = TREE,
    state: DeploymentState | None = DeploymentState.SUCCESS,
    version: str = "1.2.0",
    environment: str = "staging",
) -> str:
    content = Content(version, tree, {}, tests=("e2e",), run_url="https://run")
    commit = tree[::-1]
    number = records.begin(forge, environment, commit, f"release/{version}", content, None)
    if state is not None:
        records.mark(forge, number, environment, commit, state, f"tests: {state}", content)
    return commit


def refused(forge: DeliveryForge) -> BricklaneError:
    with pytest.raises(BricklaneError) as caught:
        check_tested(forge, SETTINGS, WANTED, TREE)
    return caught.value


def test_a_tree_that_was_tested_green_passes(forge: DeliveryForge) -> None:
    staged(forge)
    assert check_tested(forge, SETTINGS, WANTED, TREE).content.version == "1.2.0"


def test_it_still_passes_when_staging_has_another_one_now(forge: DeliveryForge) -> None:
    staged(forge)
    staged(forge, OTHER, version="1.1.1")
    assert check_tested(forge, SETTINGS, WANTED, TREE).content.version == "1.2.0"


def test_without_any_deployment_it_is_refused(forge: DeliveryForge) -> None:
    staged(forge, environment="dev")
    error = refused(forge)
    assert error.message == (
        "staging has not tested what commit ffffffffff holds (tree aaaaaaaaaa): "
        "nothing was ever deployed to staging by bricklane"
    )
    assert (error.hint or "").startswith(
        "bricklane release redeploy, and again when bricklane/staging is green\n"
    )


def test_another_tree_is_refused_with_what_staging_has(forge: DeliveryForge) -> None:
    staged(forge, OTHER)
    assert refused(forge).message.endswith(
        "staging has 1.2.0, commit bbbbbbbbbb (tree bbbbbbbbbb), success"
    )


@pytest.mark.parametrize("state", [DeploymentState.FAILURE, DeploymentState.ERROR])
def test_a_tree_that_failed_is_refused_with_its_log(
    forge: DeliveryForge, state: DeploymentState
) -> None:
    staged(forge, state=state)
    error = refused(forge)
    assert error.message == (
        "staging did not pass with 1.2.0 (commit aaaaaaaaaa), wanted for commit ffffffffff: "
        f"tests: {state}"
    )
    assert error.hint == "read its log (https://run)\nfix the branch and push"


def test_the_newest_deployment_of_the_tree_counts(forge: DeliveryForge) -> None:
    staged(forge)
    staged(forge, state=DeploymentState.FAILURE)
    assert "did not pass" in refused(forge).message
    staged(forge)
    check_tested(forge, SETTINGS, WANTED, TREE)


def test_one_that_is_going_on_is_waited_for(forge: DeliveryForge) -> None:
    staged(forge)
    staged(forge, state=None)
    error = refused(forge)
    assert "still deploying or testing 1.2.0" in error.message
    assert error.hint == (
        "wait until it is done (https://run); after a killed run: bricklane release redeploy 1.2.0"
    )


def test_the_environment_may_have_another_name() -> None:
    targets = {"staging": TargetSettings(environment="stage-eu")}
    settings = Settings(root=Path(), bundle="shop", targets=targets)
    assert gate_environment(settings) == "stage-eu"
    assert gate_environment(SETTINGS) == "staging"


def test_levels_that_another_target_passed_with_the_same_tree_need_not_run(
    forge: DeliveryForge,
) -> None:
    dev = TargetSettings(tests=("integration", "e2e"), tested_in=("staging",))
    settings = replace(SETTINGS, targets={"dev": dev, "staging": TargetSettings()})

    def passed(tree: str) -> list[tuple[str, str]]:
        found = passed_elsewhere(forge, settings, "dev", tree)
        return [(level, record.environment) for level, record in found.items()]

    assert passed(TREE) == []
    staged(forge, state=DeploymentState.FAILURE)
    assert passed(TREE) == []
    staged(forge)
    assert passed(TREE) == [("e2e", "staging")]
    assert passed(OTHER) == []
    staged(forge, state=DeploymentState.FAILURE)
    assert passed(TREE) == []


def test_what_passed_elsewhere_is_no_evidence_for_a_third_target(forge: DeliveryForge) -> None:
    content = Content("1.2.0", TREE, {}, tests=(), passed_in={"e2e": "staging"})
    number = records.begin(forge, "dev", WANTED, "develop", content, None)
    records.mark(forge, number, "dev", WANTED, DeploymentState.SUCCESS, "deployed", content)
    qa = TargetSettings(tests=("e2e",), tested_in=("dev",))
    settings = replace(SETTINGS, targets={"dev": TargetSettings(), "qa": qa})
    assert passed_elsewhere(forge, settings, "qa", TREE) == {}
    (record,) = records.records(forge, "dev")
    assert record.tests == "passed (e2e in staging)"
