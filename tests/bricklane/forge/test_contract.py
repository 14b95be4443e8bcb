"""Every method of the forge protocol, against a real forge with real git behind it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bricklane.forge.errors import (
    ForgeConflict,
    ForgeError,
    ForgeForbidden,
    ForgeUnauthenticated,
)
from bricklane.forge.github.adapter import GitHub
from bricklane.forge.github.api import Api
from bricklane.forge.model import (
    BranchRules,
    Check,
    CheckState,
    DeploymentState,
    EnvironmentRules,
    MergeMethod,
    PullRequestState,
    Ruleset,
    WorkflowRun,
)
from tests.bricklane.forge.world import World, open_world
from tests.flows.cloud import DEVELOPER, QUICK, REVIEWER

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_world(tmp_path_factory.mktemp("contract")) as opened:
        yield opened


def test_the_repository(world: World) -> None:
    found = world.forge.repository()
    assert found.name == world.name
    assert found.default_branch == "main"
    assert found.private
    assert found.clone_url == world.cloud.remote(world.name)
    assert (world.forge.login(), world.reviewer.login()) == (DEVELOPER, REVIEWER)


def test_branches(world: World) -> None:
    forge = world.forge
    head = world.branch("release/9.1.0", "develop", {"a.txt": "a\n"})
    world.branch("release/9.2.0", "develop", {"b.txt": "b\n"})
    found = forge.branch("release/9.1.0")
    assert found is not None
    assert (found.name, found.commit) == ("release/9.1.0", head)
    assert [branch.name for branch in forge.branches("release/")] == [
        "release/9.1.0",
        "release/9.2.0",
    ]
    assert {"main", "develop", "release/9.1.0"} <= {branch.name for branch in forge.branches()}
    for name in ("release/9.1.0", "release/9.2.0", "release/9.2.0"):
        forge.delete_branch(name)
    assert forge.branch("release/9.1.0") is None
    assert forge.branches("release/") == []


def test_tags_and_history(world: World) -> None:
    forge, git = world.forge, world.clone.git
    main, develop = git("rev-parse", "main"), git("rev-parse", "develop")
    assert forge.tag("0.9.0") is None
    forge.create_tag("0.9.0", main, "Release 0.9.0\n\nwith notes")
    forge.create_tag("0.9.0", main, "again")
    with pytest.raises(ForgeConflict, match=r"the tag 0\.9\.0 exists"):
        forge.create_tag("0.9.0", develop, "elsewhere")
    assert forge.tag("0.9.0") == main
    git("fetch", "--quiet", "--tags", "origin")
    assert git("cat-file", "-t", "0.9.0") == "tag"
    assert "with notes" in git("tag", "--list", "--format=%(contents)", "0.9.0")
    assert forge.tree(develop) == git("rev-parse", "develop^{tree}")
    assert forge.is_ancestor(main, develop)
    assert forge.is_ancestor("main", "main")
    assert not forge.is_ancestor("develop", "main")
    with pytest.raises(ForgeError, match="404"):
        forge.tree("0" * 40)


def test_a_pull_request_from_opening_to_merging(world: World) -> None:
    forge = world.forge
    head = world.branch("feature/one", "develop", {"one.txt": "1\n"})
    title = 'feat: $(touch x)"; rm -rf `x`'
    made = forge.create_pull_request(head="feature/one", base="develop", title=title, body="why")
    again = forge.create_pull_request(head="feature/one", base="develop", title="x", body="x")
    assert again.number == made.number
    assert (made.title, made.body, made.author) == (title, "why", DEVELOPER)
    assert (made.head, made.head_commit, made.base) == ("feature/one", head, "develop")
    assert made.head_repository == world.name
    assert (made.state, made.merge_commit) == (PullRequestState.OPEN, None)
    forge.update_pull_request(made.number, body="because")
    forge.add_labels(made.number, ["enhancement", "enhancement"])
    forge.request_reviewers(made.number, [REVIEWER, DEVELOPER])
    forge.comment(made.number, "one", marker="bricklane:x")
    forge.comment(made.number, "two", marker="bricklane:x")
    forge.comment(made.number, "three")
    comments = world.cloud.ask("GET", f"/repos/{world.name}/issues/{made.number}/comments").json()
    assert [comment["body"].splitlines()[-1] for comment in comments] == ["two", "three"]
    assert [commit.sha for commit in forge.commits_of(made.number)] == [head]
    with pytest.raises(ForgeConflict, match="moved from"):
        forge.merge_pull_request(made.number, method=MergeMethod.MERGE, head_commit="0" * 40)
    merge = forge.merge_pull_request(
        made.number, method=MergeMethod.MERGE, head_commit=head, title="Merge feature one"
    )
    assert merge == forge.merge_pull_request(
        made.number, method=MergeMethod.MERGE, head_commit=head
    )
    found = forge.pull_request(made.number)
    assert found is not None
    assert (found.state, found.merge_commit, found.body) == (
        PullRequestState.MERGED,
        merge,
        "because",
    )
    assert found.labels == ("enhancement",)
    assert found.merged_at is not None
    world.clone.git("fetch", "--quiet", "origin")
    assert world.clone.git("log", "-1", "--format=%s", merge) == "Merge feature one"
    assert world.clone.git("rev-parse", f"{merge}^2") == head
    assert [request.number for request in forge.pull_requests_of(head)] == [made.number]


def test_pull_requests_are_found_and_closed(world: World) -> None:
    forge = world.forge
    world.branch("feature/two", "develop", {"two.txt": "2\n"})
    world.branch("feature/three", "develop", {"three.txt": "3\n"})
    two = forge.create_pull_request(head="feature/two", base="develop", title="2", body="")
    three = forge.create_pull_request(
        head="feature/three", base="main", title="3", body="", draft=True
    )
    forge.close_pull_request(two.number)
    forge.close_pull_request(two.number)
    open_ones = [found.number for found in forge.pull_requests(state=PullRequestState.OPEN)]
    assert open_ones == [three.number]
    newest = next(forge.pull_requests())
    assert newest.number == three.number
    closed = forge.pull_requests(head="feature/two", state=PullRequestState.CLOSED)
    assert [found.number for found in closed] == [two.number]
    assert list(forge.pull_requests(base="nothing")) == []
    assert forge.pull_request(9999) is None
    forge.close_pull_request(three.number)
    with pytest.raises(ForgeConflict, match="was closed without being merged"):
        forge.merge_pull_request(two.number, method=MergeMethod.MERGE, head_commit=two.head_commit)
    world.clone.git("push", "--quiet", "origin", "develop:refs/heads/feature/none")
    with pytest.raises(ForgeError, match="No commits between"):
        forge.create_pull_request(head="feature/none", base="develop", title="0", body="")


@pytest.mark.parametrize("method", [MergeMethod.SQUASH, MergeMethod.REBASE])
def test_other_ways_to_merge(world: World, method: MergeMethod) -> None:
    forge, name = world.forge, f"feature/{method}"
    world.clone.git("fetch", "--quiet", "origin")
    head = world.branch(name, "origin/develop", {f"{method}.txt": "x\n"})
    made = forge.create_pull_request(head=name, base="develop", title="t", body="")
    merge = forge.merge_pull_request(made.number, method=method, head_commit=head)
    after = forge.branch("develop")
    assert after is not None
    assert after.commit == merge
    world.clone.git("fetch", "--quiet", "origin")
    assert len(world.clone.git("log", "-1", "--format=%P", merge).split()) == 1


def test_a_conflict_is_told(world: World) -> None:
    forge = world.forge
    head = world.branch("feature/left", "main", {"README.md": "left\n"})
    other = world.branch("feature/right", "main", {"README.md": "right\n"})
    left = forge.create_pull_request(head="feature/left", base="main", title="l", body="")
    right = forge.create_pull_request(head="feature/right", base="main", title="r", body="")
    forge.merge_pull_request(left.number, method=MergeMethod.MERGE, head_commit=head)
    with pytest.raises(ForgeConflict, match="does not merge") as caught:
        forge.merge_pull_request(right.number, method=MergeMethod.MERGE, head_commit=other)
    assert "merge main into feature/right" in str(caught.value.hint)
    found = forge.pull_request(right.number)
    assert found is not None
    assert found.mergeable is False


def test_a_release_from_draft_to_published(world: World, tmp_path: Path) -> None:
    forge = world.forge
    main = world.clone.git("rev-parse", "main")
    wheel = tmp_path / "flights-1.0.0-py3-none-any.whl"
    wheel.write_bytes(bytes(range(256)) * 64)
    assert forge.release("1.0.0") is None
    draft = forge.save_release("1.0.0", name="1.0.0", body="old", target=main, draft=True)
    again = forge.save_release("1.0.0", name="1.0.0", body="new", target=main, draft=True)
    assert (again.id, again.body, again.draft) == (draft.id, "new", True)
    assert forge.tag("1.0.0") is None
    forge.upload_asset(draft, wheel)
    forge.upload_asset(draft, wheel)
    found = forge.release("1.0.0")
    assert found is not None
    assert list(found.assets) == [wheel.name]
    copy = tmp_path / "copy.whl"
    forge.download_asset(found, wheel.name, copy)
    assert copy.read_bytes() == wheel.read_bytes()
    wheel.write_bytes(b"other bytes")
    forge.upload_asset(draft, wheel)
    forge.download_asset(draft, wheel.name, copy)
    assert copy.read_bytes() == b"other bytes"
    (tmp_path / "deployment.json").write_text("{}", "utf-8")
    forge.upload_asset(draft, tmp_path / "deployment.json")
    forge.delete_asset(draft, "deployment.json")
    forge.delete_asset(draft, "deployment.json")
    out = forge.save_release("1.0.0", name="1.0.0", body="notes", target=main, draft=False)
    assert (out.id, out.draft, list(out.assets)) == (draft.id, False, [wheel.name])
    assert forge.tag("1.0.0") == main
    rows = world.cloud.ask("GET", f"/repos/{world.name}/releases").json()
    assert [row["tag_name"] for row in rows] == ["1.0.0"]


def test_deployments_and_checks(world: World) -> None:
    forge = world.forge
    commit = world.clone.git("rev-parse", "develop")
    payload = {"version": "1.1.0", "wheels": {"a.whl": "00"}, "tests": ["unit"]}
    made = forge.create_deployment(
        environment="staging", commit=commit, ref="release/1.1.0", task="bricklane",
        payload=payload, description="about to",
    )  # fmt: skip
    assert (made.commit, made.ref, made.payload) == (commit, "release/1.1.0", payload)
    assert made.state == DeploymentState.PENDING
    for state in (DeploymentState.IN_PROGRESS, DeploymentState.SUCCESS):
        forge.set_deployment_status(
            made.id, state, description="y" * 200, log_url="http://127.0.0.1/log"
        )
    other = forge.create_deployment(
        environment="dev", commit=commit, ref="develop", task="other", payload={}
    )
    assert [found.id for found in forge.deployments()] == [other.id, made.id]
    (found,) = forge.deployments(environment="staging", commit=commit, task="bricklane")
    assert found.state == DeploymentState.SUCCESS
    assert (found.creator, found.log_url) == (DEVELOPER, "http://127.0.0.1/log")
    assert len(found.description) == 140
    assert found.payload == payload
    assert list(forge.deployments(environment="prod")) == []

    forge.set_check(commit, "bricklane/staging", CheckState.PENDING)
    forge.set_check(
        commit,
        "bricklane/staging",
        CheckState.SUCCESS,
        description="green",
        url="http://127.0.0.1/",
    )
    assert Check("bricklane/staging", CheckState.SUCCESS, "green", "http://127.0.0.1/") in (
        forge.checks(commit)
    )


def test_environments_secrets_and_variables(world: World) -> None:
    forge = world.forge
    rules = EnvironmentRules((REVIEWER,), True, ("main", "hotfix/*"), 0)
    forge.save_environment("prod", rules)
    forge.save_environment("prod", rules)
    forge.save_environment("dev", EnvironmentRules())
    assert forge.environments()["prod"] == rules
    assert forge.environments()["dev"] == EnvironmentRules()
    strict = EnvironmentRules(branches=("main",), admins_bypass=False)
    forge.save_environment("prod", strict)
    assert forge.environments()["prod"] == strict
    for environment in (None, "prod"):
        assert forge.secrets(environment) == {}
        forge.save_secret("CLIENT_SECRET", "s3cret", environment=environment)
        forge.save_secret("CLIENT_SECRET", "other", environment=environment)
        assert list(forge.secrets(environment)) == ["CLIENT_SECRET"]
        forge.delete_secret("CLIENT_SECRET", environment=environment)
        forge.delete_secret("CLIENT_SECRET", environment=environment)
        assert forge.secrets(environment) == {}
        for number in range(12):
            forge.save_variable(f"V{number:02}", str(number), environment=environment)
        forge.save_variable("V00", "changed", environment=environment)
        found = forge.variables(environment)
        assert list(found) == [f"V{number:02}" for number in range(12)]
        assert found["V00"] == "changed"
    with pytest.raises(ForgeError, match="knows no user nobody-at-all"):
        forge.save_environment("prod", EnvironmentRules(reviewers=("nobody-at-all",)))


def test_rulesets_hold(world: World) -> None:
    forge = world.forge
    world.branch("guarded", "main", {"guarded.txt": "g\n"})
    rules = Ruleset(
        name="guard",
        branches=("guarded", "guarded/*"),
        approvals=1,
        checks=("pull-request",),
        merge_methods=(MergeMethod.MERGE,),
        bypass=("role:admin",),
    )
    forge.save_ruleset(rules)
    assert forge.rulesets() == [rules]
    stricter = Ruleset("guard", ("guarded",), approvals=1, checks=("pull-request",))
    forge.save_ruleset(stricter)
    assert forge.rulesets() == [stricter]
    found = forge.branch("guarded")
    assert found is not None
    assert found.protected
    head = world.branch("feature/guarded", "guarded", {"guarded.txt": "h\n"})
    made = forge.create_pull_request(head="feature/guarded", base="guarded", title="t", body="")
    with pytest.raises(ForgeForbidden, match=r"refused PUT .*/merge") as caught:
        forge.merge_pull_request(made.number, method=MergeMethod.MERGE, head_commit=head)
    assert "see what is missing on" in str(caught.value.hint)
    with pytest.raises(ForgeForbidden):
        forge.delete_branch("guarded")


def test_rules_of_a_branch_are_those_of_all_sources(world: World) -> None:
    forge = world.forge
    world.branch("ruled", "main", {"ruled.txt": "r\n"})
    assert forge.branch_rules("ruled") == BranchRules()
    methods = (MergeMethod.MERGE, MergeMethod.SQUASH)
    forge.save_ruleset(
        Ruleset("one", ("ruled",), checks=("a",), merge_methods=methods, no_deletion=False)
    )
    forge.save_ruleset(
        Ruleset(
            name="two",
            branches=("ruled", "other"),
            approvals=2,
            checks=("b", "a"),
            merge_methods=(MergeMethod.MERGE,),
            no_force_push=False,
            bypass=("role:write",),
        )
    )
    both = BranchRules(
        pull_request=True,
        approvals=2,
        checks=("a", "b"),
        merge_methods=(MergeMethod.MERGE,),
        no_deletion=True,
        no_force_push=True,
        bypass=("role:write",),
    )
    assert forge.branch_rules("ruled") == both
    protection = {
        "required_status_checks": {"strict": False, "contexts": ["c"]},
        "enforce_admins": False,
        "required_pull_request_reviews": None,
        "restrictions": None,
    }
    world.cloud.ask("PUT", f"/repos/{world.name}/branches/ruled/protection", protection)
    assert forge.branch_rules("ruled") == replace(
        both, checks=("a", "b", "c"), bypass=("role:write", "role:admin")
    )


def test_who_is_asked_before_production(world: World) -> None:
    forge, owner = world.forge, f"/admin/users/{DEVELOPER}"
    assert forge.reviewer_support().enforced
    world.cloud.ask("PATCH", owner, {"plan": "team"})
    try:
        found = forge.reviewer_support()
        assert found.enforced is False
        assert found.reason == "the repository is private, and the plan of developer is team"
        # Not the owner: the plan is not told, and this is a server of its own.
        assert world.reviewer.reviewer_support().enforced
    finally:
        world.cloud.ask("PATCH", owner, {"plan": "enterprise"})


def test_whether_jobs_open_pull_requests(world: World) -> None:
    path = f"/repos/{world.name}/actions/permissions/workflow"
    assert world.forge.jobs_may_open_pull_requests()
    world.cloud.ask("PUT", path, {"can_approve_pull_request_reviews": False})
    assert not world.forge.jobs_may_open_pull_requests()
    world.forge.let_jobs_open_pull_requests()
    assert world.forge.jobs_may_open_pull_requests()
    with pytest.raises(ForgeForbidden, match="Must have admin rights"):
        world.reviewer.jobs_may_open_pull_requests()


ALL = {
    "actions": "write",
    "contents": "write",
    "deployments": "write",
    "pull_requests": "write",
    "statuses": "write",
}


@pytest.mark.parametrize("name", [*ALL, ""])
def test_what_a_token_lacks(world: World, name: str) -> None:
    permissions = ALL | ({name: "read"} if name else {})
    token = world.cloud.issue_token(DEVELOPER, permissions=permissions, expires_in=3600)
    forge = GitHub(Api(world.cloud.access["api"], world.name, token, patience=QUICK))
    assert forge.lacking() == ([f"{name}=write"] if name else [])
    ends = forge.token_expires()
    assert ends is not None
    assert timedelta(minutes=50) < ends - datetime.now(UTC) < timedelta(minutes=61)
    forge.api.close()


def test_a_token_without_end(world: World) -> None:
    assert world.forge.lacking() == []
    assert world.forge.token_expires() is None


def test_a_workflow_waits_for_its_reviewer(world: World) -> None:
    forge = world.forge
    forge.save_environment("guarded", EnvironmentRules(reviewers=(REVIEWER,)))
    forge.dispatch_workflow("greet.yml", ref="main", inputs={"who": "world"})
    run = until_status(world, "waiting")
    assert (run.event, run.branch, run.workflow) == ("workflow_dispatch", "main", "greet.yml")
    (pending,) = forge.pending_approvals(run.id)
    assert (pending.environment, pending.reviewers) == ("guarded", (REVIEWER,))
    assert not pending.may_approve
    with pytest.raises(ForgeForbidden, match="may not review guarded"):
        forge.review_run(run.id, ["guarded"], approve=True, comment="me")
    with pytest.raises(ForgeConflict, match="does not wait to enter prod"):
        world.reviewer.review_run(run.id, ["prod"], approve=True, comment="it")
    world.reviewer.review_run(run.id, ["guarded"], approve=True, comment="go")
    run = until_status(world, "completed")
    log = forge.workflow_log(run.id)
    assert run.conclusion == "success", log
    assert "hello world" in log
    assert "let in" in log
    assert forge.pending_approvals(run.id) == []
    assert forge.workflow_run(run.id) == run
    assert forge.workflow_run(10**9) is None
    assert list(forge.workflow_runs(branch="develop", file="greet.yml")) == []
    assert list(forge.workflow_runs(file="absent.yml")) == []
    with pytest.raises(ForgeError, match="404"):
        forge.dispatch_workflow("absent.yml", ref="main", inputs={})
    forge.cancel_run(run.id)
    assert forge.workflow_run(run.id) == run


def test_a_run_that_waits_is_cancelled(world: World) -> None:
    forge = world.forge
    forge.save_environment("guarded", EnvironmentRules(reviewers=(REVIEWER,)))
    forge.dispatch_workflow("greet.yml", ref="main", inputs={"who": "nobody"})
    forge.cancel_run(until_status(world, "waiting").id)
    assert until_status(world, "completed").conclusion == "cancelled"


def until_status(world: World, status: str) -> WorkflowRun:
    """Return the newest run of greet.yml once it has ``status``; fail after two minutes."""
    end = time.monotonic() + 120
    while True:
        run = next(world.forge.workflow_runs(file="greet.yml"), None)
        if run is not None and run.status == status:
            return run
        if time.monotonic() > end or (run is not None and run.status == "completed"):
            log = world.forge.workflow_log(run.id) if run else ""
            raise AssertionError(f"not {status}: {run}\n{log}")
        time.sleep(0.2)


def test_a_token_that_is_wrong_is_told(world: World) -> None:
    stranger = GitHub(Api(world.cloud.access["api"], world.name, "ghp_wrong", patience=QUICK))
    with pytest.raises(ForgeUnauthenticated, match="does not accept the token"):
        stranger.repository()
    stranger.api.close()
