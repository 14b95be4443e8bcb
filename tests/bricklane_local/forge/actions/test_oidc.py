"""Which jobs get ID tokens, for how long, and what else sees what they are asked with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.bricklane_local.forge.actions.conftest import Bench
from tests.bricklane_local.forge.desk import branch

pytestmark = pytest.mark.real

ASKING = """
on: {workflow_dispatch: {inputs: {folder: {type: string}}}}
permissions: {}
jobs:
  entitled:
    runs-on: ubuntu-latest
    environment: prod
    permissions: {id-token: write}
    steps:
      - run: |
          curl -sSf -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
            "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=acme" > "$FOLDER/answer.json"
          printf '%s %s' "$ACTIONS_ID_TOKEN_REQUEST_URL" "$ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
            > "$FOLDER/request"
          echo "asked with $ACTIONS_ID_TOKEN_REQUEST_TOKEN"
          curl -s -o /dev/null -w 'as api token %{http_code}\\n' \\
            -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" "$GITHUB_API_URL/meta"
          curl -s -o /dev/null -w 'by api token %{http_code}\\n' \\
            -H "Authorization: Bearer $GH_TOKEN" "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=acme"
          cd "$HOME/.." && echo files *.yml
        env: {FOLDER: "${{ inputs.folder }}", GH_TOKEN: "${{ github.token }}"}
  not-entitled:
    runs-on: ubuntu-latest
    permissions: {contents: write}
    steps:
      - run: echo "url=[$ACTIONS_ID_TOKEN_REQUEST_URL] token=[$ACTIONS_ID_TOKEN_REQUEST_TOKEN]"
"""


def claims_of(bench: Bench, token: str) -> dict[str, Any]:
    """Return what a token says, once it is verified as whoever trusts the forge does it."""
    issuer = f"{bench.desk.url}/_services/token"
    document = requests.get(f"{issuer}/.well-known/openid-configuration", timeout=10).json()
    keys = KeySet.import_key_set(requests.get(document["jwks_uri"], timeout=10).json())
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
    assert claims["iss"] == issuer
    return claims


def test_a_job_that_may_gets_tokens_until_it_ends(bench: Bench, tmp_path: Path) -> None:
    bench.workflow(ASKING)
    bench.repository.create_environment("prod")
    bench.wait("the workflow", lambda: list(bench.repository.get_workflows()))
    bench.repository.get_workflow("ci.yml").create_dispatch("main", {"folder": str(tmp_path)})
    run = bench.run()
    bench.succeeded(run)
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["count"] == len(answer["value"])
    claims = claims_of(bench, answer["value"])
    repository = bench.repository
    owner = repository.owner.id
    assert claims["aud"] == "acme"
    assert claims["sub"] == (
        f"repo:developer@{owner}/{repository.name}@{repository.id}:environment:prod"
    )
    job = bench.job(run, "entitled")
    told = {
        "environment": "prod",
        "event_name": "workflow_dispatch",
        "repository": repository.full_name,
        "ref": "refs/heads/main",
        "sha": run.head_sha,
        "run_id": str(run.id),
        "actor": "developer",
        "check_run_id": job["check_run_url"].rpartition("/")[2],
    }
    assert {name: claims[name] for name in told} == told
    log = bench.log(run, "entitled")
    assert "asked with ***" in log
    assert "as api token 401" in log
    assert "by api token 401" in log
    assert "files none.yml" in log, "what act was given is gone by then"
    assert "IdToken: write" in log
    assert "url=[] token=[]" in bench.log(run, "not-entitled")
    url, _, token = (tmp_path / "request").read_text().partition(" ")
    assert len(token) > 30
    over = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert over.status_code == 401, "the request token ends with its job"
    state = bench.desk.state
    kept = [path.read_bytes() for path in state.rglob("*") if path.is_file()]
    assert not any(token.encode() in content for content in kept)


PULL = """
on: {pull_request: {}, push: {branches: [main]}}
permissions: {contents: read, id-token: write}
jobs:
  look:
    runs-on: ubuntu-latest
    steps:
      - run: |
          echo "url=[${ACTIONS_ID_TOKEN_REQUEST_URL:+set}]"
          test -z "$ACTIONS_ID_TOKEN_REQUEST_URL" || curl -sSf \\
            -H "Authorization: Bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \\
            "$ACTIONS_ID_TOKEN_REQUEST_URL" | python3 -c "import base64, json, sys; \\
            part = json.load(sys.stdin)['value'].split('.')[1] + '=='; \\
            print('sub', json.loads(base64.urlsafe_b64decode(part))['sub'])"
"""


def test_a_pull_request_gets_one_and_a_forks_none(bench: Bench) -> None:
    bench.workflow(PULL)
    prefix = bench.desk.ask("GET", f"{bench.path}/actions/oidc/customization/sub").json()
    pushed = bench.run(event="push")
    bench.succeeded(pushed)
    said = f"sub {prefix['sub_claim_prefix']}"
    assert f"{said}:ref:refs/heads/main" in bench.log(pushed, "look")
    branch(bench.repository, "own")
    bench.repository.create_pull(base="main", head="own", title="of this repository")
    own = bench.run(event="pull_request")
    bench.succeeded(own)
    assert f"{said}:pull_request" in bench.log(own, "look")
    upstream = bench.desk.client("release-manager").get_repo(bench.repository.full_name)
    fork = upstream.create_fork()
    branch(fork, "evil")
    upstream.create_pull(base="main", head="release-manager:evil", title="please")

    def of_the_fork() -> Any:
        runs = bench.runs(event="pull_request")
        found = [row for row in runs if row.head_repository.full_name == fork.full_name]
        return next((row for row in found if row.status == "completed"), None)

    run = bench.wait("the fork's run", of_the_fork)
    bench.succeeded(run)
    log = bench.log(run, "look")
    assert "url=[]" in log
    assert "sub " not in log
    assert "IdToken" not in log
