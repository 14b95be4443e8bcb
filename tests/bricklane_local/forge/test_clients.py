"""The calls of PyGithub that no other test here happens to make: each route does what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bricklane_local.forge.desk import Desk, branch, refusal

if TYPE_CHECKING:
    from github.Repository import Repository


def test_users(desk: Desk, repository: Repository) -> None:
    client = desk.client()
    assert client.get_rate_limit().rate.remaining > 0
    me = client.get_user()
    assert me.login == "developer"
    assert me.get_emails()[0].primary
    assert client.get_user_by_id(me.id).login == "developer"
    people = {row.login for row in client.get_users()}
    assert {"developer", "release-manager", "github-actions[bot]"} <= people
    assert repository.full_name in {row.full_name for row in me.get_repos()}
    named = client.get_user("developer")
    assert repository.full_name in {row.full_name for row in named.get_repos()}
    theirs = desk.client("release-manager").get_repo(repository.full_name)
    fork = theirs.create_fork()
    assert [row.full_name for row in repository.get_forks()] == [fork.full_name]
    assert client.get_app("github-actions").id == 15368
    assert desk.ask("GET", "").json()["current_user_url"] == f"{desk.api}/user"
    assert desk.ask("GET", "/meta").json()["installed_version"]
    assert desk.ask("GET", "/orgs/acme/teams/x").status_code == 404
    assert desk.ask("GET", "/apps/other").status_code == 404


def test_issues(repository: Repository) -> None:
    made = repository.create_issue("t", labels=["bug"])
    comment = made.create_comment("c")
    assert made.get_comment(comment.id).body == "c"
    made.set_labels("a", "b")
    assert [row.name for row in made.get_labels()] == ["a", "b"]
    made.delete_labels()
    assert list(made.get_labels()) == []
    made.add_to_assignees("developer", "release-manager")
    made.remove_from_assignees("developer")
    assert [row.login for row in repository.get_issue(1).assignees] == ["release-manager"]
    assert {"a", "b", "bug"} <= {row.name for row in repository.get_labels()}
    repository.get_label("a").delete()
    with refusal(404):
        repository.get_label("a")


def test_reviews(desk: Desk, repository: Repository) -> None:
    branch(repository, "f")
    mine = repository.create_pull(base="main", head="f", title="t")
    mine.create_review_request(["release-manager"])
    mine.delete_review_request(["release-manager"])
    assert list(mine.get_review_requests()[0]) == []
    theirs = desk.client("release-manager").get_repo(repository.full_name).get_pull(1)
    pending = theirs.create_review(body="draft")
    assert theirs.get_review(pending.id).state == "PENDING"
    pending.delete()
    with refusal(404):
        theirs.get_review(pending.id)
    again = theirs.create_review(body="draft")
    again.edit("words")
    path = f"/repos/{repository.full_name}/pulls/1/reviews/{again.id}/events"
    assert desk.ask("POST", path, json={"event": "APPROVE"}).status_code == 404
    done = desk.ask("POST", path, login="release-manager", json={"event": "APPROVE"}).json()
    assert (done["state"], done["body"]) == ("APPROVED", "words")
    with refusal(403):
        mine.get_review(again.id).edit("not mine")


def test_statuses_and_checks(desk: Desk, repository: Repository) -> None:
    commit = repository.get_commit(repository.get_branch("main").commit.sha)
    assert commit.get_combined_status().state == "pending"
    commit.create_status("pending", "http://x", "first", "ci")
    commit.create_status("success", "http://x", "second", "ci")
    commit.create_status("error", context="other")
    assert [row.state for row in commit.get_statuses()] == ["error", "success", "pending"]
    combined = commit.get_combined_status()
    assert (combined.state, combined.total_count) == ("failure", 2)
    path = f"/repos/{repository.full_name}/commits/main/statuses"
    assert len(desk.ask("GET", path).json()) == 3
    run = repository.create_check_run("build", commit.sha, output={"title": "t", "summary": "s"})
    assert repository.get_check_run(run.id).output.title == "t"
    with refusal(422, "No commit found for SHA"):
        repository.create_check_run("build", "f" * 40)


def test_protection_piece_by_piece(repository: Repository) -> None:
    main = repository.get_branch("main")
    main.edit_protection(contexts=["ci"], required_approving_review_count=2)
    assert main.get_required_status_checks().contexts == ["ci"]
    main.edit_required_status_checks(strict=True, contexts=["ci", "lint"])
    assert main.get_required_status_checks().strict
    main.remove_required_status_checks()
    with refusal(404):
        main.get_required_status_checks()
    assert main.get_required_pull_request_reviews().required_approving_review_count == 2
    main.edit_required_pull_request_reviews(dismiss_stale_reviews=True)
    reviews = main.get_required_pull_request_reviews()
    assert (reviews.dismiss_stale_reviews, reviews.required_approving_review_count) == (True, 2)
    main.remove_required_pull_request_reviews()
    with refusal(404):
        main.get_required_pull_request_reviews()
    assert main.get_admin_enforcement() is False


def test_releases_deployments_and_what_they_need(desk: Desk, repository: Repository) -> None:
    made = repository.create_git_release("1.0.0", "n", "b")
    assert repository.get_release(made.id).tag_name == "1.0.0"
    deployment = repository.create_deployment("main", environment="staging", required_contexts=[])
    status = deployment.create_status("success")
    found = repository.get_deployment(deployment.id)
    assert found.get_status(status.id).state == "success"
    other = repository.create_deployment("main", environment="prod", required_contexts=[])
    path = f"/repos/{repository.full_name}/deployments"
    assert desk.ask("DELETE", f"{path}/{deployment.id}").status_code == 422
    deployment.create_status("inactive")
    assert desk.ask("DELETE", f"{path}/{deployment.id}").status_code == 204
    assert [row.id for row in repository.get_deployments()] == [other.id]
    prod = repository.get_environment("prod")
    prod.create_secret("TOKEN", "v")
    assert prod.get_secret("TOKEN").created_at
    assert prod.delete_secret("TOKEN")
    repository.create_secret("TOKEN", "v")
    assert repository.get_secret("TOKEN").created_at
    hook = repository.create_hook("web", {"url": "http://127.0.0.1:9/"}, ["push"])
    assert [row.id for row in repository.get_hooks()] == [hook.id]


def test_branch_policies(desk: Desk, repository: Repository) -> None:
    path = f"/repos/{repository.full_name}/environments/prod"
    policy = {"protected_branches": False, "custom_branch_policies": True}
    assert desk.ask("PUT", path, json={"deployment_branch_policy": policy}).status_code == 200
    made = desk.ask("POST", f"{path}/deployment-branch-policies", json={"name": "main"}).json()
    one = f"{path}/deployment-branch-policies/{made['id']}"
    assert desk.ask("PUT", one, json={"name": "v*"}).json()["name"] == "v*"
    assert desk.ask("GET", one).json()["type"] == "branch"
    assert desk.ask("DELETE", one).status_code == 204
    assert desk.ask("GET", one).status_code == 404
    both = {"protected_branches": True, "custom_branch_policies": True}
    refused = desk.ask("PUT", path, json={"deployment_branch_policy": both})
    assert (refused.status_code, "cannot have" in refused.text) == (422, True)


def test_pages_show_what_there_is(desk: Desk, repository: Repository) -> None:
    branch(repository, "release/1.0.0")
    hostile = '<img src=x onerror="alert(1)">'
    pull = repository.create_pull(base="main", head="release/1.0.0", title=hostile, body=hostile)
    pull.create_issue_comment("[x](javascript:alert(1)) " + hostile)
    pull.create_issue_comment(f"<!-- sticky -->\n# Report\n<!-- x --> {hostile}\n`<!-- code -->`")
    deployment = repository.create_deployment("main", environment="prod", required_contexts=[])
    deployment.create_status("success", target_url="javascript:alert(1)", description=hostile)
    repository.create_git_release("1.0.0", hostile, hostile, draft=True)
    repository.create_environment("prod")
    repository.get_branch("main").edit_protection(required_approving_review_count=1)
    page = f"{desk.url}/{repository.full_name}"
    draft = f"{page}/releases/tag/untagged-{repository.get_releases()[0].id}"
    sha = repository.get_branch("main").commit.sha
    for address in (desk.url + "/", page, f"{page}/pull/1", draft, f"{page}/commit/{sha}"):
        answer = desk.ask("GET", address)
        assert answer.status_code == 200
        assert "<img" not in answer.text
        assert 'href="javascript:' not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    comment = desk.ask("GET", f"{page}/pull/1").text
    assert "<h1>Report</h1>" in comment
    assert "sticky" not in comment
    assert "<code>&lt;!-- code --&gt;</code>" in comment
    shown = desk.ask("GET", page).text
    for words in ("release/1.0.0", "prod", "success", f"{page}/pull/1", "git clone"):
        assert words in shown, words
    assert shown.count(">protected<") == 1
    for tail in ("/pulls", "/releases", "/deployments", "/tree/main"):
        assert desk.ask("GET", page + tail).url == page
    assert "prod" in desk.ask("GET", f"{page}/commit/{sha}").text
