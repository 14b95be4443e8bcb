"""What plans, administrators and the ends of tokens decide, as clients see it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.bricklane_local.forge.desk import Desk

PLAN = "/admin/users/{}"


@pytest.fixture
def team(desk: Desk) -> Iterator[None]:
    """Let the owner pay for less than an enterprise."""
    answer = desk.ask("PATCH", PLAN.format("developer"), json={"plan": "team"})
    assert (answer.status_code, answer.json()["plan"]["name"]) == (200, "team")
    yield
    desk.ask("PATCH", PLAN.format("developer"), json={"plan": "enterprise"}).raise_for_status()


def reviewers(desk: Desk) -> dict[str, Any]:
    number = desk.client("release-manager").get_user().id
    return {"reviewers": [{"type": "User", "id": number}]}


def test_private_repositories_have_reviewers_in_an_enterprise_only(desk: Desk, team: None) -> None:
    private, public = desk.repository(), desk.repository(private=False)
    assert desk.ask("GET", "/user").json()["plan"]["name"] == "team"
    path = f"/repos/{private.full_name}/environments/prod"
    refused = desk.ask("PUT", path, json=reviewers(desk))
    assert refused.status_code == 422
    assert "billing plan supports the required reviewers" in refused.json()["message"]
    assert desk.ask("PUT", path, json={}).status_code == 200
    path = f"/repos/{public.full_name}/environments/prod"
    assert desk.ask("PUT", path, json=reviewers(desk)).status_code == 200


def test_plans_are_changed_by_who_runs_the_server(desk: Desk) -> None:
    body = {"plan": "free"}
    assert desk.ask("PATCH", PLAN.format("developer"), json=body, login="release-manager").ok is (
        False
    )
    unknown = desk.ask("PATCH", PLAN.format("developer"), json={"plan": "gold"})
    assert (unknown.status_code, "got 'gold'" in unknown.text) == (422, True)
    renamed = desk.ask("PATCH", PLAN.format("developer"), json={"login": "other"})
    assert (renamed.status_code, "login cannot be changed" in renamed.text) == (422, True)


def test_an_organization_shows_its_plan_to_owners(desk: Desk) -> None:
    made = desk.ask(
        "POST", "/admin/organizations", json={"login": "acme-air", "admin": "developer"}
    )
    made.raise_for_status()
    assert desk.ask("GET", "/orgs/acme-air").json()["plan"]["name"] == "enterprise"
    assert "plan" not in desk.ask("GET", "/orgs/acme-air", login="release-manager").json()


def test_whether_administrators_bypass_is_kept(desk: Desk, repository: Any) -> None:
    path = f"/repos/{repository.full_name}/environments/prod"
    assert desk.ask("PUT", path, json={}).json()["can_admins_bypass"] is True
    assert desk.ask("PUT", path, json={"can_admins_bypass": False}).ok
    desk.ask("PUT", path, json={"wait_timer": 1}).raise_for_status()
    assert desk.ask("GET", path).json()["can_admins_bypass"] is False


def test_a_token_that_ends_says_when(desk: Desk) -> None:
    name = "GitHub-Authentication-Token-Expiration"
    assert name not in desk.ask("GET", "/user").headers
    token = desk.token("developer", note="short", expires_in=3600)
    ends = desk.ask("GET", "/user", token=token).headers[name]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", ends)


def test_permissions_of_workflows(desk: Desk, repository: Any) -> None:
    path = f"/repos/{repository.full_name}/actions/permissions/workflow"
    shown = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": True}
    assert desk.ask("GET", path).json() == shown
    assert (
        desk.ask("PUT", path, json={"can_approve_pull_request_reviews": False}).status_code == 204
    )
    assert desk.ask("GET", path).json()["can_approve_pull_request_reviews"] is False
    refused = desk.ask("PUT", path, json={"default_workflow_permissions": "write"})
    assert (refused.status_code, "'write' is not supported" in refused.text) == (422, True)
    assert desk.ask("GET", path, login="release-manager").status_code == 403
