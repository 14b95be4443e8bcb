"""Releases, their assets, deployments, environments, secrets."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
from github.EnvironmentDeploymentBranchPolicy import EnvironmentDeploymentBranchPolicyParams
from github.EnvironmentProtectionRuleReviewer import ReviewerParams

from tests.bricklane_local.forge.desk import Desk, branch, refusal

if TYPE_CHECKING:
    from github.Repository import Repository


def test_a_draft_has_no_tag_until_it_is_published(desk: Desk, repository: Repository) -> None:
    made = repository.create_git_release("1.2.0", "One", "notes", draft=True)
    assert (made.draft, list(repository.get_tags())) == (True, [])
    with refusal(404):
        repository.get_release("1.2.0")
    with refusal(404):
        repository.get_latest_release()
    assert [row.id for row in repository.get_releases()] == [made.id]
    published = made.update_release("Two", "more", draft=False)
    assert (published.draft, published.name) == (False, "Two")
    assert [row.name for row in repository.get_tags()] == ["1.2.0"]
    assert repository.get_tags()[0].commit.sha == repository.get_branch("main").commit.sha
    assert repository.get_latest_release().id == repository.get_release("1.2.0").id == made.id
    with refusal(422, "already_exists"):
        repository.create_git_release("1.2.0", "again", "")
    repository.create_git_release("1.3.0-rc.1", "rc", "", prerelease=True)
    assert repository.get_latest_release().id == made.id
    with refusal(422, "not a valid tag"):
        repository.create_git_release("a..b", "bad", "")
    with refusal(422, "target_commitish"):
        repository.create_git_release("9.9.9", "bad", "", target_commitish="absent")
    made.delete_release()
    assert [row.name for row in repository.get_tags()] == ["1.3.0-rc.1", "1.2.0"]


def test_drafts_are_for_those_who_may_write(desk: Desk) -> None:
    repository = desk.repository(private=False)
    repository.create_git_release("1.0.0", "One", "", draft=True)
    desk.ask("POST", "/admin/users", json={"login": "reader"})
    token = desk.token("reader")
    assert list(desk.client(token=token).get_repo(repository.full_name).get_releases()) == []


def test_assets(desk: Desk, repository: Repository, tmp_path: Path) -> None:
    made = repository.create_git_release("1.0.0", "One", "", draft=True)
    content = bytes(range(256)) * 2000
    wheel = tmp_path / "flights-1.0.0-py3-none-any.whl"
    wheel.write_bytes(content)
    asset = made.upload_asset(str(wheel), content_type="application/zip")
    assert (asset.name, asset.size, asset.state) == (wheel.name, len(content), "uploaded")
    with refusal(422, "already_exists"):
        made.upload_asset(str(wheel))
    asset.download_asset(str(tmp_path / "back"), chunk_size=65536)
    assert (tmp_path / "back").read_bytes() == content
    small = made.upload_asset_from_memory(b"{}", 2, "größe 1.json")
    assert small.name == "gr.e.1.json"
    assert [row.name for row in made.get_assets()] == [wheel.name, "gr.e.1.json"]
    small.update_asset("b.json", "B")
    assert [row.name for row in made.get_assets()] == [wheel.name, "b.json"]
    small.delete_asset()
    made.update_release("One", "", draft=False)
    link = repository.get_release("1.0.0").get_assets()[0].browser_download_url
    assert desk.ask("GET", link).content == content
    assert requests.get(link, timeout=10).status_code == 401


def test_deployments_and_their_statuses(repository: Repository) -> None:
    main = repository.get_branch("main").commit.sha
    made = repository.create_deployment(
        "main",
        task="bricklane",
        environment="staging",
        payload={"version": "1.0.0", "wheels": {"a": "b"}},
        auto_merge=False,
        required_contexts=[],
    )
    assert (made.sha, made.ref, made.payload["wheels"]) == (main, "main", {"a": "b"})
    made.create_status("success", target_url="http://log", description="d" * 140)
    with refusal(422, "too long"):
        made.create_status("success", description="d" * 141)
    again = repository.create_deployment(
        main, environment="staging", auto_merge=False, required_contexts=[]
    )
    again.create_status("in_progress")
    again.create_status("success")
    assert [row.state for row in again.get_statuses()] == ["success", "in_progress"]
    assert [row.state for row in made.get_statuses()] == ["inactive", "success"]
    assert [row.id for row in repository.get_deployments(environment="staging")] == [
        again.id,
        made.id,
    ]
    assert [row.id for row in repository.get_deployments(task="bricklane")] == [made.id]
    assert [row.name for row in repository.get_environments()] == ["staging"]
    with refusal(422, "No ref found for: absent"):
        repository.create_deployment("absent")


def test_a_deployment_waits_for_checks_and_merges_the_default_branch(
    repository: Repository,
) -> None:
    head = branch(repository, "f")
    repository.get_commit(head).create_status("pending", context="ci")
    with refusal(409, "Commit status checks failed for f"):
        repository.create_deployment("f")
    with refusal(409, "required_contexts"):
        repository.create_deployment("f", required_contexts=["other"])
    repository.get_commit(head).create_status("success", context="ci")
    assert repository.create_deployment("f").sha == head
    repository.create_file("m.txt", "m", "m\n", branch="main")
    with pytest.raises(Exception):  # noqa: B017, PT011  (PyGithub has no shape for a 202)
        assert repository.create_deployment("f").id
    assert repository.get_branch("f").commit.sha != head


def test_environments(desk: Desk, repository: Repository) -> None:
    reviewer = desk.client().get_user("release-manager").id
    made = repository.create_environment(
        "prod/eu",
        wait_timer=5,
        reviewers=[ReviewerParams("User", reviewer)],
        prevent_self_review=True,
        deployment_branch_policy=EnvironmentDeploymentBranchPolicyParams(False, True),
    )
    kinds = {row.type: row for row in made.protection_rules}
    assert set(kinds) == {"wait_timer", "required_reviewers", "branch_policy"}
    assert kinds["wait_timer"].wait_timer == 5
    assert kinds["required_reviewers"].reviewers[0].reviewer.login == "release-manager"
    path = f"/repos/{repository.full_name}/environments/prod%2Feu/deployment-branch-policies"
    first = desk.ask("POST", path, json={"name": "release/*"})
    assert first.status_code == 200
    second = desk.ask("POST", path, json={"name": "release/*"}, allow_redirects=False)
    assert second.status_code == 303
    rows = desk.ask("GET", path).json()
    assert [row["name"] for row in rows["branch_policies"]] == ["release/*"]
    plain = repository.create_environment("prod/eu")
    assert plain.protection_rules == []
    assert desk.ask("GET", path).json()["total_count"] == 0
    stranger = [ReviewerParams("User", 1)]
    with refusal(422, "does not have access"):
        repository.create_environment("x", reviewers=stranger)
    with refusal(422, "wait_timer"):
        repository.create_environment("x", wait_timer=50_000)
    repository.delete_environment("prod/eu")
    with refusal(404):
        repository.get_environment("prod/eu")


def test_secrets_are_write_only_and_encrypted_at_rest(desk: Desk, repository: Repository) -> None:
    value = "s3cr3t-größe-value"
    environment = repository.create_environment("prod")
    environment.create_secret("client_secret", value)
    repository.create_secret("TOKEN", value)
    assert [row.name for row in environment.get_secrets()] == ["CLIENT_SECRET"]
    assert [row.name for row in repository.get_secrets()] == ["TOKEN"]
    path = f"/repos/{repository.full_name}/actions/secrets"
    shown = desk.ask("GET", f"{path}/TOKEN").text + desk.ask("GET", path).text
    assert value not in shown
    for file in desk.state.rglob("*"):
        if file.is_file():
            assert value.encode() not in file.read_bytes(), file
    key = desk.state / "forge" / "secrets.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    number = desk.ask("GET", f"{path}/public-key").json()["key_id"]
    bad: list[dict[str, Any]] = [
        {"encrypted_value": "AAAA", "key_id": number},
        {"encrypted_value": "not base64!", "key_id": number},
        {"encrypted_value": "AAAA", "key_id": "1"},
        {"key_id": number},
        {"encrypted_value": 1, "key_id": number},
    ]
    for body in bad:
        assert desk.ask("PUT", f"{path}/X", json=body).status_code == 422, body
    with refusal(422, "names can only contain"):
        repository.create_secret("GITHUB_X", "v")
    repository.delete_secret("TOKEN")
    assert list(repository.get_secrets()) == []


def test_variables(repository: Repository) -> None:
    environment = repository.create_environment("prod")
    for store in (repository, environment):
        made = store.create_variable("host", "https://größe 🚀")
        assert [(row.name, row.value) for row in store.get_variables()] == [
            ("HOST", "https://größe 🚀")
        ]
        with refusal(409, "Already exists"):
            store.create_variable("HOST", "x")
        made.edit("second")
        assert store.get_variable("HOST").value == "second"
        store.delete_variable("HOST")
        assert list(store.get_variables()) == []
