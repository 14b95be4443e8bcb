"""Workspaces that come and go by the account's API."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import (
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceAlreadyExists,
)
from databricks.sdk.service.iam import WorkspacePermission
from databricks.sdk.service.provisioning import CustomerFacingComputeMode as Mode
from databricks.sdk.service.provisioning import WorkspaceStatus

if TYPE_CHECKING:
    from databricks.sdk.service.provisioning import Workspace

    from conftest import Server


def make(server: Server, name: str) -> Workspace:
    account = server.account()
    return account.workspaces.create_and_wait(workspace_name=name, compute_mode=Mode.SERVERLESS)


def running(server: Server) -> dict[str, str]:
    hosts: dict[str, str] = json.loads((server.state / "server.json").read_text())["hosts"]
    return hosts


def test_a_cloud_has_three_workspaces_or_none(server: Server, fresh: Server) -> None:
    names = [one.workspace_name for one in server.account().workspaces.list()]
    assert names[:3] == ["dev", "staging", "prod"]
    said = fresh.local("up", "--port", "0", "--empty").stdout
    assert "export DATABRICKS_CONFIG_PROFILE=account" in said
    assert list(fresh.account().workspaces.list()) == []
    assert list(running(fresh)) == ["forge", "account"]


def test_a_workspace_opens_a_listener_of_its_own(server: Server) -> None:
    made = make(server, "Sales EU")
    assert made.workspace_status is WorkspaceStatus.RUNNING
    assert made.deployment_name == "sales-eu"
    client = server.client("sales-eu")
    assert client.config.host == running(server)["sales-eu"]
    assert client.get_workspace_id() == made.workspace_id
    assert {catalog.name for catalog in client.catalogs.list()} >= {"sales_eu", "samples"}
    url = requests.get(
        f"{server.account().config.host}/api/2.0/accounts/{server.account().config.account_id}"
        f"/workspaces/{made.workspace_id}",
        headers=server.account().config.authenticate(),
        timeout=30,
    ).json()["workspace_url"]
    assert url == client.config.host


def test_its_creator_administers_it(server: Server) -> None:
    made = make(server, "created")
    assert made.workspace_id
    assigned = server.account().workspace_assignment.list(made.workspace_id)
    levels = {item.principal.display_name: item.permissions for item in assigned if item.principal}
    assert levels == {
        "Local Developer": [WorkspacePermission.ADMIN],
        "bricklane local administrator": [WorkspacePermission.ADMIN],
    }


def test_a_deleted_workspace_leaves_nothing(server: Server) -> None:
    made = make(server, "short lived")
    assert made.workspace_id
    client = server.client("short-lived")
    client.jobs.create(name="left behind")
    host, token = str(client.config.host), str(client.config.token)
    server.account().workspaces.delete(made.workspace_id)
    with pytest.raises(NotFound, match=f"There is no workspace {made.workspace_id}"):
        server.account().workspaces.get(made.workspace_id)
    assert "short-lived" not in running(server)
    with pytest.raises(requests.ConnectionError):
        requests.get(host, timeout=5)
    assert not (server.state / "workspaces/short-lived").exists()
    again = make(server, "short lived")
    assert again.workspace_id != made.workspace_id
    fresh_client = server.client("short-lived")
    assert list(fresh_client.jobs.list()) == []
    old = WorkspaceClient(host=str(fresh_client.config.host), token=token, auth_type="pat")
    with pytest.raises(Exception, match="Invalid access token"):
        old.current_user.me()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"workspace_name": "classic"}, "serverless workspaces only"),
        (
            {"workspace_name": "x", "compute_mode": Mode.SERVERLESS, "network_id": "n"},
            "no networks, credentials, storage or keys of a customer: network_id",
        ),
        ({"workspace_name": "…", "compute_mode": Mode.SERVERLESS}, "a letter or digit"),
        ({"workspace_name": "n" * 65, "compute_mode": Mode.SERVERLESS}, "1 to 64 characters"),
        ({"workspace_name": "Forge", "compute_mode": Mode.SERVERLESS}, "reserved"),
        ({"compute_mode": Mode.SERVERLESS}, "a letter or digit"),
    ],
)
def test_what_cannot_be_made_is_named(
    server: Server, arguments: dict[str, object], message: str
) -> None:
    with pytest.raises(InvalidParameterValue, match=message):
        server.account().workspaces.create(**arguments)  # type: ignore[arg-type]


def test_a_taken_name_is_refused(server: Server) -> None:
    with pytest.raises(ResourceAlreadyExists, match="'DEV' already"):
        make(server, "DEV")


def test_workspaces_keep_their_urls_over_a_kill(fresh: Server) -> None:
    fresh.local("up", "--port", "0", "--empty")
    made = make(fresh, "durable")
    client = fresh.client("durable")
    job = client.jobs.create(name="kept").job_id
    os.kill(json.loads((fresh.state / "server.json").read_text())["pid"], signal.SIGKILL)
    fresh.up()
    assert running(fresh)["durable"] == client.config.host
    assert [found.job_id for found in client.jobs.list()] == [job]
    assert client.get_workspace_id() == made.workspace_id


def test_the_account_wants_its_own_credentials(server: Server) -> None:
    profile = server.profile_of("account")
    url = f"{profile['host']}/api/2.0/accounts/{profile['account_id']}/workspaces"
    assert requests.get(url, timeout=30).status_code == 401
    personal = {"Authorization": f"Bearer {server.profile['token']}"}
    assert requests.get(url, headers=personal, timeout=30).status_code == 401
    other = url.replace(profile["account_id"], "0" * 8)
    answer = requests.get(other, headers=server.account().config.authenticate(), timeout=30)
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert Path(server.state / "config").stat().st_mode & 0o077 == 0


def test_only_its_administrators_may_use_it(server: Server) -> None:
    account = server.account()
    made = account.service_principals_v2.create(display_name="no administrator")
    secret = account.service_principal_secrets.create(str(made.id)).secret
    stranger = server.account(client_id=str(made.application_id), client_secret=str(secret))
    for attempt in (
        lambda: list(stranger.workspaces.list()),
        lambda: stranger.service_principals_v2.create(display_name="x"),
        lambda: list(stranger.users_v2.list()),
    ):
        with pytest.raises(PermissionDenied, match="needs the role account_admin"):
            attempt()
