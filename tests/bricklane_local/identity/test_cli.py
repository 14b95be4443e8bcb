"""Service principals through the real Databricks CLI, and the CLI as a service principal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.service.iam import Patch, PatchOp

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Machine, Server

pytestmark = pytest.mark.real
BUNDLE = """
bundle:
  name: machines
variables:
  warehouse:
    lookup:
      warehouse: Serverless Starter Warehouse
  runner:
    lookup:
      service_principal: RUNNER
targets:
  prod:
    mode: production
    workspace:
      root_path: /Workspace/Users/${workspace.current_user.userName}/.bundle/${bundle.name}
    run_as:
      service_principal_name: ${var.runner}
resources:
  jobs:
    queries:
      name: queries
      tasks:
        - task_key: query
          sql_task:
            warehouse_id: ${var.warehouse}
            file:
              path: query.sql
              source: WORKSPACE
"""


@pytest.fixture(scope="module")
def program() -> str:
    """The Databricks CLI."""
    tools = Path(sys.executable).parent / "bricklane"
    command = [str(tools), "tools", "path", "databricks"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def run(
    program: str, *arguments: str, folder: Path, check: bool = True, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the CLI with nothing but ``environment`` to find its workspace by."""
    clean = {name: value for name, value in os.environ.items() if "DATABRICKS" not in name}
    done = subprocess.run(
        [program, *arguments],
        cwd=folder,
        env=clean | {"DATABRICKS_CONFIG_FILE": str(folder / "none")} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done


def credentials(server: Server, machine: Machine) -> dict[str, str]:
    return {
        "DATABRICKS_HOST": server.host,
        "DATABRICKS_CLIENT_ID": machine.application_id,
        "DATABRICKS_CLIENT_SECRET": machine.secret,
    }


@pytest.fixture
def cli(server: Server, program: str, tmp_path: Path) -> Callable[..., Any]:
    """Run the CLI as the administrator; returns its JSON, or what it ended with."""
    profile = {"DATABRICKS_HOST": server.host, "DATABRICKS_TOKEN": server.profile["token"]}

    def run_json(*arguments: str, check: bool = True) -> Any:
        done = run(program, *arguments, "-o", "json", folder=tmp_path, check=check, **profile)
        return json.loads(done.stdout) if done.stdout.strip().startswith(("{", "[")) else done

    return run_json


def test_the_cli_manages_service_principals(cli: Callable[..., Any]) -> None:
    made = cli("service-principals", "create", "--display-name", "by cli")
    assert cli("service-principals", "get", made["id"]) == made
    body = {"Operations": [{"op": "replace", "path": "displayName", "value": "renamed"}]}
    cli("service-principals", "patch", made["id"], "--json", json.dumps(body))
    found = cli("service-principals", "list", "--filter", 'displayName eq "renamed"')
    assert [item["applicationId"] for item in found] == [made["applicationId"]]
    secret = cli("service-principal-secrets-proxy", "create", made["id"])
    assert secret["secret"].startswith("dose")
    listed = cli("service-principal-secrets-proxy", "list", made["id"])
    assert [item["id"] for item in listed] == [secret["id"]]
    cli("service-principal-secrets-proxy", "delete", made["id"], secret["id"])
    assert {group["displayName"] for group in cli("groups", "list")} >= {"admins", "users"}
    cli("service-principals", "delete", made["id"])
    gone = cli("service-principals", "get", made["id"], check=False)
    assert f"Service principal with id {made['id']} not found" in gone.stderr


def test_the_cli_manages_users_and_groups(cli: Callable[..., Any]) -> None:
    jane = cli("users", "create", "--user-name", "jane@example.com")
    assert jane["id"] in [user["id"] for user in cli("users", "list")]
    team = cli("groups", "create", "--display-name", "cli team")
    add = {"op": "add", "path": "members", "value": [{"value": jane["id"]}]}
    cli("groups", "patch", team["id"], "--json", json.dumps({"Operations": [add]}))
    assert [member["value"] for member in cli("groups", "get", team["id"])["members"]] == [
        jane["id"]
    ]
    cli("groups", "delete", team["id"])
    cli("users", "delete", jane["id"])


def test_the_cli_sees_the_warehouse(cli: Callable[..., Any]) -> None:
    (found,) = cli("warehouses", "list")
    assert found["name"] == "Serverless Starter Warehouse"
    assert cli("warehouses", "stop", found["id"])["state"] == "STOPPED"
    assert cli("warehouses", "start", found["id"])["state"] == "RUNNING"
    assert cli("warehouses", "get", found["id"])["id"] == found["id"]


def test_the_cli_acts_as_a_service_principal(
    server: Server, program: str, tmp_path: Path, machine: Callable[[], Machine]
) -> None:
    made = machine()
    variables = credentials(server, made)
    me = run(program, "current-user", "me", folder=tmp_path, **variables)
    assert json.loads(me.stdout)["userName"] == made.application_id
    described = run(program, "auth", "describe", folder=tmp_path, **variables).stdout
    assert "Authenticated with: oauth-m2m" in described
    wrong = variables | {"DATABRICKS_CLIENT_SECRET": "no", "DATABRICKS_AUTH_TYPE": "oauth-m2m"}
    refused = run(program, "current-user", "me", folder=tmp_path, check=False, **wrong)
    assert refused.returncode == 1
    assert "invalid_client" in refused.stderr
    assert "Client authentication failed" in refused.stderr


def test_it_deploys_a_bundle_that_runs_as_another(
    server: Server,
    client: WorkspaceClient,
    program: str,
    tmp_path: Path,
    machine: Callable[[], Machine],
) -> None:
    deployer, runner = machine(), machine()
    name = str(client.service_principals.get(runner.id).display_name)
    (tmp_path / "databricks.yml").write_text(BUNDLE.replace("RUNNER", name))
    (tmp_path / "query.sql").write_text("SELECT 1")
    deploy = ("bundle", "deploy", "-t", "prod")
    variables = credentials(server, deployer)
    denied = run(program, *deploy, folder=tmp_path, check=False, **variables)
    assert denied.returncode == 1
    assert "PERMISSION_DENIED" in denied.stderr
    assert "roles/servicePrincipal.user" in denied.stderr
    (admins,) = client.groups.list(filter="displayName eq admins")
    operation = Patch(op=PatchOp.ADD, path="groups", value=[{"value": admins.id}])
    client.service_principals.patch(deployer.id, operations=[operation])
    run(program, *deploy, folder=tmp_path, **variables)
    (job,) = client.jobs.list(name="queries", expand_tasks=True)
    assert job.job_id
    assert job.creator_user_name == deployer.application_id
    assert client.jobs.get(job.job_id).run_as_user_name == runner.application_id
    summary = run(program, "bundle", "summary", "-t", "prod", folder=tmp_path, **variables)
    assert f"/Users/{deployer.application_id}/.bundle/machines" in summary.stdout
    run(program, "bundle", "destroy", "-t", "prod", "--auto-approve", folder=tmp_path, **variables)
    assert list(client.jobs.list(name="queries")) == []
