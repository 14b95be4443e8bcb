"""Machine-to-machine OAuth: the token endpoint, secrets, expiry, and whose workspace a token is."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
import requests
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    Unauthenticated,
)
from databricks.sdk.service.iam import GrantRule, RuleSetUpdateRequest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Machine, Server

GRANT = {"grant_type": "client_credentials", "scope": "all-apis"}
HOUR = 3600 * 1000


def ask(server: Server, workspace: str = "dev", **arguments: Any) -> requests.Response:
    host = server.profile_of(workspace)["host"]
    return requests.post(f"{host}/oidc/v1/token", timeout=30, **arguments)


def me(server: Server, token: str, workspace: str = "dev") -> requests.Response:
    host = server.profile_of(workspace)["host"]
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{host}/api/2.0/preview/scim/v2/Me", headers=headers, timeout=30)


def move_clock(server: Server, milliseconds: int) -> None:
    path = "/_bricklane/clock"
    assert server.request("POST", path, json={"milliseconds": milliseconds}).ok


def test_clients_find_the_token_endpoint(server: Server) -> None:
    for path in ("/.well-known/databricks-config", "/oidc/.well-known/oauth-authorization-server"):
        assert requests.get(server.host + path, timeout=30).ok
    found = requests.get(
        f"{server.host}/oidc/.well-known/oauth-authorization-server", timeout=30
    ).json()
    assert found["token_endpoint"] == f"{server.host}/oidc/v1/token"
    assert "client_credentials" in found["grant_types_supported"]


def test_a_token_for_credentials_in_the_header_or_in_the_form(
    server: Server, machine: Callable[[], Machine]
) -> None:
    made = machine()
    form = {"client_id": made.application_id, "client_secret": made.secret}
    for answer in (
        ask(server, data=GRANT, auth=(made.application_id, made.secret)),
        ask(server, data=GRANT | form),
    ):
        body = answer.json()
        assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
        assert answer.headers["Cache-Control"] == "no-store"
        assert me(server, body["access_token"]).json()["userName"] == made.application_id


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        (GRANT | {"scope": "sql"}, 400, "invalid_scope"),
        (GRANT | {"assume_group": "7"}, 400, "invalid_request"),
        ([*GRANT.items(), ("scope", "all-apis")], 400, "invalid_request"),
    ],
)
def test_what_the_token_endpoint_refuses(
    server: Server, machine: Callable[[], Machine], form: Any, status: int, error: str
) -> None:
    made = machine()
    answer = ask(server, data=form, auth=(made.application_id, made.secret))
    assert (answer.status_code, answer.json()["error"]) == (status, error)


@pytest.mark.parametrize("secret", ["", "dose00000000000000000000000000000000", "ä:%"])
def test_a_wrong_secret_and_an_unknown_client_look_the_same(
    server: Server, machine: Callable[[], Machine], secret: str
) -> None:
    made = machine()
    known = ask(server, data=GRANT | {"client_id": made.application_id, "client_secret": secret})
    unknown = ask(server, data=GRANT | {"client_id": "who", "client_secret": secret})
    for answer in (known, unknown):
        body = answer.json()
        assert answer.status_code == 401
        assert (body["error"], body["error_description"]) == (
            "invalid_client",
            "Client authentication failed",
        )
    with pytest.raises(ValueError, match="invalid_client: Client authentication failed"):
        server.machine(made.application_id, secret or "x").current_user.me()


def test_a_body_that_is_no_form_is_refused(server: Server) -> None:
    assert ask(server, json=GRANT).json()["error"] == "invalid_request"
    text = {"Content-Type": "application/x-www-form-urlencoded"}
    assert ask(server, data=b"\xff\xfe", headers=text).json()["error"] == "invalid_request"
    assert ask(server, data=b"a=" + b"x" * 70_000, headers=text).status_code == 413


def test_tokens_are_good_in_one_workspace(server: Server, machine: Callable[[], Machine]) -> None:
    made = machine()
    token = ask(server, data=GRANT, auth=(made.application_id, made.secret)).json()["access_token"]
    assert me(server, token).ok
    for value in (token, server.profile["token"]):
        assert me(server, value, "staging").status_code == 401
    stranger = ask(server, "staging", data=GRANT, auth=(made.application_id, made.secret)).json()
    assert stranger["error"] == "unauthorized_client"
    assert "is not in the workspace staging" in stranger["error_description"]


def test_tokens_and_secrets_expire(
    server: Server, client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    made = machine()
    short = client.service_principal_secrets_proxy.create(made.id, lifetime="7200s")
    assert short.secret
    credentials = (made.application_id, short.secret)
    token = ask(server, data=GRANT, auth=credentials).json()["access_token"]
    move_clock(server, HOUR - 1000)
    try:
        assert me(server, token).ok
        move_clock(server, 2000)
        expired = me(server, token)
        assert (expired.status_code, expired.json()["error_code"]) == (401, "UNAUTHENTICATED")
        assert "expired" in expired.json()["message"]
        assert ask(server, data=GRANT, auth=credentials).ok
        move_clock(server, HOUR)
        assert ask(server, data=GRANT, auth=credentials).json()["error"] == "invalid_client"
        listed = {s.id: s.status for s in client.service_principal_secrets_proxy.list(made.id)}
        assert listed[str(short.id)] == "EXPIRED"
    finally:
        move_clock(server, -2 * HOUR - 1000)


def test_a_secret_is_shown_once_and_stored_as_a_digest(
    server: Server, client: WorkspaceClient
) -> None:
    proxy = client.service_principal_secrets_proxy
    made = client.service_principals.create(display_name="secretive")
    assert made.id
    created = [proxy.create(made.id) for _ in range(5)]
    with pytest.raises(BadRequest, match="at most 5 secrets"):
        proxy.create(made.id)
    listed = list(proxy.list(made.id))
    assert [item.id for item in listed] == [item.id for item in created]
    stored = b"".join(path.read_bytes() for path in server.state.glob("cloud.sqlite*"))
    for item in created:
        assert item.secret
        assert item.secret not in str([found.as_dict() for found in listed])
        assert item.secret.encode() not in stored
    proxy.delete(made.id, str(created[0].id))
    with pytest.raises(NotFound, match=f"has no secret {created[0].id}"):
        proxy.delete(made.id, str(created[0].id))
    with pytest.raises(InvalidParameterValue, match="lifetime must be seconds"):
        proxy.create(made.id, lifetime="1 year")
    account = f"/api/2.0/accounts/{client.config.account_id}/servicePrincipals/{made.id}"
    found = server.request("GET", f"{account}/credentials/secrets").json()["secrets"]
    assert len(found) == 4


def test_who_is_gone_or_inactive_may_not_call(
    server: Server, client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    made = machine()
    credentials = (made.application_id, made.secret)
    token = ask(server, data=GRANT, auth=credentials).json()["access_token"]
    client.service_principals.update(made.id, display_name="off", active=False)
    refused = me(server, token)
    assert (refused.status_code, refused.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert ask(server, data=GRANT, auth=credentials).json()["error"] == "unauthorized_client"
    client.service_principals.update(made.id, display_name="on", active=True)
    assert me(server, token).ok
    client.service_principals.delete(made.id)
    assert me(server, token).status_code == 401
    # The account still knows it, so its secret is right; it may not enter this workspace.
    assert ask(server, data=GRANT, auth=credentials).json()["error"] == "unauthorized_client"
    assert server.account().service_principals_v2.get(made.id).active
    server.account().service_principals_v2.delete(made.id)
    assert ask(server, data=GRANT, auth=credentials).json()["error"] == "invalid_client"


def test_secrets_and_roles_need_the_manager_role(
    client: WorkspaceClient, machine: Callable[[], Machine]
) -> None:
    made, other = machine(), machine()
    with pytest.raises(PermissionDenied, match=r"servicePrincipal\.manager"):
        other.client.service_principal_secrets_proxy.create(made.id)
    access = client.account_access_control_proxy
    resource = f"accounts/{client.config.account_id}/servicePrincipals/{made.application_id}"
    name = f"{resource}/ruleSets/default"
    rules = access.get_rule_set(name=name, etag="")
    managers = [f"servicePrincipals/{other.application_id}"]
    rule = GrantRule(role="roles/servicePrincipal.manager", principals=managers)
    wanted = RuleSetUpdateRequest(name=name, etag=rules.etag, grant_rules=[rule])
    access.update_rule_set(name, wanted)
    assert other.client.service_principal_secrets_proxy.create(made.id).secret
    with pytest.raises(Exception, match="was changed meanwhile"):
        access.update_rule_set(name, wanted)
    roles = access.get_assignable_roles_for_resource(resource).roles or []
    assert {role.name.rpartition(".")[2] for role in roles} == {"manager", "user"}


def test_identities_and_tokens_survive_a_kill(fresh: Server) -> None:
    fresh.up()
    client = fresh.client()
    made = client.service_principals.create(display_name="durable")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    credentials = (str(made.application_id), str(secret))
    token = ask(fresh, data=GRANT, auth=credentials).json()["access_token"]
    os.kill(json.loads((fresh.state / "server.json").read_text())["pid"], signal.SIGKILL)
    fresh.up()
    assert me(fresh, token).json()["userName"] == made.application_id
    assert ask(fresh, data=GRANT, auth=credentials).ok


def test_an_unknown_token_is_refused(server: Server) -> None:
    with pytest.raises(Unauthenticated, match="Invalid access token"):
        raise_for(me(server, "dkea00"))


def raise_for(answer: requests.Response) -> None:
    assert answer.status_code == 401
    raise Unauthenticated(answer.json()["message"])
