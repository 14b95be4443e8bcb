"""Routes of OpenID Connect: discovery, keys, ID tokens, and how their subjects look.

Source: https://docs.github.com/en/rest/actions/oidc
"""

from __future__ import annotations

from typing import Any

from bricklane_local.forge import access
from bricklane_local.forge.call import ForgeCall
from bricklane_local.forge.errors import ForgeApiError, missing, not_found
from bricklane_local.forge.oidc.claims import DEFAULT_SUBJECT
from bricklane_local.forge.oidc.model import Template
from bricklane_local.forge.oidc.service import ISSUER_PATH, REQUEST_PATH
from bricklane_local.forge.routing import Base, ForgeRoute, Reply, created
from bricklane_local.forge.users.model import User


def metadata(call: ForgeCall) -> dict[str, Any]:
    """Describe the provider to whoever trusts it."""
    return call.forge.oidc.metadata()


async def jwks(call: ForgeCall) -> dict[str, Any]:
    """Return the public keys."""
    return await call.forge.oidc.jwks()


async def id_token(call: ForgeCall) -> Reply:
    """Issue an ID token to the job that asks."""
    token = access.token_of(call.request.headers.get("authorization", ""))
    repository, job = call.number("repository"), call.number("job")
    value = await call.forge.oidc.id_token(
        repository, job, token, call.query.get("audience", "").strip()
    )
    body = {"count": len(value), "value": value}
    return Reply(200, body, {"Cache-Control": "no-store"})


def get_template(call: ForgeCall) -> dict[str, Any]:
    """Return how the subjects of a repository look."""
    oidc, repository = call.forge.oidc, call.repository
    template = oidc.template(repository)
    shown: dict[str, Any] = {"use_default": template.use_default}
    if not template.use_default:
        shown["include_claim_keys"] = oidc.keys(repository)
    return shown | {
        "use_immutable_subject": oidc.is_immutable(repository),
        "sub_claim_prefix": oidc.prefix(repository),
    }


def put_template(call: ForgeCall) -> Reply:
    """Set how the subjects of a repository look."""
    use_default = call.flag("use_default")
    if use_default is None:
        raise missing("use_default")
    keys = None if use_default else call.texts("include_claim_keys")
    template = Template(use_default, keys, call.flag("use_immutable_subject"))
    call.forge.oidc.save_template(call.repository, template)
    return created({})


def _organization(call: ForgeCall, *, role: str = "") -> User:
    found = call.forge.users.get(call.path["org"])
    if found.type != "Organization" or call.caller.permissions is not None:
        raise not_found()
    user = call.caller.user
    if not user.site_admin and not call.forge.repositories.is_member(found.login, user):
        raise not_found()
    if role and not (user.site_admin or call.forge.repositories.is_member(found.login, user, role)):
        raise ForgeApiError(403, f"Must be an {role} of the organization {found.login}.")
    return found


def get_organization_template(call: ForgeCall) -> dict[str, Any]:
    """Return how the subjects of an organisation's repositories look, if they want that."""
    template = call.forge.oidc.organization_template(_organization(call).login)
    shown: dict[str, Any] = {"include_claim_keys": template.keys or list(DEFAULT_SUBJECT)}
    if template.immutable is not None:
        shown["use_immutable_subject"] = template.immutable
    return shown


def put_organization_template(call: ForgeCall) -> Reply:
    """Set how the subjects of an organisation's repositories look, if they want that."""
    organization = _organization(call, role="admin")
    keys, immutable = call.texts("include_claim_keys"), call.flag("use_immutable_subject")
    before = call.forge.oidc.organization_template(organization.login)
    template = Template(
        keys=before.keys if keys is None else keys,
        immutable=before.immutable if immutable is None else immutable,
    )
    call.forge.oidc.save_organization_template(organization, template)
    return created({})


TEMPLATE = "/repos/{owner}/{repo}/actions/oidc/customization/sub"
ORGANIZATION = "/orgs/{org}/actions/oidc/customization/sub"
JOB = REQUEST_PATH + "/{repository:int}/{job:int}"
ROUTES = [
    ForgeRoute("GET", TEMPLATE, get_template, ("actions:read",), proved_by="requests"),
    ForgeRoute(
        "PUT", TEMPLATE, put_template, ("actions:write",), role="admin", proved_by="requests"
    ),
    ForgeRoute("GET", ORGANIZATION, get_organization_template, proved_by="requests"),
    ForgeRoute("PUT", ORGANIZATION, put_organization_template, proved_by="requests"),
    *(
        ForgeRoute(
            "GET", path, handler, base=Base.SERVICES, public=True, proved_by=client, note=note
        )
        for path, handler, client, note in (
            (ISSUER_PATH + "/.well-known/openid-configuration", metadata, "the workspaces", ""),
            (ISSUER_PATH + "/.well-known/jwks", jwks, "the workspaces", ""),
            (JOB, id_token, "databricks bundle deploy", "wants the job's own request token"),
        )
    ),
]
