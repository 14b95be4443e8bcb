"""Publishing and deploying, killed before and after each effect, end as if nothing had been."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.flows import scenes
from tests.flows.harness import (
    Scene,
    Stage,
    check_killed_at_any_moment,
    check_nothing_half_done,
)

pytestmark = pytest.mark.real

OPENED = scenes.in_order(
    scenes.with_pull_request("release/0.2.0", "main", "Release 0.2.0"), scenes.tested
)
MERGED = scenes.in_order(OPENED, scenes.merged)
RECORD = ("deployments", "statuses/", "/statuses")
DEPLOY = ("databricks bundle deploy",)


@pytest.fixture
def in_workflow(stage: Stage) -> Mapping[str, str]:
    """Return what a workflow's environment says; the token is a person's."""
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": "{merge}",
        "GITHUB_EVENT_NAME": "pull_request",
        # A run that is killed and run again is an attempt of the same run.
        "GITHUB_SERVER_URL": stage.cloud.access["url"],
        "GITHUB_REPOSITORY": "{repository}",
        "GITHUB_RUN_ID": "77",
    }


def test_release_publish(stage: Stage, drafted: Path) -> None:
    scene = Scene(drafted, ("release", "publish"), ("/merge",), OPENED)
    check_nothing_half_done(stage, scene)


def test_release_redeploy(stage: Stage, automated: Path) -> None:
    drafted = scenes.after(stage, automated, "automated-draft", "release", "draft", "--minor")
    opened = scenes.with_pull_request("release/0.2.0", "main", "Release 0.2.0")
    arranged = scenes.in_order(scenes.reviewed, opened)
    scene = Scene(drafted, ("release", "redeploy"), ("dispatches",), arranged)
    check_nothing_half_done(stage, scene)


def test_release_notes(stage: Stage, drafted: Path) -> None:
    template = scenes.with_late_fix(drafted, stage.folder)
    arranged = scenes.with_pull_request("release/0.2.0", "main", "Release 0.2.0")
    scene = Scene(template, ("release", "notes"), ("git push",), arranged)
    check_nothing_half_done(stage, scene)


@pytest.fixture
def publishing(drafted: Path, in_workflow: Mapping[str, str]) -> Scene:
    """Return the scene in which a merged release goes to production."""
    return Scene(
        drafted,
        ("ci", "publish", "--pull-request", "{number}"),
        (*RECORD, *DEPLOY, *RECORD[1:], "git/tags", "git/refs", "releases", "git push", "/pulls",
         "DELETE"),
        MERGED,
        in_workflow,
    )  # fmt: skip


def test_ci_publish(stage: Stage, publishing: Scene) -> None:
    check_nothing_half_done(stage, publishing)


def test_ci_publish_killed_in_the_middle_of_anything(stage: Stage, publishing: Scene) -> None:
    check_killed_at_any_moment(stage, publishing, 6)


def test_ci_publish_of_a_hotfix_during_a_release(
    stage: Stage, drafted: Path, in_workflow: Mapping[str, str]
) -> None:
    """It goes back into develop and into the release; only that differs from publishing one."""
    scene = Scene(
        scenes.hotfix_and_release(drafted, stage.folder),
        ("ci", "publish", "--pull-request", "{number}"),
        (*RECORD, *DEPLOY, *RECORD[1:], "git/tags", "git/refs", "releases",
         "git push", "/pulls", "git push", "/pulls", "DELETE"),
        scenes.in_order(
            scenes.with_pull_request("hotfix/0.1.1", "main", "Hotfix 0.1.1"),
            scenes.tested,
            scenes.merged,
        ),
        in_workflow,
        only=(10, 11, 12, 13),
    )  # fmt: skip
    check_nothing_half_done(stage, scene)


def test_deploy_to_staging(stage: Stage, drafted: Path) -> None:
    scene = Scene(
        drafted,
        ("deploy", "--target", "staging"),
        (*RECORD, *DEPLOY, "releases", "uploads", *RECORD[1:]),
        lambda world: world.clone.git("switch", "--quiet", "release/0.2.0"),
    )
    check_nothing_half_done(stage, scene)
