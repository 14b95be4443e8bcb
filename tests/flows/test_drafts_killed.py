"""Drafts and features that are killed before and after each effect end as if nothing had been."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.flows import scenes
from tests.flows.cloud import BOT
from tests.flows.harness import Scene, Stage, check_nothing_half_done

pytestmark = pytest.mark.real


def test_release_draft(stage: Stage, plain: Path) -> None:
    words = ("release", "draft", "--minor")
    check_nothing_half_done(stage, Scene(plain, words, ("git push", "/pulls")))


def test_hotfix_start(stage: Stage, plain: Path) -> None:
    words = ("hotfix", "start")
    check_nothing_half_done(stage, Scene(plain, words, ("git push", "/pulls")))


def test_hotfix_draft(stage: Stage, plain: Path) -> None:
    scene = Scene(
        plain,
        ("hotfix", "draft", "--pr", "{number}"),
        ("git push", "POST", "POST", "PATCH"),
        scenes.with_pull_request("fix/urgent", "main", "fix: greet politely"),
    )
    check_nothing_half_done(stage, scene)


def test_feature_start(stage: Stage, plain: Path) -> None:
    scene = Scene(plain, ("feature", "start", "weather"), ("git branch", "git switch"))
    check_nothing_half_done(stage, scene)


def test_feature_finish(stage: Stage, plain: Path) -> None:
    template = scenes.on_feature(plain, stage.folder)
    scene = Scene(template, ("feature", "finish"), ("git push", "/pulls"))
    check_nothing_half_done(stage, scene)


def test_release_draft_in_a_workflow(stage: Stage, automated: Path) -> None:
    """What is made with a workflow's own token starts no workflows; so it starts them, once."""
    allowed = dict.fromkeys(("contents", "pull_requests", "actions", "workflows"), "write")
    token = stage.cloud.issue_token(BOT, permissions=allowed)
    scene = Scene(
        automated,
        ("ci", "draft-release", "--bump", "minor"),
        ("git push", "/pulls", "deploy-staging.yml/dispatches", "pull-request.yml/dispatches"),
        environment={"CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_TOKEN": token},
        only=(3, 4),
    )
    check_nothing_half_done(stage, scene)
