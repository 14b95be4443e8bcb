"""Rulesets and classic protection, on merges and on pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bricklane_local.forge.rules.patterns import applies, matches
from tests.bricklane_local.forge.desk import Desk, branch, refusal

if TYPE_CHECKING:
    from github.PullRequest import PullRequest
    from github.Repository import Repository

CHECKS: dict[str, Any] = {
    "type": "required_status_checks",
    "parameters": {
        "required_status_checks": [{"context": "ci"}],
        "strict_required_status_checks_policy": False,
    },
}
REVIEW = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("main", "main", True),
        ("main", "mainly", False),
        ("release/*", "release/1.0.0", True),
        ("release/*", "release/1.0/x", False),
        ("release/**/*", "release/1.0/x", True),
        ("*", "a/b", False),
        ("v?.[0-9]", "v1.2", True),
        ("v?.[!0-9]", "v1.2", False),
        ("a.b", "axb", False),
        ("[", "[", True),
    ],
)
def test_patterns(pattern: str, name: str, fits: bool) -> None:
    assert matches(pattern, name) is fits


def test_conditions_of_rulesets() -> None:
    assert applies(["~ALL"], [], "refs/heads/x", "main")
    assert applies(["~DEFAULT_BRANCH"], [], "refs/heads/main", "main")
    assert not applies(["~DEFAULT_BRANCH"], [], "refs/heads/develop", "main")
    assert not applies(["refs/heads/*"], ["refs/heads/x"], "refs/heads/x", "main")


def ruleset(desk: Desk, repository: Repository, *rules: dict[str, Any], **more: Any) -> int:
    body = {
        "name": more.pop("name", "main is protected"),
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": ["refs/heads/main"], "exclude": []}},
        "rules": list(rules),
    } | more
    answer = desk.ask("POST", f"/repos/{repository.full_name}/rulesets", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def opened(repository: Repository) -> PullRequest:
    branch(repository, "f")
    return repository.create_pull(base="main", head="f", title="t")


def test_a_ruleset_binds_merges_even_an_administrators(desk: Desk, repository: Repository) -> None:
    ruleset(desk, repository, REVIEW, CHECKS)
    pull = opened(repository)
    assert pull.mergeable_state == "blocked"
    with refusal(405, 'Required status check "ci" is expected.'):
        pull.merge()
    commit = repository.get_commit(pull.head.sha)
    commit.create_status("failure", context="ci")
    with refusal(405, 'Required status check "ci" is failing.'):
        pull.merge()
    commit.create_status("success", context="ci")
    with refusal(405, "At least 1 approving review is required by reviewers with write access."):
        pull.merge()
    theirs = desk.client("release-manager").get_repo(repository.full_name).get_pull(1)
    theirs.create_review(body="ok", event="APPROVE")
    assert pull.merge().merged


def test_a_check_run_counts_as_a_check(desk: Desk, repository: Repository) -> None:
    ruleset(desk, repository, CHECKS)
    pull = opened(repository)
    run = repository.create_check_run("ci", pull.head.sha, status="in_progress")
    with refusal(405, 'Required status check "ci" is in progress.'):
        pull.merge()
    run.edit(conclusion="success")
    assert pull.merge().merged


def test_a_ruleset_binds_changes_of_refs(desk: Desk, repository: Repository) -> None:
    number = ruleset(desk, repository, REVIEW, {"type": "deletion"}, {"type": "non_fast_forward"})
    with refusal(409, "Changes must be made through a pull request."):
        repository.create_file("a.txt", "m", "a\n", branch="main")
    with refusal(422):
        repository.get_git_ref("heads/main").delete()
    found = desk.ask("GET", f"/repos/{repository.full_name}/rules/branches/main").json()
    assert [row["type"] for row in found] == ["pull_request", "deletion", "non_fast_forward"]
    assert repository.get_branch("main").protected
    path = f"/repos/{repository.full_name}/rulesets/{number}"
    assert desk.ask("PUT", path, json={"enforcement": "disabled"}).status_code == 200
    repository.create_file("a.txt", "m", "a\n", branch="main")
    assert desk.ask("DELETE", path).status_code == 204
    assert desk.ask("GET", path).status_code == 404


def test_who_may_bypass(desk: Desk, repository: Repository) -> None:
    user = desk.client().get_user("release-manager").id
    actor = {"actor_id": user, "actor_type": "User", "bypass_mode": "pull_request"}
    ruleset(desk, repository, REVIEW, bypass_actors=[actor])
    pull = opened(repository)
    with refusal(405, "approving review"):
        pull.merge()
    theirs = desk.client("release-manager").get_repo(repository.full_name)
    with refusal(409, "through a pull request"):
        theirs.create_file("z.txt", "m", "z\n", branch="main")
    assert theirs.get_pull(1).merge().merged


def test_merge_methods_and_stale_approvals(desk: Desk, repository: Repository) -> None:
    rule = {
        "type": "pull_request",
        "parameters": {
            "required_approving_review_count": 1,
            "dismiss_stale_reviews_on_push": True,
            "allowed_merge_methods": ["merge"],
        },
    }
    ruleset(desk, repository, rule)
    pull = opened(repository)
    theirs = desk.client("release-manager").get_repo(repository.full_name).get_pull(1)
    theirs.create_review(body="ok", event="APPROVE")
    with refusal(405, "Squash merges are not allowed on this branch."):
        pull.merge(merge_method="squash")
    repository.create_file("b.txt", "m", "b\n", branch="f")
    assert [row.state for row in pull.get_reviews()] == ["DISMISSED"]
    with refusal(405, "approving review"):
        pull.merge()


def test_strict_checks_want_the_base(desk: Desk, repository: Repository) -> None:
    pull = opened(repository)
    repository.create_file("m.txt", "m", "m\n", branch="main")
    strict = CHECKS["parameters"] | {"strict_required_status_checks_policy": True}
    ruleset(desk, repository, CHECKS | {"parameters": strict})
    repository.get_commit(pull.head.sha).create_status("success", context="ci")
    with refusal(405, "Head branch is not up to date with the base branch."):
        pull.merge()
    assert pull.update_branch()
    pull.update()
    with refusal(405, "is expected"):
        pull.merge()
    repository.get_commit(pull.head.sha).create_status("success", context="ci")
    assert pull.merge().merged


def test_rules_that_are_not_enforced_are_refused(desk: Desk, repository: Repository) -> None:
    path = f"/repos/{repository.full_name}/rulesets"
    bodies = [
        {"rules": [{"type": "required_signatures"}]},
        {"rules": [{"type": "pull_request", "parameters": {"require_code_owner_review": True}}]},
        {"rules": [{"type": "required_status_checks"}]},
        {"rules": "all"},
        {"conditions": {"ref_name": {"include": "main"}}},
        {"bypass_actors": [{"actor_type": "Nobody", "actor_id": 1}]},
    ]
    for body in bodies:
        answer = desk.ask("POST", path, json={"name": "n", "enforcement": "active"} | body)
        assert answer.status_code == 422, body
    assert (
        "required_signatures"
        in desk.ask("POST", path, json={"name": "n", "enforcement": "active"} | bodies[0]).text
    )


def test_classic_protection(desk: Desk, repository: Repository) -> None:
    main = repository.get_branch("main")
    with refusal(404, "Branch not protected"):
        main.get_protection()
    main.edit_protection(contexts=["ci"], strict=True, required_approving_review_count=1)
    found = main.get_protection()
    assert found.required_status_checks.contexts == ["ci"]
    assert found.required_pull_request_reviews.required_approving_review_count == 1
    assert repository.get_branch("main").protected
    theirs = desk.client("release-manager").get_repo(repository.full_name)
    with refusal(409, "Changes must be made through a pull request."):
        theirs.create_file("z.txt", "m", "z\n", branch="main")
    pull = opened(repository)
    with refusal(405, "is expected"):
        theirs.get_pull(1).merge()
    main.set_admin_enforcement()
    with refusal(405, 'Required status check "ci" is expected.'):
        pull.merge()
    main.remove_admin_enforcement()
    assert pull.merge().merged, "administrators are exempt"
    main.remove_protection()
    assert not repository.get_branch("main").protected
