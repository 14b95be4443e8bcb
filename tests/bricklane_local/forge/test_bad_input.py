"""What nobody should send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.bricklane_local.forge.desk import Desk, branch

if TYPE_CHECKING:
    from github.Repository import Repository

# Each JSON type, for fields that want another.
WRONG: list[Any] = [1.5, True, {}, [1], "\u0000", "x" * 70_000]


@pytest.fixture(scope="module")
def used(desk: Desk) -> Repository:
    """A repository with one of everything."""
    made = desk.repository()
    branch(made, "f")
    made.create_pull(base="main", head="f", title="t")
    made.create_issue("t").create_comment("c")
    made.create_git_release("1.0.0", "n", "b")
    made.create_environment("prod")
    made.create_deployment("main", auto_merge=False, required_contexts=[])
    return made


def test_what_is_no_json_object_is_refused(desk: Desk, used: Repository) -> None:
    path = f"/repos/{used.full_name}/pulls"
    for content, message in (
        (b"{", "Problems parsing JSON"),
        (b'{"title": "\xff"}', "Problems parsing JSON"),
        (b'{"title": "\\ud800"}', "Problems parsing JSON"),
        (b"[]", "Body should be a JSON object"),
        (b"1", "Body should be a JSON object"),
        (b"null", "Body should be a JSON object"),
    ):
        answer = desk.ask("POST", path, data=content)
        assert (answer.status_code, answer.json()["message"]) == (400, message), content
    assert desk.ask("POST", path, data=b"").status_code == 422
    assert desk.ask("POST", path, data=b" " * (26 * 1024 * 1024)).status_code == 413


FIELDS = [
    ("POST", "/pulls", {"title": "t", "head": "f", "base": "main"}),
    ("POST", "/pulls", {"title": "t", "head": "f", "base": "main", "body": "", "draft": False}),
    ("PATCH", "/pulls/1", {"title": "t", "body": "b", "state": "open", "base": "main"}),
    ("PUT", "/pulls/1/merge", {"merge_method": "merge", "sha": "0" * 40, "commit_title": "t"}),
    ("POST", "/pulls/1/reviews", {"event": "COMMENT", "body": "b", "comments": []}),
    ("POST", "/pulls/1/requested_reviewers", {"reviewers": []}),
    ("POST", "/issues", {"title": "t", "body": "b", "labels": [], "assignees": []}),
    ("PATCH", "/issues/2", {"title": "t", "state": "open", "labels": []}),
    ("POST", "/issues/2/comments", {"body": "b"}),
    ("POST", "/issues/2/labels", {"labels": []}),
    ("POST", "/labels", {"name": "n", "color": "ffffff", "description": "d"}),
    ("POST", "/releases", {"tag_name": "2", "name": "n", "body": "b", "draft": True}),
    ("POST", "/deployments", {"ref": "main", "payload": {}, "required_contexts": []}),
    (
        "PUT",
        "/actions/oidc/customization/sub",
        {"use_default": False, "include_claim_keys": [], "use_immutable_subject": True},
    ),
    ("POST", "/deployments", {"ref": "main", "environment": "e", "auto_merge": False}),
    ("PUT", "/environments/x", {"wait_timer": 0, "reviewers": [], "prevent_self_review": False}),
    ("PUT", "/environments/x", {"deployment_branch_policy": None}),
    ("POST", "/rulesets", {"name": "n", "enforcement": "active", "rules": [], "conditions": {}}),
    ("POST", "/hooks", {"config": {"url": "http://127.0.0.1:9/"}, "events": [], "active": True}),
    ("POST", "/actions/variables", {"name": "n", "value": "v"}),
    ("POST", "/check-runs", {"name": "n", "head_sha": "main", "output": {}}),
    ("POST", "/statuses/main", {"state": "success", "context": "c", "target_url": "u"}),
    ("PATCH", "", {"description": "d", "default_branch": "main"}),
    (
        "PUT",
        "/branches/main/protection",
        {
            "required_status_checks": None,
            "enforce_admins": None,
            "required_pull_request_reviews": None,
            "restrictions": None,
        },
    ),
]


@pytest.mark.parametrize(("method", "tail", "body"), FIELDS)
def test_no_type_in_any_field_breaks_the_server(
    desk: Desk, used: Repository, method: str, tail: str, body: dict[str, Any]
) -> None:
    path = f"/repos/{used.full_name}{tail}"
    for field in body:
        for value in WRONG:
            answer = desk.ask(method, path, json=body | {field: value})
            assert answer.status_code < 500, (field, str(value)[:50], answer.text[:300])
            if answer.status_code >= 400:
                assert answer.json()["message"], field
    desk.ask("DELETE", f"/repos/{used.full_name}/branches/main/protection")
    for row in desk.ask("GET", f"/repos/{used.full_name}/rulesets").json():
        desk.ask("DELETE", f"/repos/{used.full_name}/rulesets/{row['id']}")


@pytest.mark.parametrize(
    "tail",
    [
        "/pulls/0",
        "/pulls/-1",
        "/pulls/99999999999999999999999",
        "/pulls/%F0%9F%9A%80",
        "/pulls/2",
        "/releases/x",
        "/releases/assets/1",
        "/deployments/1/statuses",
        "/environments/absent",
        "/environments/a%2Fb%2F..%2F..%2Fc",
        "/hooks/1",
        "/rulesets/1",
        "/check-runs/1",
        "/branches/absent/protection",
        "/actions/secrets/absent",
        "/actions/variables/%00",
        "/labels/%20",
        "/collaborators/absent",
        "/collaborators/absent/permission",
    ],
)
def test_what_is_not_there_is_not_found(desk: Desk, used: Repository, tail: str) -> None:
    answer = desk.ask("GET", f"/repos/{used.full_name}{tail}")
    assert answer.status_code == 404, answer.text
    assert answer.json()["message"]


def test_pages_of_what_is_not_there(desk: Desk, used: Repository) -> None:
    for tail in ("/pull/9", "/pull/x", "/releases/tag/9", "/commit/absent", "/nothing/here"):
        answer = desk.ask("GET", f"{desk.url}/{used.full_name}{tail}")
        assert (answer.status_code, "404" in answer.text) == (404, True), tail
