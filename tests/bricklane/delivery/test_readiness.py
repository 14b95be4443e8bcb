from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bricklane.delivery import records
from bricklane.delivery.gate import UntestedError
from bricklane.delivery.readiness import Readiness, readiness
from bricklane.delivery.records import Content
from bricklane.flow import Outcome
from bricklane.forge.model import DeploymentState
from bricklane.gitflow.flows import merge, publishing
from bricklane.gitflow.flows.publishing import PublishWorld
from bricklane.gitflow.flows.redeploying import REDEPLOY
from bricklane.gitflow.git import Git
from bricklane.gitflow.project import Project
from bricklane.project.settings import Settings
from tests.bricklane.delivery.memory import DeliveryForge
from tests.bricklane.gitflow.conftest import git
from tests.bricklane.gitflow.flowing import outcomes, walk

BRANCH, VERSION, AGAIN = "release/1.2.0", "1.2.0", "bricklane release redeploy 1.2.0"
SETTINGS = Settings(root=Path(), bundle="shop")
RUN = "https://forge/acme/flights/actions/runs/7"


@pytest.fixture
def head(clone: Git) -> str:
    git(clone.top, "push", "-q", "origin", f"main:refs/heads/{BRANCH}")
    return git(clone.top, "rev-parse", "HEAD")


def known(forge: DeliveryForge, head: str) -> Readiness:
    return readiness(forge, SETTINGS, BRANCH, head, VERSION)


@pytest.mark.parametrize(
    ("state", "said", "move"),
    [
        (
            DeploymentState.SUCCESS,
            "deployed to staging, tests: passed (e2e)",
            "bricklane release publish 1.2.0",
        ),
        (
            None,
            "staging is deploying or testing it",
            f"wait until it is done ({RUN}); after a killed run: {AGAIN}",
        ),
        (
            DeploymentState.FAILURE,
            "staging did not pass it",
            f"read its log ({RUN}), fix the branch and push",
        ),
    ],
)
def test_what_its_deployment_says(
    forge: DeliveryForge, head: str, state: DeploymentState | None, said: str, move: str
) -> None:
    content = Content(VERSION, "t", {}, tests=("e2e",), run_url=RUN)
    number = records.begin(forge, "staging", head, BRANCH, content, None)
    if state is not None:
        records.mark(forge, number, "staging", head, state, "said", content)
    assert (known(forge, head).said, known(forge, head).next_move) == (said, move)


def test_a_deployment_of_an_older_commit_says_nothing_of_the_head(
    forge: DeliveryForge, head: str
) -> None:
    content = Content(VERSION, "t", {})
    number = records.begin(forge, "staging", "f" * 40, BRANCH, content, None)
    records.mark(forge, number, "staging", "f" * 40, DeploymentState.SUCCESS, "said", content)
    found = known(forge, head)
    assert (found.said, found.next_move) == ("staging has not deployed it", AGAIN)


def test_a_run_that_waits_is_waited_for_and_one_that_was_replaced_is_started_again(
    forge: DeliveryForge, head: str
) -> None:
    forge.dispatch_workflow("deploy-staging.yml", ref=BRANCH, inputs={})
    forge.runs[0] = replace(forge.runs[0], url=RUN)
    found = known(forge, head)
    assert (found.said, found.next_move) == ("staging is going to deploy it", f"wait for {RUN}")

    forge.runs[0] = replace(forge.runs[0], status="completed", conclusion="cancelled")
    found = known(forge, head)
    assert found.said == (
        f"staging has not deployed it: deploy-staging.yml ended with cancelled ({RUN})"
    )
    assert found.next_move == AGAIN


@pytest.fixture
def world(forge: DeliveryForge, clone: Git) -> PublishWorld:
    """A release that is open, whose head nobody has deployed."""
    git(clone.top, "commit", "-q", "--allow-empty", "-m", "more")
    git(clone.top, "push", "-q", "origin", f"HEAD:refs/heads/{BRANCH}")
    forge.create_pull_request(head=BRANCH, base="main", title="Release 1.2.0", body="")
    settings = replace(SETTINGS, root=clone.top)
    return publishing.prepare_open(Project.of(settings, clone, forge), VERSION)


def test_publish_says_what_to_run_where_staging_was_left_out(
    world: PublishWorld, forge: DeliveryForge
) -> None:
    (check,) = [step for step in merge.MERGE if "was tested" in step.name]
    with pytest.raises(UntestedError, match="staging has not tested what commit") as caught:
        check.do(world)
    assert caught.value.message.endswith("\nstaging has not deployed it")
    by_hand = f"or deploy it from here: git switch {BRANCH} && bricklane deploy --target staging"
    assert caught.value.hint == f"{AGAIN}, and publish again when it is green\n{by_hand}"

    forge.dispatch_workflow("deploy-staging.yml", ref=BRANCH, inputs={})
    forge.runs[0] = replace(forge.runs[0], url=RUN)
    with pytest.raises(UntestedError) as caught:
        check.do(world)
    assert (caught.value.hint or "").startswith(f"wait for {RUN}, and publish again")


def test_redeploying_starts_the_workflow_unless_it_is_under_way(
    world: PublishWorld, forge: DeliveryForge
) -> None:
    assert outcomes(walk(REDEPLOY, world)) == {Outcome.DONE}
    assert outcomes(walk(REDEPLOY, world)) == {Outcome.DONE_BEFORE}
    forge.runs[0] = replace(forge.runs[0], status="completed", conclusion="cancelled")
    assert walk(REDEPLOY, world) == [
        ("start deploy-staging.yml", f"on {BRANCH}", Outcome.DONE),
    ]
    started = [(run.workflow, run.branch) for run in forge.runs]
    assert started == [("deploy-staging.yml", BRANCH)] * 2
