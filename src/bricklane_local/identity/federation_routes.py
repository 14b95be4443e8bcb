"""Routes of federation policies, of the account and of service principals.

Who may use them, the account's listener decides.
Source: https://docs.databricks.com/api/account/serviceprincipalfederationpolicy (and
accountfederationpolicy).
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Route
from bricklane_local.app.types import check_object
from bricklane_local.catalog.pages import page
from bricklane_local.identity.principals import PrincipalKind
from bricklane_local.identity.scope import ACCOUNT

POLICY = "oauth2.FederationPolicy"


def _owner(call: Call) -> str:
    """Return whose policies the path is about.

    Raises:
        ApiError: RESOURCE_DOES_NOT_EXIST for an unknown service principal.
    """
    if "id" not in call.path:
        return ACCOUNT
    found = call.cloud.directory.by_id(ACCOUNT, call.path["id"])
    if found is None or found.kind is not PrincipalKind.SERVICE_PRINCIPAL:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST", f"There is no service principal {call.path['id']}"
        )
    return found.id


def create_policy(call: Call) -> dict[str, Any]:
    """Make a policy."""
    owner = _owner(call)
    check_object(POLICY, call.body)
    policies = call.cloud.federation_policies
    return policies.shown(policies.create(owner, call.query.get("policy_id", ""), call.body))


def get_policy(call: Call) -> dict[str, Any]:
    """Return a policy."""
    policies = call.cloud.federation_policies
    return policies.shown(policies.get(_owner(call), call.path["policy"]))


def list_policies(call: Call) -> dict[str, Any]:
    """List policies, oldest first."""
    policies = call.cloud.federation_policies
    found = [policies.shown(policy) for policy in policies.all(_owner(call))]
    return page(call, "policies", found, "page_size")


def update_policy(call: Call) -> dict[str, Any]:
    """Change a policy."""
    owner = _owner(call)
    check_object(POLICY, call.body)
    policies, mask = call.cloud.federation_policies, call.query.get("update_mask", "")
    return policies.shown(policies.update(owner, call.path["policy"], call.body, mask))


def delete_policy(call: Call) -> None:
    """Delete a policy."""
    call.cloud.federation_policies.delete(_owner(call), call.path["policy"])


def _routes() -> list[Route]:
    found = []
    for owner, api, proof in (
        ("", "AccountFederationPolicyAPI", "databricks_account_federation_policy"),
        (
            "/servicePrincipals/{id}",
            "ServicePrincipalFederationPolicyAPI",
            "databricks_service_principal_federation_policy",
        ),
    ):
        path = f"/api/2.0/accounts/{{account}}{owner}/federationPolicies"
        one, sdk = f"{path}/{{policy:path}}", f"oauth2.{api}"
        found += [
            Route("POST", path, create_policy, sdk=f"{sdk}.create", proved_by=proof),
            Route("GET", path, list_policies, proved_by=proof),
            Route("GET", one, get_policy, proved_by=proof),
            Route("PATCH", one, update_policy, sdk=f"{sdk}.update", proved_by=proof),
            Route("DELETE", one, delete_policy, proved_by=proof),
        ]
    return found


ROUTES = _routes()
