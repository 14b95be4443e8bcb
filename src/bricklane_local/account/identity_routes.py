"""Routes of the account's identities: SCIM, OAuth, secrets and roles of service principals.

Source: https://docs.databricks.com/api/account/accountusers (and groups, service principals),
https://docs.databricks.com/api/account/serviceprincipalsecrets and, in a module of their own,
https://docs.databricks.com/api/account/serviceprincipalfederationpolicy.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.account.routes import ACCOUNT, guarded
from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.identity.federation_routes import ROUTES as FEDERATION
from bricklane_local.identity.oauth_routes import metadata, rule_routes, secret_routes, token
from bricklane_local.identity.scim_routes import routes


def discovery(call: Call) -> dict[str, Any]:
    """Tell an unauthenticated client that this is the account, and where its tokens come from."""
    account_id = call.cloud.account_id
    return {
        "account_id": account_id,
        "cloud": "AWS",
        "host_type": "account",
        "oidc_endpoint": f"{call.scope.host}/oidc/accounts/{account_id}",
        "token_federation_default_oidc_audiences": [account_id],
    }


def server_metadata(call: Call) -> dict[str, Any]:
    """Describe the authorization server (RFC 8414)."""
    return metadata(f"{call.scope.host}/oidc/accounts/{call.cloud.account_id}")


OIDC = "/oidc/accounts/{account}"
PROOF = "databricks account"
ROUTES = [
    Route("GET", "/.well-known/databricks-config", discovery, public=True, proved_by=PROOF),
    Route(
        "GET",
        f"{OIDC}/.well-known/oauth-authorization-server",
        server_metadata,
        public=True,
        proved_by=PROOF,
    ),
    Route("POST", f"{OIDC}/v1/token", token, raw=True, public=True, proved_by=PROOF),
    *(guarded(route) for route in routes(f"{ACCOUNT}/scim/v2", "databricks account")),
    *secret_routes("/{account}"),
    *(guarded(route) for route in FEDERATION),
    *rule_routes(f"{ACCOUNT}/access-control"),
    *rule_routes("/api/2.0/preview/accounts/{account}/access-control"),
]
