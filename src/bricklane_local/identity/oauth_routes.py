"""Routes of OAuth for machines: discovery, the token endpoint, secrets and roles.

Source: https://docs.databricks.com/en/dev-tools/auth/oauth-m2m.html and
/dev-tools/auth/oauth-federation-exchange, RFC 6749 (sections 2.3.1, 4.4 and 5.2), RFC 8693 and
RFC 8414.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from starlette.responses import Response

from bricklane_local.app.asgi import json_response
from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Route
from bricklane_local.identity.federated_tokens import FederationError
from bricklane_local.identity.members import TYPES
from bricklane_local.identity.principals import Principal
from bricklane_local.identity.roles import MANAGER, ROLES
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.identity.tokens import ACCESS_SECONDS

FORM_LIMIT = 64 * 1024
SCOPE = "all-apis"
# `offline_access` asks for a refresh token, which this grant never has (RFC 6749, 4.4.3).
SCOPES = {SCOPE, "offline_access"}
# What is exchanged for what (RFC 8693, sections 2.1 and 3).
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT_TYPE = "urn:ietf:params:oauth:token-type:jwt"
ACCESS_TYPE = "urn:ietf:params:oauth:token-type:access_token"
NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class OAuthError(Exception):
    """A refusal of the token endpoint, in the shape of RFC 6749, section 5.2.

    Args:
        code: such as ``invalid_client``.
        description: for people.
        status: HTTP status.
    """

    def __init__(self, code: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.status = status


@dataclass(frozen=True, slots=True)
class Granted:
    """What a grant comes to.

    Args:
        principal: whom the access token stands for.
        seconds: how long it lives.
        more: further members of the answer.
    """

    principal: Principal
    seconds: int
    more: dict[str, str] = field(default_factory=dict)


def discovery(call: Call) -> dict[str, Any]:
    """Tell an unauthenticated client which workspace this is."""
    return {
        "workspace_id": str(call.workspace.id),
        "account_id": call.cloud.account_id,
        # Clients know only the three clouds; this one decides nothing but which tag characters
        # the CLI allows.
        "cloud": "AWS",
        "oidc_endpoint": f"{call.workspace.host}/oidc",
        # By it clients choose the audience of the tokens that they want to exchange.
        "token_federation_default_oidc_audiences": [call.cloud.account_id],
    }


def server_metadata(call: Call) -> dict[str, Any]:
    """Describe the authorization server (RFC 8414)."""
    return metadata(f"{call.scope.host}/oidc")


def metadata(issuer: str) -> dict[str, Any]:
    """Return what a client has to know of the authorization server at the URL ``issuer``."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/v1/authorize",
        "token_endpoint": f"{issuer}/v1/token",
        "response_types_supported": ["token"],
        "grant_types_supported": list(GRANTS),
        "token_endpoint_auth_methods_supported": [
            *("client_secret_basic", "client_secret_post", "none"),
        ],
        "scopes_supported": sorted(SCOPES),
    }


async def token(call: Call) -> Response:
    """Give a principal an access token, for a secret or for a token of another issuer."""
    try:
        form = await _form(call)
        granted = await _grant(form)(call, form)
        tokens = call.cloud.tokens
        value = tokens.issue_access(call.scope.name, granted.principal, granted.seconds)
    except OAuthError as error:
        refusal = {
            "error": error.code,
            "error_id": str(uuid.uuid4()),
            "error_description": error.description,
        }
        response = json_response(refusal, error.status)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = 'Basic realm="bricklane"'
    else:
        response = json_response(
            {
                "access_token": value,
                "scope": SCOPE,
                "token_type": "Bearer",
                "expires_in": granted.seconds,
                **granted.more,
            }
        )
    response.headers.update(NOT_STORED)
    return response


async def _form(call: Call) -> dict[str, str]:
    kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", f"The body must be a URL-encoded form, not {kind!r}")
    content = b""
    async for piece in call.stream():
        content += piece
        if len(content) > FORM_LIMIT:
            raise OAuthError("invalid_request", f"The form exceeds {FORM_LIMIT} bytes", 413)
    try:
        fields = parse_qs(content.decode(), keep_blank_values=True, strict_parsing=bool(content))
    except ValueError:
        raise OAuthError("invalid_request", "The form cannot be read") from None
    for name, values in fields.items():
        if len(values) > 1:
            raise OAuthError("invalid_request", f"The parameter {name} is given more than once")
    return {name: values[0] for name, values in fields.items()}


async def _client_credentials(call: Call, form: dict[str, str]) -> Granted:
    client_id, secret = _credentials(call, form)
    if not client_id or not call.cloud.oauth_secrets.proves(client_id, secret):
        raise OAuthError("invalid_client", "Client authentication failed", 401)
    return Granted(_member(call, client_id), ACCESS_SECONDS)


async def _token_exchange(call: Call, form: dict[str, str]) -> Granted:
    """Exchange a token of another issuer.

    Whatever is wrong with that token is an invalid request (RFC 8693, section 2.2.2).
    """
    for name, wanted in (("subject_token_type", JWT_TYPE), ("requested_token_type", ACCESS_TYPE)):
        given = form.get(name, wanted if name == "requested_token_type" else "")
        if given != wanted:
            raise OAuthError("invalid_request", f"{name} must be {wanted}, got {given!r}")
    if not form.get("subject_token"):
        raise OAuthError("invalid_request", "The parameter subject_token is missing")
    for name in ("actor_token", "audience", "resource"):
        if name in form:
            raise OAuthError("invalid_request", f"The parameter {name} is not supported")
    tokens, (client_id, _) = call.cloud.federated_tokens, _credentials(call, form)
    try:
        federated = await tokens.verify(form["subject_token"], client_id)
    except FederationError as error:
        raise OAuthError("invalid_request", error.message) from None
    seconds = min(federated.expires_at - tokens.now, ACCESS_SECONDS)
    return Granted(_member(call, federated.name), seconds, {"issued_token_type": ACCESS_TYPE})


def _member(call: Call, name: str) -> Principal:
    principal = call.cloud.directory.find(call.scope.name, name)
    if principal is None:
        place = "account" if call.scope.name == ACCOUNT else f"workspace {call.scope.name}"
        raise OAuthError("unauthorized_client", f"The principal {name} is not in the {place}")
    if not principal.active:
        raise OAuthError("unauthorized_client", f"The principal {name} is inactive")
    return principal


def _credentials(call: Call, form: dict[str, str]) -> tuple[str, str]:
    scheme, _, value = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        name, _, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    # Both parts are URL-encoded first (RFC 6749, 2.3.1).
    return unquote_plus(name), unquote_plus(secret)


# By grant_type.
Grant = Callable[[Call, dict[str, str]], Awaitable[Granted]]
GRANTS: dict[str, Grant] = {
    "client_credentials": _client_credentials,
    EXCHANGE: _token_exchange,
}


def _grant(form: dict[str, str]) -> Grant:
    grant = form.get("grant_type", "")
    if not grant:
        raise OAuthError("invalid_request", "The parameter grant_type is missing")
    if grant not in GRANTS:
        raise OAuthError(
            "unsupported_grant_type",
            f"Only the grants {' and '.join(GRANTS)} are known here, not {grant}",
        )
    if unknown := set(form.get("scope", SCOPE).split()) - SCOPES:
        raise OAuthError(
            "invalid_scope",
            f"The local workspace knows only the scope {SCOPE}, not {', '.join(sorted(unknown))}",
        )
    if form.get("authorization_details") or form.get("assume_group"):
        raise OAuthError(
            "invalid_request",
            "authorization_details and assume_group are not supported by the local workspace",
        )
    return GRANTS[grant]


def _managed(call: Call) -> str:
    """Return the id of the service principal in the path, if the caller may manage it."""
    found = call.scope.members.get(TYPES["ServicePrincipals"], call.path["id"])
    _require_manager(call, found.user_name)
    return found.id


def _require_manager(call: Call, application_id: str) -> None:
    if not (call.caller.is_admin or call.cloud.roles.holds(MANAGER, application_id, call.caller)):
        raise ApiError(
            "PERMISSION_DENIED",
            f"Managing the service principal {application_id} needs the role {MANAGER} on it, "
            "or an administrator of the workspace",
        )


def create_secret(call: Call) -> dict[str, Any]:
    """Make a secret; its value is answered only now."""
    if call.body.get("scopes"):
        raise ApiError(
            "INVALID_PARAMETER_VALUE", "scopes of secrets are not supported by the local workspace"
        )
    return call.cloud.oauth_secrets.create(_managed(call), call.body.get("lifetime"))


def list_secrets(call: Call) -> dict[str, Any]:
    """List the secrets of a service principal, without their values."""
    found = call.cloud.oauth_secrets.list(_managed(call))
    return {"secrets": found} if found else {}


def delete_secret(call: Call) -> None:
    """Delete a secret."""
    call.cloud.oauth_secrets.delete(_managed(call), call.path["secret"])


def get_rules(call: Call) -> dict[str, Any]:
    """Return who may manage or use a service principal."""
    name = call.text("name")
    _require_manager(call, call.cloud.roles.application_id(name))
    return call.cloud.roles.describe(name)


def put_rules(call: Call) -> dict[str, Any]:
    """Replace who may manage or use a service principal."""
    name, wanted = call.text("name"), call.body.get("rule_set") or {}
    _require_manager(call, call.cloud.roles.application_id(name))
    call.cloud.roles.replace(name, str(wanted.get("etag") or ""), wanted.get("grant_rules") or [])
    return call.cloud.roles.describe(name)


def assignable_roles(call: Call) -> dict[str, Any]:
    """Return the roles that can be given on a service principal."""
    call.cloud.roles.application_id(call.text("resource"))
    return {"roles": [{"name": name} for name in ROLES]}


def secret_routes(account: str) -> list[Route]:
    """Return the routes of secrets, where ``account`` is the part of the path that names it."""
    path = f"/api/2.0/accounts{account}/servicePrincipals/{{id}}/credentials/secrets"
    kind = "ServicePrincipalSecretsAPI" if account else "ServicePrincipalSecretsProxyAPI"
    proof = f"databricks {'account ' if account else ''}service-principal-secrets"
    proof += "" if account else "-proxy"
    return [
        Route("POST", path, create_secret, sdk=f"oauth2.{kind}.create", proved_by=proof),
        Route("GET", path, list_secrets, proved_by=proof),
        Route("DELETE", f"{path}/{{secret}}", delete_secret, proved_by=proof),
    ]


def rule_routes(path: str) -> list[Route]:
    """Return the routes of rule sets and roles below ``path``."""
    proof = "databricks-sdk"
    sdk = "iam.AccountAccessControlProxyAPI.update_rule_set"
    return [
        Route("GET", f"{path}/rule-sets", get_rules, proved_by=proof),
        Route("PUT", f"{path}/rule-sets", put_rules, sdk=sdk, proved_by=proof),
        Route("GET", f"{path}/assignable-roles", assignable_roles, proved_by=proof),
    ]


METADATA = "/oidc/.well-known/oauth-authorization-server"
ROUTES = [
    Route("GET", "/.well-known/databricks-config", discovery, public=True, proved_by="databricks"),
    Route("GET", METADATA, server_metadata, public=True, proved_by="databricks"),
    Route("POST", "/oidc/v1/token", token, raw=True, public=True, proved_by="databricks"),
    *secret_routes(""),
    *secret_routes("/{account}"),
    *rule_routes("/api/2.0/preview/accounts/access-control"),
]
