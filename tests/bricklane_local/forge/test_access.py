"""Who is let in, and how far."""

from __future__ import annotations

import base64
import stat
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import requests

from tests.bricklane_local.forge.desk import Desk, refusal

if TYPE_CHECKING:
    from github.Repository import Repository

    from conftest import Server


def test_credentials_come_as_bearer_token_or_basic(desk: Desk) -> None:
    token = desk.tokens["developer"]
    basic = base64.b64encode(f"anyone:{token}".encode()).decode()
    oauth = base64.b64encode(f"{token}:x-oauth-basic".encode()).decode()
    for header in (f"Bearer {token}", f"token {token}", f"Basic {basic}", f"Basic {oauth}"):
        answer = requests.get(f"{desk.api}/user", headers={"Authorization": header}, timeout=10)
        assert answer.json()["login"] == "developer", header
        assert "repo" in answer.headers["X-OAuth-Scopes"]


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic !!", "Digest x"])
def test_other_credentials_are_refused(desk: Desk, header: str) -> None:
    answer = requests.get(f"{desk.api}/user", headers={"Authorization": header}, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["message"] in ("Bad credentials", "Requires authentication")
    assert answer.json()["documentation_url"]


def test_an_expired_token_is_refused(desk: Desk) -> None:
    assert desk.ask("GET", "/user", token=desk.token("developer", expires_in=-1)).status_code == 401


def test_tokens_are_stored_as_digests(desk: Desk) -> None:
    file = desk.state / "forge.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = desk.tokens["developer"].encode()
    for path in desk.state.rglob("*"):
        if path.is_file() and path != file:
            assert token not in path.read_bytes(), path


def test_what_must_not_be_seen_does_not_exist(desk: Desk, repository: Repository) -> None:
    desk.ask("POST", "/admin/users", json={"login": "outsider"})
    token = desk.token("outsider")
    path = f"/repos/{repository.full_name}"
    for address in (path, f"{path}/pulls", f"{desk.url}/{repository.full_name}"):
        assert desk.ask("GET", address, token=token).status_code == 404
    listed = desk.ask("GET", "/user/repos", token=token, params={"per_page": 100}).json()
    assert repository.full_name not in {row["full_name"] for row in listed}
    assert desk.ask("POST", "/admin/users", token=token, json={"login": "x"}).status_code == 404
    repository.edit(private=False)
    assert desk.ask("GET", path, token=token).json()["permissions"]["push"] is False
    pull = {"title": "t", "head": "main", "base": "main"}
    answer = desk.ask("POST", f"{path}/pulls", token=token, json=pull)
    assert (answer.status_code, "must be a collaborator" in answer.text) == (422, True)
    for method, tail, body in (
        ("POST", "/releases", {"tag_name": "1"}),
        ("PATCH", "", {"private": True}),
        ("POST", "/git/refs", {"ref": "refs/heads/x", "sha": "0" * 40}),
        ("PUT", "/actions/secrets/X", {}),
        ("POST", "/hooks", {}),
    ):
        answer = desk.ask(method, path + tail, token=token, json=body)
        assert answer.status_code == 403, tail
        assert "Must have" in answer.json()["message"]


def test_a_limited_token_is_told_which_permission_is_missing(
    desk: Desk, repository: Repository
) -> None:
    token = desk.token("developer", permissions={"contents": "read", "issues": "write"})
    path = f"/repos/{repository.full_name}"
    assert desk.ask("GET", f"{path}/releases", token=token).status_code == 200
    made = desk.ask("POST", f"{path}/issues", token=token, json={"title": "t"})
    assert made.status_code == 201
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", "/releases", {"tag_name": "1"}, "contents=write"),
        ("GET", "/pulls", {}, "pull_requests=read"),
        ("POST", "/deployments", {"ref": "main"}, "deployments=write"),
        ("POST", "/check-runs", {}, "checks=write"),
        ("POST", f"/statuses/{'0' * 40}", {}, "statuses=write"),
        ("PUT", "/environments/x", {}, "administration=write"),
    ]
    for method, tail, body, missing in cases:
        answer = desk.ask(method, path + tail, token=token, json=body)
        assert answer.status_code == 403, tail
        assert answer.json()["message"] == "Resource not accessible by personal access token"
        assert answer.headers["X-Accepted-GitHub-Permissions"] == missing


def test_a_limited_token_makes_no_tokens(desk: Desk) -> None:
    token = desk.token("developer", permissions={"administration": "write"})
    path = "/admin/users/developer/authorizations"
    assert desk.ask("POST", path, token=token, json={}).status_code == 404


def test_roles_of_collaborators(desk: Desk, repository: Repository) -> None:
    desk.ask("POST", "/admin/users", json={"login": "helper"})
    path = f"/repos/{repository.full_name}"
    token = desk.token("helper")
    for role, may_push in (("pull", False), ("triage", False), ("push", True)):
        repository.add_to_collaborators("helper", role)
        answer = desk.ask("GET", path, token=token).json()
        assert answer["permissions"]["push"] is may_push
    assert repository.get_collaborator_permission("helper") == "write"
    assert repository.has_in_collaborators("helper")
    assert {row.login for row in repository.get_collaborators()} == {
        "developer",
        "helper",
        "release-manager",
    }
    repository.remove_from_collaborators("helper")
    assert desk.ask("GET", path, token=token).status_code == 404


def test_an_organisation_and_its_repositories(desk: Desk) -> None:
    body = {"login": "acme", "admin": "release-manager", "profile_name": "Acme"}
    assert desk.ask("POST", "/admin/organizations", json=body).status_code == 201
    theirs = desk.client("release-manager")
    made = theirs.get_organization("acme").create_repo("api", private=True)
    assert made.full_name == "acme/api"
    assert made.permissions.admin
    assert [row.name for row in theirs.get_organization("acme").get_repos()] == ["api"]
    with refusal(422, "already exists"):
        theirs.get_organization("acme").create_repo("API")


def test_a_form_of_another_site_changes_nothing(desk: Desk) -> None:
    answer = desk.ask(
        "POST", "/user/repos", json={"name": "x"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403


def test_repositories_are_changed_renamed_and_deleted(desk: Desk) -> None:
    made = desk.client().get_user().create_repo("old name 🚀", description="größe")
    assert made.name == "old-name-"
    number = made.id
    made.edit(name="renamed", description="d", delete_branch_on_merge=True, private=True)
    found = desk.client().get_repo("developer/renamed")
    assert (found.id, found.private, found.delete_branch_on_merge) == (number, True, True)
    with refusal(404):
        desk.client().get_repo("developer/old-name-")
    with refusal(422, "already exists"):
        desk.client().get_user().create_repo("Renamed")
    found.create_issue("t")
    found.replace_topics(["data"])
    assert found.get_topics() == ["data"]
    found.edit(archived=True)
    with refusal(403, "archived"):
        found.create_issue("t")
    found.delete()
    again = desk.client().get_user().create_repo("renamed")
    assert again.id != number
    assert list(again.get_issues(state="all")) == []


def test_lists_are_paged_with_links(desk: Desk, repository: Repository) -> None:
    for number in range(5):
        repository.create_label(f"label-{number}", "ffffff")
    path = f"/repos/{repository.full_name}/labels"
    first = desk.ask("GET", path, params={"per_page": 4})
    assert (len(first.json()), first.links["next"]["url"].count("page=2")) == (4, 1)
    last = desk.ask("GET", first.links["last"]["url"])
    assert "next" not in last.links
    assert len(desk.ask("GET", first.links["next"]["url"]).json()) == 4
    beyond = desk.ask("GET", path, params={"per_page": 4, "page": 99})
    assert beyond.json() == []
    assert desk.ask("GET", path, params={"per_page": "many"}).status_code == 422
    same = desk.ask("GET", path, headers={"If-None-Match": desk.ask("GET", path).headers["ETag"]})
    assert (same.status_code, same.content) == (304, b"")


def test_what_is_not_implemented_says_so(desk: Desk, repository: Repository) -> None:
    answer = desk.ask("GET", f"/repos/{repository.full_name}/traffic/views")
    assert answer.status_code == 501
    assert f"GET /api/v3/repos/{repository.full_name}/traffic/views" in answer.json()["message"]


def test_graphql_answers_whose_token_it_is(desk: Desk) -> None:
    address = f"{desk.url}/api/graphql"
    answer = desk.ask("POST", address, json={"query": "query { viewer { login } }"})
    assert answer.json() == {"data": {"viewer": {"login": "developer"}}}
    assert desk.ask("POST", address, json={"query": "{ rateLimit { cost } }"}).status_code == 501


def test_tokens_survive_a_restart(fresh: Server) -> None:
    first = Desk.of(fresh.up())
    fresh.local("down")
    second = Desk.of(fresh.up())
    assert first.tokens == second.tokens
    assert second.ask("GET", "/user").json()["login"] == "developer"
    body = orjson.loads((fresh.state / "server.json").read_bytes())
    assert body["hosts"]["forge"] == second.url
