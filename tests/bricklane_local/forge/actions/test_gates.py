"""What lets jobs in, or keeps them waiting: environments and concurrency."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.bricklane_local.forge.actions.conftest import Bench

pytestmark = pytest.mark.real

DEPLOY = """
name: Deploy
on: {push: {branches: [main, 'feature/*']}, workflow_dispatch: {}}
permissions: {}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: {name: prod, url: 'https://app.example/${{ steps.a.outputs.v }}'}
    steps:
      - id: a
        run: echo "v=7" >> "$GITHUB_OUTPUT"; echo "$HOST as $PASSWORD"
        env: {HOST: "${{ vars.HOST }}", PASSWORD: "${{ secrets.PASSWORD }}"}
"""


def protect(bench: Bench, **rules: Any) -> None:
    reviewer = bench.desk.client("release-manager").get_user().id
    body = {"reviewers": [{"type": "User", "id": reviewer}], **rules}
    answer = bench.desk.ask("PUT", f"{bench.path}/environments/prod", json=body)
    answer.raise_for_status()


def review(bench: Bench, run: Any, state: str, login: str = "release-manager") -> Any:
    path = f"{bench.path}/actions/runs/{run.id}/pending_deployments"
    (row,) = bench.desk.ask("GET", path, login=login).json()
    body = {"environment_ids": [row["environment"]["id"]], "state": state, "comment": "ok?"}
    return bench.desk.ask("POST", path, login=login, json=body)


def states(bench: Bench) -> list[str]:
    """Return the states of the newest deployment, oldest first."""
    deployment = bench.repository.get_deployments()[0]
    return [row.state for row in deployment.get_statuses()][::-1]


def test_a_deployment_waits_for_its_reviewer(bench: Bench) -> None:
    protect(bench, prevent_self_review=True)
    environment = bench.repository.get_environment("prod")
    environment.create_secret("PASSWORD", "t0p-s3cret")
    environment.create_variable("HOST", "prod.example")
    bench.repository.create_secret("PASSWORD", "of-the-repository")
    bench.workflow(DEPLOY)
    run = bench.run("waiting")
    assert bench.conclusions(run) == {"deploy": "waiting"}
    assert states(bench) == ["waiting"]
    refused = review(bench, run, "approved", "developer")
    assert (refused.status_code, "who started the run must not review it" in refused.text) == (
        403,
        True,
    )
    page = bench.desk.ask("GET", run.html_url, login="release-manager").text
    assert "Approve and deploy" in page
    assert "Approve and deploy" not in bench.desk.ask("GET", run.html_url).text
    assert review(bench, run, "approved").json()[0]["environment"] == "prod"
    run = bench.run()
    bench.succeeded(run)
    assert "prod.example as ***" in bench.log(run, "deploy")
    deployment = bench.repository.get_deployments()[0]
    assert (deployment.sha, deployment.ref, deployment.environment) == (
        run.head_sha,
        "main",
        "prod",
    )
    assert states(bench) == ["waiting", "in_progress", "success"]
    assert deployment.get_statuses()[0].environment_url == "https://app.example/7"
    (said,) = bench.desk.ask("GET", f"{bench.path}/actions/runs/{run.id}/approvals").json()
    assert (said["user"]["login"], said["state"], said["comment"]) == (
        "release-manager",
        "approved",
        "ok?",
    )


def test_a_reviewer_may_say_no_and_on_the_page_too(bench: Bench) -> None:
    protect(bench)
    bench.workflow(DEPLOY)
    run = bench.run("waiting")
    form = {"environment": "prod", "state": "rejected", "comment": "not <b>today</b>"}
    answer = bench.desk.ask(
        "POST", f"{run.html_url}/review", login="release-manager", data=form, allow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, run.html_url)
    run = bench.run()
    assert run.conclusion == "failure"
    assert states(bench) == ["waiting", "failure"]
    page = bench.desk.ask("GET", run.html_url).text
    assert "release-manager rejected the deployment: not &lt;b&gt;today&lt;/b&gt;" in page
    hostile = bench.desk.ask(
        "POST", f"{run.html_url}/review", data=form, headers={"Origin": "https://evil.example"}
    )
    assert hostile.status_code == 403


def test_a_branch_that_must_not_deploy_is_refused(bench: Bench) -> None:
    bench.desk.ask(
        "PUT",
        f"{bench.path}/environments/prod",
        json={
            "deployment_branch_policy": {
                "protected_branches": False,
                "custom_branch_policies": True,
            }
        },
    ).raise_for_status()
    path = f"{bench.path}/environments/prod/deployment-branch-policies"
    bench.desk.ask("POST", path, json={"name": "main"}).raise_for_status()
    sha = bench.repository.get_branch("main").commit.sha
    bench.repository.create_git_ref("refs/heads/feature/x", sha)
    bench.workflow(DEPLOY, branch="feature/x")
    run = bench.run()
    assert run.conclusion == "failure"
    page = bench.desk.ask("GET", run.html_url).text
    assert "Branch &#34;feature/x&#34; is not allowed to deploy to prod" in page
    assert bench.repository.get_deployments().totalCount == 0


GROUPED = """
on: workflow_dispatch
concurrency:
  group: one-${{ github.ref }}
  cancel-in-progress: CANCEL
jobs:
  slow:
    runs-on: ubuntu-latest
    steps:
      - run: while [ ! -e GATE ]; do sleep 0.1; done
      - run: echo through
"""


def dispatched(bench: Bench, times: int) -> list[int]:
    """Start the workflow so often; return the ids of the runs, oldest first."""
    numbers = []
    for _ in range(times):
        answer = bench.desk.ask(
            "POST",
            f"{bench.path}/actions/workflows/ci.yml/dispatches",
            json={"ref": "main", "return_run_details": True},
        )
        assert answer.status_code == 200, answer.text
        numbers.append(answer.json()["workflow_run_id"])
    return numbers


def shown(bench: Bench, numbers: list[int]) -> list[str]:
    runs = [bench.repository.get_workflow_run(number) for number in numbers]
    return [run.conclusion or run.status for run in runs]


def test_of_a_group_one_runs_and_the_newest_waits(bench: Bench, tmp_path: Any) -> None:
    gate = tmp_path / "gate"
    bench.workflow(GROUPED.replace("GATE", str(gate)).replace("CANCEL", "false"))
    bench.wait("the workflow", lambda: list(bench.repository.get_workflows()))
    runs = dispatched(bench, 3)
    expected = ["in_progress", "cancelled", "pending"]
    bench.wait("the last to wait", lambda: shown(bench, runs) == expected)
    gate.touch()
    bench.wait("both to end", lambda: shown(bench, runs) == ["success", "cancelled", "success"])
    page = bench.desk.ask("GET", bench.repository.get_workflow_run(runs[1]).html_url).text
    assert "higher priority waiting request for &#39;one-refs/heads/main&#39;" in page


def test_of_a_group_that_cancels_the_newest_runs(bench: Bench, tmp_path: Any) -> None:
    gate = tmp_path / "gate"
    text = GROUPED.replace("GATE", str(gate)).replace("CANCEL", "${{ github.actor != 'x' }}")
    bench.workflow(text)
    bench.wait("the workflow", lambda: list(bench.repository.get_workflows()))
    (first,) = dispatched(bench, 1)
    bench.wait("the first to run", lambda: shown(bench, [first]) == ["in_progress"])
    begin = time.monotonic()
    (second,) = dispatched(bench, 1)
    bench.wait("the first to end", lambda: shown(bench, [first]) == ["cancelled"])
    assert time.monotonic() - begin < 15
    gate.touch()
    bench.wait("the second to end", lambda: shown(bench, [second]) == ["success"])
