"""The real Databricks CLI signs in with tokens of another issuer, and renews what runs out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.service.iam import Patch, PatchOp
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy

from tests.bricklane_local.identity.issuer import REQUEST_TOKEN, SUBJECT, Issuer

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Machine, Server

pytestmark = pytest.mark.real
# The build takes longer than the first access token lives.
BUNDLE = """
bundle:
  name: federated
artifacts:
  slow:
    type: whl
    build: sleep WAIT && cp built/*.whl dist/
targets:
  prod:
    mode: production
    workspace:
      root_path: /Workspace/Users/${workspace.current_user.userName}/.bundle/${bundle.name}
resources:
  jobs:
    sales:
      name: federated sales
      environments:
        - environment_key: default
          spec: {environment_version: "4", dependencies: [dist/*.whl]}
      tasks:
        - task_key: load
          environment_key: default
          python_wheel_task: {package_name: slow, entry_point: load}
"""


@pytest.fixture(scope="module")
def program() -> str:
    """The Databricks CLI."""
    command = [str(Path(sys.executable).parent / "bricklane"), "tools", "path", "databricks"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def deployer(
    server: Server, client: WorkspaceClient, machine: Callable[[], Machine], issuer: Issuer
) -> Iterator[Machine]:
    """An administrator that signs in with the issuer's tokens for the account."""
    made = machine()
    oidc = OidcFederationPolicy(issuer=issuer.url, subject=SUBJECT)
    policies = server.account().service_principal_federation_policy
    policies.create(int(made.id), FederationPolicy(oidc_policy=oidc))
    (admins,) = client.groups.list(filter="displayName eq admins")
    operation = Patch(op=PatchOp.ADD, path="groups", value=[{"value": admins.id}])
    client.service_principals.patch(made.id, operations=[operation])
    yield made
    client.service_principals.delete(made.id)


def run(
    server: Server,
    program: str,
    deployer: Machine,
    issuer: Issuer,
    folder: Path,
    *arguments: str,
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """Run the CLI as a step of a GitHub workflow would."""
    clean = {name: value for name, value in os.environ.items() if "DATABRICKS" not in name}
    environment = {
        "DATABRICKS_CONFIG_FILE": str(folder / "none"),
        "DATABRICKS_AUTH_TYPE": "github-oidc",
        "DATABRICKS_HOST": server.host,
        "DATABRICKS_CLIENT_ID": deployer.application_id,
        "ACTIONS_ID_TOKEN_REQUEST_URL": issuer.url.replace("/idp", "/idtoken?api-version=2.0"),
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": REQUEST_TOKEN,
    }
    return subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=clean | environment | more,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_cli_signs_in_and_says_what_does_not_fit(
    server: Server, program: str, deployer: Machine, issuer: Issuer, tmp_path: Path
) -> None:
    base = (server, program, deployer, issuer, tmp_path)
    me = run(*base, "current-user", "me")
    assert me.returncode == 0, me.stderr
    assert json.loads(me.stdout)["userName"] == deployer.application_id
    described = run(*base, "auth", "describe").stdout
    assert "Authenticated with: github-oidc" in described
    wrong = run(*base, "current-user", "me", DATABRICKS_TOKEN_AUDIENCE="elsewhere")
    assert wrong.returncode == 1
    assert "invalid_request" in wrong.stderr
    assert "audience (aud) is 'elsewhere', which is not the account's id" in wrong.stderr
    denied = run(*base, "current-user", "me", ACTIONS_ID_TOKEN_REQUEST_TOKEN="wrong")
    assert denied.returncode == 1
    assert "failed to request ID token" in denied.stderr


def test_the_cli_manages_policies(
    server: Server, program: str, deployer: Machine, tmp_path: Path
) -> None:
    def cli(*arguments: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if "DATABRICKS" not in name}
        profile = {
            "DATABRICKS_CONFIG_FILE": str(server.state / "config"),
            "DATABRICKS_CONFIG_PROFILE": "account",
        }
        return subprocess.run(
            [program, "account", *arguments, "-o", "json"],
            cwd=tmp_path,
            env=clean | profile,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    family = "service-principal-federation-policy"
    body = json.dumps({"oidc_policy": {"issuer": "https://idp.example", "subject": "ci"}})
    made = cli(family, "create", deployer.id, "--policy-id", "by-cli", "--json", body)
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["service_principal_id"] == int(deployer.id)
    listed = json.loads(cli(family, "list", deployer.id).stdout)
    assert "by-cli" in [policy["policy_id"] for policy in listed]
    change = json.dumps({"description": "for CI"})
    changed = cli(family, "update", deployer.id, "by-cli", "--json", change)
    assert json.loads(changed.stdout)["description"] == "for CI"
    got = json.loads(cli(family, "get", deployer.id, "by-cli").stdout)
    assert got["oidc_policy"] == {"issuer": "https://idp.example", "subject": "ci"}
    assert cli(family, "delete", deployer.id, "by-cli").returncode == 0
    gone = cli(family, "get", deployer.id, "by-cli")
    assert "has no federation policy by-cli" in gone.stderr
    made = cli("federation-policy", "create", "--json", '{"oidc_policy": {"issuer": "http://x"}}')
    assert "oidc_policy.issuer must be an https URL" in made.stderr


def test_a_token_that_runs_out_in_a_deployment_is_renewed(
    server: Server,
    client: WorkspaceClient,
    program: str,
    deployer: Machine,
    issuer: Issuer,
    tmp_path: Path,
) -> None:
    (tmp_path / "built").mkdir()
    (tmp_path / "dist").mkdir()
    (tmp_path / "built" / "slow-1.0-py3-none-any.whl").write_bytes(b"a wheel")
    (tmp_path / "databricks.yml").write_text(BUNDLE.replace("WAIT", "13"))
    # Tokens are exchanged twelve seconds before they run out: the cloud's clock says so.
    body = {"milliseconds": 288_000}
    assert server.request("POST", "/_bricklane/clock", json=body).ok
    try:
        deployed = run(server, program, deployer, issuer, tmp_path, "bundle", "deploy")
    finally:
        back = {"milliseconds": -288_000}
        assert server.request("POST", "/_bricklane/clock", json=back).ok
    assert deployed.returncode == 0, deployed.stderr
    (job,) = client.jobs.list(name="federated sales")
    assert job.creator_user_name == deployer.application_id
    requests = server.request("GET", "/_bricklane/requests").json()["requests"]
    latest = [row["path"] for row in requests]
    built = max(at for at, path in enumerate(latest) if "/import-file/" in path)
    exchanges = [at for at, path in enumerate(latest) if path == "/oidc/v1/token"]
    assert issuer.asked.count("/idtoken") >= 2
    assert len([at for at in exchanges if at < built]) >= 2
