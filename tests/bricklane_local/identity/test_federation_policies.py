"""Federation policies through the SDK: what they may say, and who may change them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    PermissionDenied,
    ResourceConflict,
)
from databricks.sdk.service.oauth2 import (
    FederationPolicy,
    OidcFederationPolicy,
    ServicePrincipalFederationPolicyAPI,
)
from joserfc.jwk import OctKey, RSAKey

if TYPE_CHECKING:
    from databricks.sdk import AccountClient

    from conftest import Server

GITHUB = "https://token.actions.githubusercontent.com"
SUBJECT = "repo:acme/flights:environment:prod"


def policy(**changes: Any) -> FederationPolicy:
    values = {"issuer": GITHUB, "subject": SUBJECT}
    return FederationPolicy(oidc_policy=OidcFederationPolicy(**(values | changes)))


@pytest.fixture(scope="module")
def account(server: Server) -> AccountClient:
    return server.account()


@pytest.fixture
def principal(account: AccountClient) -> int:
    return int(str(account.service_principals_v2.create(display_name="federated").id))


@pytest.fixture
def policies(account: AccountClient) -> ServicePrincipalFederationPolicyAPI:
    return account.service_principal_federation_policy


def test_policies_of_a_service_principal(
    account: AccountClient, principal: int, policies: ServicePrincipalFederationPolicyAPI
) -> None:
    made = policies.create(principal, policy(audiences=["acme"]), policy_id="ci/prod")
    owner = f"accounts/{account.config.account_id}/servicePrincipals/{principal}"
    path = f"{owner}/federationPolicies/ci/prod"
    assert (made.name, made.policy_id, made.service_principal_id) == (path, "ci/prod", principal)
    assert made.uid
    assert made.create_time == made.update_time
    assert made.oidc_policy
    assert made.oidc_policy.as_dict() == {
        "issuer": GITHUB,
        "audiences": ["acme"],
        "subject": SUBJECT,
    }
    assert policies.get(principal, "ci/prod") == made
    unnamed = policies.create(principal, policy())
    assert unnamed.policy_id
    assert list(policies.list(principal, page_size=1)) == [made, unnamed]
    with pytest.raises(ResourceConflict, match="has a federation policy ci/prod already"):
        policies.create(principal, policy(), policy_id="ci/prod")
    policies.delete(principal, "ci/prod")
    with pytest.raises(NotFound, match=f"{principal} has no federation policy ci/prod"):
        policies.get(principal, "ci/prod")
    with pytest.raises(NotFound, match="has no federation policy ci/prod"):
        policies.delete(principal, "ci/prod")


def test_an_update_changes_what_it_names(
    principal: int, policies: ServicePrincipalFederationPolicyAPI
) -> None:
    policies.create(principal, policy(audiences=["a"]), policy_id="p")

    def update(wanted: FederationPolicy, mask: str | None) -> dict[str, Any]:
        changed = policies.update(principal, "p", wanted, update_mask=mask)
        assert changed == policies.get(principal, "p")
        assert changed.oidc_policy
        return changed.oidc_policy.as_dict() | {"description": changed.description}

    before = {"issuer": GITHUB, "subject": SUBJECT, "audiences": ["a"]}
    described = FederationPolicy(description="for CI")
    assert update(described, None) == before | {"description": "for CI"}
    other = policy(subject="x", audiences=["b"])
    assert update(other, "oidc_policy.audiences") == before | {
        "audiences": ["b"],
        "description": "for CI",
    }
    part = FederationPolicy(oidc_policy=OidcFederationPolicy(subject="y"))
    assert update(part, None) == before | {
        "subject": "y",
        "audiences": ["b"],
        "description": "for CI",
    }
    whole = {"issuer": GITHUB, "subject": SUBJECT}
    assert update(policy(), "description,oidc_policy") == whole | {"description": None}
    assert update(policy(audiences=["c"]), "*") == whole | {
        "audiences": ["c"],
        "description": None,
    }
    with pytest.raises(InvalidParameterValue, match=r"update_mask names 'oidc_policy\.nothing'"):
        update(other, "oidc_policy.nothing")
    with pytest.raises(InvalidParameterValue, match="subject must be given in a policy of a serv"):
        update(FederationPolicy(), "oidc_policy.subject")
    assert policies.get(principal, "p").oidc_policy.as_dict() == whole | {"audiences": ["c"]}


SECRET = RSAKey.generate_key(2048).as_dict(private=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"issuer": None}, "issuer must be an https URL"),
        ({"issuer": "http://idp.example"}, "issuer must be an https URL"),
        ({"issuer": "https://user@idp.example"}, "issuer must be an https URL"),
        ({"issuer": "ftp://127.0.0.1"}, "issuer must be an https URL"),
        ({"issuer": "https://[::1"}, "issuer must be an https URL"),
        ({"issuer": "https://idp.example:99999"}, "issuer must be an https URL"),
        ({"subject": None}, "subject must be given in a policy of a service principal"),
        ({"audiences": ["a", ""]}, "audiences must not hold an empty audience"),
        ({"jwks_uri": "http://idp.example/keys"}, "jwks_uri must be an https URL"),
        ({"jwks_json": "{"}, "jwks_json is no JSON Web Key Set"),
        ({"jwks_json": '{"keys": []}'}, "jwks_json is no JSON Web Key Set"),
        ({"jwks_json": '{"keys": [7]}'}, "jwks_json is no JSON Web Key Set"),
        ({"jwks_json": '{"keys": [{"kty": "RSA", "n": "!", "e": "A"}]}'}, "is no JSON Web Key"),
        ({"jwks_json": json.dumps({"keys": [SECRET]})}, "holds a private or symmetric key"),
        (
            {"jwks_json": json.dumps({"keys": [OctKey.generate_key(256).as_dict()]})},
            "holds a private or symmetric key",
        ),
        ({"jwks_json": "{}", "jwks_uri": "https://a.example"}, "one of jwks_uri and jwks_json"),
    ],
)
def test_what_a_policy_cannot_say(
    principal: int,
    policies: ServicePrincipalFederationPolicyAPI,
    changes: dict[str, Any],
    message: str,
) -> None:
    with pytest.raises(InvalidParameterValue, match=message) as refusal:
        policies.create(principal, policy(**changes))
    assert str(SECRET["d"]) not in str(refusal.value)
    assert list(policies.list(principal)) == []


def test_names_types_and_the_account_are_checked(
    account: AccountClient, principal: int, policies: ServicePrincipalFederationPolicyAPI
) -> None:
    with pytest.raises(InvalidParameterValue, match="policy_id must be 1 to 128 lower-case"):
        policies.create(principal, policy(), policy_id="Not-Lower")
    wrong = policy()
    wrong.name = "accounts/x/federationPolicies/y"
    with pytest.raises(InvalidParameterValue, match="name must be that of the request's path"):
        policies.create(principal, wrong, policy_id="y")
    with pytest.raises(NotFound, match="There is no service principal 7"):
        policies.create(7, policy())
    account_id = str(account.config.account_id)
    path = f"/api/2.0/accounts/{account_id}/servicePrincipals/{principal}/federationPolicies"
    for body, message in (
        ({"oidc_policy": []}, "oidc_policy must be an object"),
        ({"oidc_policy": {"audiences": "a"}}, "oidc_policy.audiences must be a list"),
        ({"oidc_policy": {"issuer": 7}}, "oidc_policy.issuer must be str"),
        ({"description": 7}, "description must be str"),
    ):
        with pytest.raises(BadRequest, match=message):
            account.api_client.do("POST", path, body=body)
    with pytest.raises(NotFound, match="There is no account other"):
        account.api_client.do("GET", path.replace(account_id, "other"))
    for number in ("9" * 40, "x", "-1"):
        with pytest.raises(NotFound, match=f"There is no service principal {number}"):
            account.api_client.do("GET", path.replace(f"/{principal}/", f"/{number}/"))


def test_there_are_at_most_twenty(
    account: AccountClient, principal: int, policies: ServicePrincipalFederationPolicyAPI
) -> None:
    for number in range(20):
        policies.create(principal, policy(), policy_id=f"p{number}")
        account.federation_policy.create(policy(subject=None), policy_id=f"p{number}")
    with pytest.raises(BadRequest, match=f"{principal} can have at most 20 federation policies"):
        policies.create(principal, policy())
    with pytest.raises(BadRequest, match="The account can have at most 20 federation policies"):
        account.federation_policy.create(policy(subject=None))
    policies.delete(principal, "p0")
    policies.create(principal, policy())
    for number in range(20):
        account.federation_policy.delete(f"p{number}")


def test_policies_of_the_account(account: AccountClient) -> None:
    policies = account.federation_policy
    with pytest.raises(InvalidParameterValue, match="subject must not be given in a policy of the"):
        policies.create(policy())
    made = policies.create(policy(subject=None, subject_claim="email"), policy_id="idp")
    assert made.name == f"accounts/{account.config.account_id}/federationPolicies/idp"
    assert made.service_principal_id is None
    assert [found.policy_id for found in policies.list()] == ["idp"]
    policies.update("idp", FederationPolicy(description="people"), update_mask="description")
    assert policies.get("idp").description == "people"
    policies.delete("idp")
    assert list(policies.list()) == []


def test_policies_need_an_administrator_of_the_account_and_go_with_their_principal(
    server: Server, account: AccountClient
) -> None:
    made = account.service_principals_v2.create(display_name="a machine")
    secret = account.service_principal_secrets.create(str(made.id)).secret
    number = int(str(made.id))
    own = server.account(client_id=str(made.application_id), client_secret=str(secret))
    with pytest.raises(PermissionDenied, match="is no administrator of the account"):
        own.service_principal_federation_policy.create(number, policy())
    with pytest.raises(PermissionDenied, match="is no administrator of the account"):
        list(own.federation_policy.list())
    account.service_principal_federation_policy.create(number, policy())
    account.service_principals_v2.delete(str(made.id))
    with pytest.raises(NotFound, match=f"There is no service principal {number}"):
        list(account.service_principal_federation_policy.list(number))
