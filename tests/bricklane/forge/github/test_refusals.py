"""Each refusal names request, status, what is missing and the next move; never the token."""

from __future__ import annotations

import pytest

from bricklane.forge.errors import (
    ForgeConflict,
    ForgeError,
    ForgeForbidden,
    ForgeUnauthenticated,
)
from bricklane.forge.github.adapter import BOT, GitHub
from bricklane.forge.github.permissions import needed
from bricklane.forge.model import EnvironmentRules, MergeMethod
from tests.bricklane.forge.conftest import TOKEN, Answer, Script

NOT_ACCESSIBLE = {"message": "Resource not accessible by integration"}
HEAD = "b" * 40


def test_an_expired_token_has_an_error_of_its_own(forge: GitHub, script: Script) -> None:
    script.on("GET", "branches/main", Answer(401, {"message": "Bad credentials"}))
    with pytest.raises(ForgeUnauthenticated) as caught:
        forge.branch("main")
    assert "does not accept the token from GITHUB_TOKEN" in caught.value.message
    assert "401 to GET /repos/acme/flights/branches/main: Bad credentials" in caught.value.message
    assert "has expired" in str(caught.value.hint)
    assert TOKEN not in f"{caught.value.message}{caught.value.hint}"


def test_a_missing_permission_is_named(
    forge: GitHub, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    script.on("POST", "git/tags", Answer(403, NOT_ACCESSIBLE))
    with pytest.raises(ForgeForbidden, match="lacks the permission contents=write") as caught:
        forge.create_tag("1.0.0", HEAD, "Release 1.0.0")
    assert "`permissions: {contents: write}`" in str(caught.value.hint)
    assert '"contents: write" for acme/flights' in str(caught.value.hint)


def test_the_forge_knows_better_which_permission_is_missing(forge: GitHub, script: Script) -> None:
    headers = {"X-Accepted-GitHub-Permissions": "contents=write; workflows=write"}
    script.on("POST", "git/tags", Answer(403, NOT_ACCESSIBLE, headers))
    with pytest.raises(ForgeForbidden, match="contents=write; workflows=write"):
        forge.create_tag("1.0.0", HEAD, "Release 1.0.0")


def test_what_a_rule_says_on_several_lines_is_one_sentence(forge: GitHub, script: Script) -> None:
    said = 'Repository rule violations found\n\nRequired status check "checks" is failing.\n\n'
    script.on("POST", "git/tags", Answer(422, {"message": said}))
    with pytest.raises(ForgeForbidden) as caught:
        forge.create_tag("1.0.0", HEAD, "Release 1.0.0")
    one = 'Repository rule violations found; Required status check "checks" is failing'
    assert one in caught.value.message
    assert "\n" not in caught.value.message


def test_scopes_of_a_classic_token_are_named(forge: GitHub, script: Script) -> None:
    body = {"message": "Must have admin rights to Repository."}
    headers = {"X-OAuth-Scopes": "read:org", "X-Accepted-OAuth-Scopes": "repo"}
    script.on("PUT", "environments/prod", Answer(403, body, headers))
    with pytest.raises(ForgeForbidden, match="administration=write") as caught:
        forge.save_environment("prod", EnvironmentRules())
    assert "has the scopes read:org; one of these would do: repo" in str(caught.value.hint)


def test_single_sign_on_is_pointed_to(forge: GitHub, script: Script) -> None:
    headers = {"X-GitHub-SSO": "required; url=https://github.com/orgs/acme/sso?x=1"}
    body = {"message": "Resource protected by organization SAML enforcement."}
    script.on("GET", "branches/main", Answer(403, body, headers))
    with pytest.raises(ForgeForbidden) as caught:
        forge.branch("main")
    assert "https://github.com/orgs/acme/sso?x=1" in str(caught.value.hint)


def test_pull_requests_of_workflows_have_a_switch(forge: GitHub, script: Script) -> None:
    said = "GitHub Actions is not permitted to create or approve pull requests."
    script.on("GET", "pulls", Answer(body=[]))
    script.on("POST", "pulls", Answer(403, {"message": said}))
    with pytest.raises(ForgeForbidden) as caught:
        forge.create_pull_request(head="a", base="b", title="t", body="")
    assert "Settings → Actions → General" in str(caught.value.hint)


def test_nothing_there_is_none_only_when_the_repository_is_seen(
    forge: GitHub, script: Script
) -> None:
    script.on("GET", "", Answer(404, {"message": "Not Found"}))
    with pytest.raises(ForgeError, match=r"knows nothing under GET /repos/acme/flights \(404"):
        forge.branch("absent")
    script.on("GET", "", Answer(200, {"full_name": "acme/flights"}))
    assert forge.branch("absent") is None


def test_validation_errors_are_listed(forge: GitHub, script: Script) -> None:
    body = {
        "message": "Validation Failed",
        "errors": [
            {"resource": "PullRequest", "code": "custom", "message": "No commits between a and b"},
            {"resource": "PullRequest", "field": "base", "code": "invalid"},
        ],
    }
    script.on("GET", "pulls", Answer(body=[]))
    script.on("POST", "pulls", Answer(422, body))
    with pytest.raises(ForgeError, match="No commits between a and b; PullRequest base invalid"):
        forge.create_pull_request(head="a", base="b", title="t", body="")


def test_an_address_that_is_no_api_is_told(forge: GitHub, script: Script) -> None:
    script.on("GET", "", Answer(200, b"<html>hello</html>", {"Content-Type": "text/html"}))
    with pytest.raises(ForgeError, match="instead of JSON") as caught:
        forge.repository()
    assert "GITHUB_API_URL" in str(caught.value.hint)


def pull(**changes: object) -> dict[str, object]:
    home = {"full_name": "acme/flights"}
    return {
        "number": 7,
        "state": "open",
        "mergeable": True,
        "merged_at": None,
        "merge_commit_sha": "c" * 40,
        "html_url": "http://127.0.0.1/acme/flights/pull/7",
        "head": {"ref": "release/1.0.0", "sha": HEAD, "repo": home},
        "base": {"ref": "main", "sha": "a" * 40, "repo": home},
        **changes,
    }


def merge(forge: GitHub) -> str:
    return forge.merge_pull_request(7, method=MergeMethod.MERGE, head_commit=HEAD)


def test_a_rule_that_refuses_a_merge_is_told(forge: GitHub, script: Script) -> None:
    said = "At least 1 approving review is required by reviewers with write access."
    script.on("GET", "pulls/7", Answer(body=pull(mergeable_state="blocked")))
    script.on("PUT", "pulls/7/merge", Answer(405, {"message": said}))
    with pytest.raises(ForgeForbidden, match="At least 1 approving review is required"):
        merge(forge)


def test_a_conflict_is_told_apart_from_a_rule(forge: GitHub, script: Script) -> None:
    script.on("GET", "pulls/7", Answer(body=pull(mergeable=False, mergeable_state="dirty")))
    script.on("PUT", "pulls/7/merge", Answer(405, {"message": "Pull Request is not mergeable"}))
    with pytest.raises(ForgeConflict, match=r"does not merge: release/1\.0\.0 and main") as caught:
        merge(forge)
    assert "merge main into release/1.0.0" in str(caught.value.hint)


def test_a_head_that_moved_is_refused(forge: GitHub, script: Script) -> None:
    moved = {"ref": "release/1.0.0", "sha": "d" * 40, "repo": None}
    script.on("GET", "pulls/7", Answer(body=pull(head=moved)))
    with pytest.raises(ForgeConflict, match="moved from bbbbbbbbbbbb to dddddddddddd"):
        merge(forge)


def test_a_merge_whose_answer_was_lost_is_done(forge: GitHub, script: Script) -> None:
    done = pull(state="closed", merged_at="2026-01-01T00:00:00Z", mergeable=None)
    script.on(
        "GET", "pulls/7", Answer(body=pull(mergeable=None)), Answer(body=pull()), Answer(body=done)
    )
    said = {"message": "Pull Request is not mergeable"}
    script.on("PUT", "pulls/7/merge", Answer(lost=True), Answer(405, said))
    assert merge(forge) == "c" * 40


def test_a_base_that_moved_is_merged_into_again(forge: GitHub, script: Script) -> None:
    said = {"message": "Base branch was modified. Review and try the merge again."}
    script.on("GET", "pulls/7", Answer(body=pull()))
    script.on("PUT", "pulls/7/merge", Answer(405, said), Answer(200, {"sha": "e" * 40}))
    assert merge(forge) == "e" * 40


def test_a_workflow_has_the_bots_login(forge: GitHub, script: Script) -> None:
    script.on("GET", "/user", Answer(403, NOT_ACCESSIBLE))
    assert forge.login() == BOT


def test_an_app_has_its_own_login(forge: GitHub, script: Script) -> None:
    script.on("GET", "/user", Answer(403, NOT_ACCESSIBLE))
    script.on("POST", "/api/graphql", Answer(200, {"data": {"viewer": {"login": "acme[bot]"}}}))
    assert forge.login() == "acme[bot]"


@pytest.mark.parametrize(
    ("verb", "path", "permission"),
    [
        ("GET", "pulls/3", "pull_requests=read"),
        ("POST", "issues/3/comments", "pull_requests=write"),
        ("POST", "git/refs", "contents=write"),
        ("POST", "releases", "contents=write"),
        ("POST", "deployments/3/statuses", "deployments=write"),
        ("POST", "statuses/abc", "statuses=write"),
        ("GET", "commits/abc/check-runs", "checks=read"),
        ("GET", "environments", "actions=read"),
        ("PUT", "environments/prod", "administration=write"),
        ("PUT", "environments/prod/secrets/X", "environments=write"),
        ("PUT", "actions/secrets/X", "secrets=write"),
        ("POST", "actions/variables", "actions_variables=write"),
        ("POST", "actions/workflows/x.yml/dispatches", "actions=write"),
        ("POST", "actions/runs/3/pending_deployments", "deployments=write"),
        ("GET", "rulesets", "metadata=read"),
        ("POST", "rulesets", "administration=write"),
        ("GET", "/user", "metadata=read"),
    ],
)
def test_permissions_of_routes(verb: str, path: str, permission: str) -> None:
    assert str(needed(verb, path)) == permission
