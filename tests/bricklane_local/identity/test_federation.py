"""Federation: tokens of other issuers are exchanged for access tokens, and only those that fit."""

from __future__ import annotations

import base64
import hmac
import json
import os
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import requests
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.oauth2 import (
    FederationPolicy,
    OidcFederationPolicy,
    ServicePrincipalFederationPolicyAPI,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt

from tests.bricklane_local.identity.issuer import REQUEST_TOKEN, SUBJECT, Issuer

if TYPE_CHECKING:
    from conftest import Machine, Server

EXCHANGE = {
    "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
    "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    "scope": "all-apis",
}


@pytest.fixture(scope="module")
def one_issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def issuer(one_issuer: Issuer) -> Issuer:
    """The issuer that the tests of this module share, answering as it should."""
    one_issuer.reset()
    return one_issuer


@pytest.fixture
def policies(server: Server) -> ServicePrincipalFederationPolicyAPI:
    return server.account().service_principal_federation_policy


@pytest.fixture
def trusted(
    machine: Callable[[], Machine], policies: ServicePrincipalFederationPolicyAPI, issuer: Issuer
) -> Machine:
    """A service principal that the issuer's tokens may stand for."""
    made = machine()
    policies.create(int(made.id), policy(issuer))
    return made


def policy(issuer: Issuer, **changes: Any) -> FederationPolicy:
    values = {"issuer": issuer.url, "audiences": ["acme", "other"], "subject": SUBJECT}
    return FederationPolicy(oidc_policy=OidcFederationPolicy(**(values | changes)))


def exchange(
    server: Server, token: str, client_id: str = "", workspace: str = "dev", **more: str
) -> requests.Response:
    host = server.profile_of(workspace)["host"]
    form = EXCHANGE | {"subject_token": token} | ({"client_id": client_id} if client_id else {})
    return requests.post(f"{host}/oidc/v1/token", data=form | more, timeout=30)


def refused(answer: requests.Response, code: str = "invalid_request") -> str:
    body = answer.json()
    assert (answer.status_code, body["error"]) == (400, code), body
    return str(body["error_description"])


def me(server: Server, answer: requests.Response) -> requests.Response:
    assert answer.ok, answer.text
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    path = "/api/2.0/preview/scim/v2/Me"
    return requests.get(server.host + path, headers=headers, timeout=30)


def move_clock(server: Server, milliseconds: int) -> None:
    body = {"milliseconds": milliseconds}
    assert server.request("POST", "/_bricklane/clock", json=body).ok


@pytest.mark.parametrize("key", ["key", "curve"])
def test_a_token_that_fits_becomes_an_access_token(
    server: Server, trusted: Machine, issuer: Issuer, key: str
) -> None:
    token = issuer.token(key=getattr(issuer, key))
    answer = exchange(server, token, trusted.application_id)
    assert me(server, answer).json()["userName"] == trusted.application_id
    body = answer.json()
    assert body["token_type"] == "Bearer"
    assert body["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    assert 290 <= body["expires_in"] <= 300
    assert answer.headers["Cache-Control"] == "no-store"
    # One may be exchanged again: nothing says otherwise.
    assert exchange(server, token, trusted.application_id).ok


def test_what_does_not_fit_is_named(server: Server, trusted: Machine, issuer: Issuer) -> None:
    now = issuer.claims()["iat"]
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "issuer": ({"iss": "https://evil.example"}, "trusts the token's issuer 'https://evil.exa"),
        "no issuer": ({"iss": None}, "trusts the token's issuer missing"),
        "audience": ({"aud": "acme2"}, "audience (aud) is 'acme2', which is not an audience of"),
        "no audience": ({"aud": None}, "audience (aud) is missing"),
        "audiences": ({"aud": ["a", 1]}, "audience (aud) is ['a', 1]"),
        "subject": ({"sub": SUBJECT + "2"}, f"subject (sub) is '{SUBJECT}2', which no federation"),
        "case": ({"sub": SUBJECT.upper()}, "which no federation policy of service principal"),
        "no subject": ({"sub": None}, "subject (sub) is missing, not a name"),
        "subjects": ({"sub": [SUBJECT]}, "not a name"),
        "expired": ({"exp": now - 1}, "The token is expired (claim exp)"),
        "for ever": ({"exp": None}, "Missing claim: 'exp'"),
        "no time": ({"exp": "soon"}, "'exp' must be a NumericDate"),
        "not yet": ({"nbf": now + 60}, "The token is not yet valid (claim nbf)"),
        "future": ({"iat": now + 60}, "The token was issued in the future (claim iat)"),
        "other key": ({"key": issuer.other}, f"has no key '{issuer.other.kid}' (kid)"),
        "algorithm": ({"alg": "PS256"}, "signed by 'PS256'; only RS256 and ES256"),
    }
    for name, (changes, message) in wrong.items():
        token = issuer.token(**changes)
        answer = exchange(server, token, trusted.application_id)
        assert message in refused(answer), name
        assert not any(part in answer.text for part in token.split(".")), name
    assert exchange(server, issuer.token(aud=["x", "other"]), trusted.application_id).ok


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def test_what_is_forged_is_refused(server: Server, trusted: Machine, issuer: Issuer) -> None:
    header, payload, signature = issuer.token().split(".")
    claims = encoded(issuer.claims())
    public = issuer.key.as_pem(private=False)
    kid = str(issuer.key.kid)
    symmetric = f"{encoded({'alg': 'HS256', 'kid': kid})}.{claims}"
    by_public_key = f"{symmetric}.{encoded(hmac.digest(public, symmetric.encode(), 'sha256'))}"
    other = issuer.token(key=issuer.other)
    own_name = encoded({"alg": "RS256", "kid": kid})
    signature_of_another = jwt.encode(
        {"alg": "RS256", "kid": kid}, issuer.claims(), issuer.other, algorithms=["RS256"]
    )
    forged = {
        f"{encoded({'alg': 'none'})}.{claims}.": "signed by 'none'",
        f"{encoded({'alg': 'None', 'kid': kid})}.{claims}.{signature}": "signed by 'None'",
        by_public_key: "signed by 'HS256'",
        f"{header}.{encoded(issuer.claims(sub='root'))}.{signature}": "signature is not",
        f"{header}.{payload}.{signature[:-8]}AAAAAAAA": "signature is not",
        f"{header}.{payload}.": "signature is not",
        f"{own_name}.{other.split('.')[1]}.{other.split('.')[2]}": "signature is not",
        signature_of_another: "signature is not",
        f"{encoded({'alg': 'ES256', 'kid': kid})}.{payload}.{signature}": "signature is not",
        issuer.token(key=issuer.curve, sub=SUBJECT)[:-4] + "AAAA": "signature is not",
        "": "The parameter subject_token is missing",
        "a.b": "is not a signed JSON Web Token",
        "a.b.c.d.e": "is not a signed JSON Web Token",
        f"{encoded(['alg'])}.{claims}.x": "is not a signed JSON Web Token",
        f"{encoded({'alg': 'RS256'})}.{encoded([1])}.x": "is not a signed JSON Web Token",
        f"{encoded(b'[' * 9000)}.{claims}.x": "is not a signed JSON Web Token",
        f"{encoded({'alg': 'RS256'})}.{encoded(b'[' * 30_000)}.x": "is not a signed JSON Web Tok",
        "ä.ö.ü": "is not a signed JSON Web Token",
    }
    for token, message in forged.items():
        assert message in refused(exchange(server, token, trusted.application_id)), token[:60]


@settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
@given(place=st.integers(0, 10_000), bit=st.integers(0, 5))
def test_no_bit_of_a_token_may_change(
    server: Server, trusted: Machine, issuer: Issuer, place: int, bit: int
) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = issuer.token()
    place %= len(token) - 1  # the last letter of RSA's 256 bytes has bits that say nothing
    old = token[place]
    new = letters[letters.index(old) ^ (1 << bit)] if old in letters else "A"
    changed = token[:place] + new + token[place + 1 :]
    refused(exchange(server, changed, trusted.application_id))


def test_what_an_exchange_has_to_say(server: Server, trusted: Machine, issuer: Issuer) -> None:
    token = issuer.token()
    for more, message in (
        ({"subject_token_type": "urn:ietf:params:oauth:token-type:saml2"}, "subject_token_type"),
        ({"requested_token_type": "urn:x"}, "requested_token_type must be"),
        ({"actor_token": token}, "actor_token is not supported"),
        ({"audience": "x"}, "audience is not supported"),
    ):
        assert message in refused(exchange(server, token, trusted.application_id, **more))
    answer = exchange(server, token, trusted.application_id, scope="sql")
    assert "only the scope all-apis" in refused(answer, "invalid_scope")
    metadata = requests.get(f"{server.host}/oidc/.well-known/oauth-authorization-server", timeout=9)
    assert EXCHANGE["grant_type"] in metadata.json()["grant_types_supported"]


def test_an_access_token_lives_as_long_as_the_token_it_was_given_for(
    server: Server, trusted: Machine, issuer: Issuer
) -> None:
    now = issuer.claims()["iat"]
    long = exchange(server, issuer.token(exp=now + 100_000), trusted.application_id)
    assert long.json()["expires_in"] == 3600
    short = exchange(server, issuer.token(), trusted.application_id)
    assert me(server, short).ok
    move_clock(server, 301_000)
    try:
        expired = me(server, short)
        assert (expired.status_code, expired.json()["error_code"]) == (401, "UNAUTHENTICATED")
        assert me(server, long).ok
        again = exchange(server, issuer.token(), trusted.application_id)
        assert "expired" in refused(again)
    finally:
        move_clock(server, -301_000)


def test_policies_count_as_they_are_now(
    server: Server, trusted: Machine, issuer: Issuer, policies: ServicePrincipalFederationPolicyAPI
) -> None:
    (made,) = policies.list(int(trusted.id))
    before = exchange(server, issuer.token(), trusted.application_id)
    narrow = FederationPolicy(oidc_policy=OidcFederationPolicy(audiences=["new"]))
    policies.update(
        int(trusted.id), str(made.policy_id), narrow, update_mask="oidc_policy.audiences"
    )
    assert "'acme'" in refused(exchange(server, issuer.token(), trusted.application_id))
    assert exchange(server, issuer.token(aud="new"), trusted.application_id).ok
    policies.delete(int(trusted.id), str(made.policy_id))
    after = exchange(server, issuer.token(aud="new"), trusted.application_id)
    assert "No federation policy of service principal" in refused(after)
    assert me(server, before).ok, "what was given before lives to its end"


def test_of_several_policies_one_has_to_fit(
    server: Server, trusted: Machine, issuer: Issuer, policies: ServicePrincipalFederationPolicyAPI
) -> None:
    immutable = "repo:acme@12/flights@34:environment:prod"
    policies.create(int(trusted.id), policy(issuer, subject=immutable, audiences=["third"]))
    assert exchange(server, issuer.token(), trusted.application_id).ok
    assert exchange(server, issuer.token(sub=immutable, aud="third"), trusted.application_id).ok
    mixed = exchange(server, issuer.token(sub=immutable), trusted.application_id)
    assert "subject (sub)" in refused(mixed)


def test_the_principal_has_to_be_there_and_active(
    server: Server, client: WorkspaceClient, trusted: Machine, issuer: Issuer
) -> None:
    token = issuer.token()
    elsewhere = exchange(server, token, trusted.application_id, "staging")
    assert "is not in the workspace staging" in refused(elsewhere, "unauthorized_client")
    client.service_principals.update(trusted.id, display_name="off", active=False)
    off = exchange(server, token, trusted.application_id)
    assert "is inactive" in refused(off, "unauthorized_client")
    client.service_principals.update(trusted.id, display_name="on", active=True)
    assert exchange(server, token, trusted.application_id).ok
    nobody = refused(exchange(server, token, "11111111-2222-3333-4444-555555555555"))
    assert nobody.startswith("No federation policy of service principal 11111111-")
    client.service_principals.delete(trusted.id)
    gone = exchange(server, token, trusted.application_id)
    assert "is not in the workspace dev" in refused(gone, "unauthorized_client")
    server.account().service_principals_v2.delete(trusted.id)
    assert "No federation policy of" in refused(exchange(server, token, trusted.application_id))


def test_keys_come_from_where_the_policy_says(
    server: Server,
    machine: Callable[[], Machine],
    issuer: Issuer,
    policies: ServicePrincipalFederationPolicyAPI,
) -> None:
    by_copy, by_address = machine(), machine()
    copy = json.dumps(issuer.keys(issuer.other))
    policies.create(int(by_copy.id), policy(issuer, jwks_json=copy))
    assert exchange(server, issuer.token(key=issuer.other), by_copy.application_id).ok
    assert "has no key" in refused(exchange(server, issuer.token(), by_copy.application_id))
    assert issuer.asked == []
    issuer.answers["/elsewhere"] = (200, issuer.keys(issuer.other))
    address = issuer.url.replace("/idp", "/elsewhere")
    policies.create(int(by_address.id), policy(issuer, jwks_uri=address))
    for _ in range(3):
        assert exchange(server, issuer.token(key=issuer.other), by_address.application_id).ok
    assert issuer.asked == ["/elsewhere"]


def test_new_keys_are_found_and_unknown_ones_asked_for_only_now_and_then(
    server: Server,
    machine: Callable[[], Machine],
    issuer: Issuer,
    policies: ServicePrincipalFederationPolicyAPI,
) -> None:
    made = machine()
    address = issuer.url.replace("/idp", "/rotated")
    issuer.answers["/rotated"] = (200, issuer.keys())
    policies.create(int(made.id), policy(issuer, jwks_uri=address))
    fresh = issuer.token(key=issuer.other)
    for _ in range(5):
        assert "has no key" in refused(exchange(server, fresh, made.application_id))
    assert issuer.asked == ["/rotated"]
    issuer.answers["/rotated"] = (200, issuer.keys(issuer.key, issuer.other))
    move_clock(server, 6_000)
    issuer.offset = 6
    try:
        assert exchange(server, fresh, made.application_id).ok
        assert exchange(server, issuer.token(), made.application_id).ok
    finally:
        move_clock(server, -6_000)
        issuer.offset = 0
    assert issuer.asked == ["/rotated", "/rotated"]


@pytest.mark.parametrize(
    ("path", "answer", "message"),
    [
        (".well-known/openid-configuration", (500, {}), "answered 500"),
        (".well-known/openid-configuration", (302, {}), "answered 302"),
        (".well-known/openid-configuration", (200, b"<html>"), "did not answer a JSON object"),
        (".well-known/openid-configuration", (200, {"issuer": "https://x.example"}), "is about"),
        ("keys", (200, {"keys": []}), "is no JSON Web Key Set"),
        ("keys", (200, b"x" * 300_000), "answered more than 262144 bytes"),
    ],
)
def test_an_issuer_that_cannot_be_believed(
    server: Server, machine: Callable[[], Machine], path: str, answer: Any, message: str
) -> None:
    made = machine()
    issuer = Issuer()
    try:
        issuer.answers[f"/idp/{path}"] = answer
        policies = server.account().service_principal_federation_policy
        policies.create(int(made.id), policy(issuer))
        said = refused(exchange(server, issuer.token(), made.application_id))
        assert said.startswith(f"The keys of the issuer {issuer.url} cannot be had: ")
        assert message in said
        issuer.reset()
        assert exchange(server, issuer.token(), made.application_id).ok, "it is asked again"
    finally:
        issuer.close()


def test_an_issuer_that_cannot_be_reached_or_sends_elsewhere(
    server: Server, machine: Callable[[], Machine]
) -> None:
    made, issuer = machine(), Issuer()
    policies = server.account().service_principal_federation_policy
    policies.create(int(made.id), policy(issuer))
    document = {"issuer": issuer.url, "jwks_uri": "http://metadata.example/keys"}
    issuer.answers["/idp/.well-known/openid-configuration"] = (200, document)
    said = refused(exchange(server, issuer.token(), made.application_id))
    assert "has no jwks_uri that can be trusted" in said
    issuer.close()
    said = refused(exchange(server, issuer.token(), made.application_id))
    assert "cannot be reached: ConnectionError" in said


def test_a_policy_of_the_account_tells_whom_by_a_claim(
    server: Server, client: WorkspaceClient, machine: Callable[[], Machine], issuer: Issuer
) -> None:
    made = machine()
    account = server.account().federation_policy
    wanted = policy(issuer, subject=None, audiences=None, subject_claim="email")
    account.create(wanted, policy_id="idp")
    try:
        audience = str(client.config.account_id)
        person = str(client.current_user.me().user_name)
        answer = exchange(server, issuer.token(aud=audience, email=person.upper()))
        assert me(server, answer).json()["userName"] == person
        answer = exchange(server, issuer.token(aud=audience, email=made.application_id))
        assert me(server, answer).json()["userName"] == made.application_id
        stranger = exchange(server, issuer.token(aud=audience, email="who@example.com"))
        assert "who@example.com is not in the" in refused(stranger, "unauthorized_client")
        assert "which is not the account's id" in refused(exchange(server, issuer.token()))
        # Who names a service principal is judged by the policies of that one alone.
        named = exchange(server, issuer.token(aud=audience, email=person), made.application_id)
        assert f"No federation policy of service principal {made.application_id}" in refused(named)
    finally:
        account.delete("idp")
    gone = exchange(server, issuer.token(aud=audience, email=person))
    assert "No federation policy of the account trusts" in refused(gone)


@pytest.fixture
def workflow(
    trusted: Machine,
    policies: ServicePrincipalFederationPolicyAPI,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Make this process look like a step of a GitHub workflow that the principal trusts."""
    url = issuer.url.replace("/idp", "/idtoken?api-version=2.0")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", url)
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", REQUEST_TOKEN)
    policies.create(int(trusted.id), policy(issuer, audiences=None))


@pytest.mark.usefixtures("workflow")
def test_the_sdk_signs_in_at_the_account(server: Server, trusted: Machine) -> None:
    profile = server.profile_of("account")
    client = AccountClient(
        host=profile["host"],
        account_id=profile["account_id"],
        client_id=trusted.application_id,
        auth_type="github-oidc",
    )
    assert client.config.token_audience == profile["account_id"]
    with pytest.raises(PermissionDenied, match="is no administrator of the account"):
        list(client.service_principals_v2.list())


@pytest.mark.usefixtures("workflow")
def test_the_sdk_signs_in_as_in_a_workflow_and_renews(
    server: Server, trusted: Machine, issuer: Issuer
) -> None:
    client = WorkspaceClient(
        host=server.host, client_id=trusted.application_id, auth_type="github-oidc"
    )
    assert client.config.token_audience == client.config.account_id
    assert client.current_user.me().user_name == trusted.application_id
    move_clock(server, 301_000)
    issuer.offset = 301
    try:
        assert client.current_user.me().user_name == trusted.application_id
    finally:
        move_clock(server, -301_000)
        issuer.offset = 0


def test_policies_survive_the_servers_death(fresh: Server, issuer: Issuer) -> None:
    client = fresh.up().client()
    made = client.service_principals.create(display_name="lasting")
    fresh.account().service_principal_federation_policy.create(int(str(made.id)), policy(issuer))
    status = json.loads(fresh.local("status", "--json").stdout)
    os.kill(status["pid"], signal.SIGKILL)
    fresh.up()
    assert exchange(fresh, issuer.token(), str(made.application_id)).ok
