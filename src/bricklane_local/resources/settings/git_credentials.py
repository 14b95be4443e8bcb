"""Git credentials of users and service principals, by which their repos are fetched.

Source: https://docs.databricks.com/api/workspace/gitcredentials. The token can be set, not read.
"""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Answer, Handler
from bricklane_local.identity.principals import Principal, PrincipalKind
from bricklane_local.identity.roles import MANAGER
from bricklane_local.resources.kind import CREATOR, EVERYBODY, Act, Body, Guard, Kind, number_from
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, routes
from bricklane_local.resources.records import CREATED_BY, Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

PROVIDERS = (
    *("gitHub", "gitHubOAuth", "gitHubEnterprise", "gitLab", "gitLabEnterpriseEdition"),
    *("bitbucketCloud", "bitbucketServer", "azureDevOpsServices", "azureDevOpsServicesAad"),
    "awsCodeCommit",
)
TOKEN, DEFAULT, PRINCIPAL = "personal_access_token", "is_default_for_provider", "principal_id"
BY_LOWER_CASE = {name.lower(): name for name in PROVIDERS}


def provider(name: str) -> str:
    """Return the name of a git provider as the API writes it.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when there is none called so.
    """
    found = BY_LOWER_CASE.get(name.lower())
    if found is None:
        raise invalid(f"git_provider must be one of {', '.join(PROVIDERS)}; got {name!r}")
    return found


def _own(workspace: Workspace, owner: str, git_provider: str) -> list[Body]:
    principal = workspace.cloud.directory.named(workspace.name, owner)
    found, _token = Records(workspace, CREDENTIAL).page(
        principal, where=lambda body: body["git_provider"] == git_provider
    )
    return found


def _changed(_act: Act, body: Body) -> Body:
    return {"git_provider": provider(str(body["git_provider"]))}


def _made(act: Act, body: Body) -> Body:
    others = _own(act.workspace, act.caller.user_name, provider(str(body["git_provider"])))
    return {DEFAULT: bool(body.get(DEFAULT)) or not others}


def _check(act: Act, body: Body, _old: Body | None) -> None:
    """Leave one default for each provider."""
    if not body[DEFAULT]:
        return
    records = Records(act.workspace, CREDENTIAL)
    for other in _own(act.workspace, body[CREATED_BY], body["git_provider"]):
        if other["credential_id"] != body["credential_id"] and other[DEFAULT]:
            records.put({**other, DEFAULT: False})


def _shown(_workspace: Workspace, body: Body) -> Body:
    return {name: value for name, value in body.items() if name != TOKEN}


def token_for(workspace: Workspace, owner: Principal, git_provider: str) -> tuple[str, str] | None:
    """Return user name and token by which somebody reaches a git provider, or None."""
    for body in sorted(
        _own(workspace, owner.user_name, git_provider), key=lambda b: not b[DEFAULT]
    ):
        if body.get(TOKEN):
            return str(body.get("git_username") or "git"), str(body[TOKEN])
    return None


API, SDK = "/api/2.0/git-credentials", "workspace.GitCredentialsAPI"
CREDENTIAL = Kind(
    name="git credential",
    document="git_credential",
    key="credential_id",
    new_key=number_from(1000),
    guard=Guard("", EVERYBODY, CREATOR, CREATOR, CREATOR),
    required=("git_provider",),
    controls=(PRINCIPAL,),
    made=_made,
    changed=_changed,
    check=_check,
    shown=_shown,
    operations=(
        Create(f"POST {API}", f"{SDK}.create"),
        List(f"GET {API}", items="credentials"),
        Get(f"GET {API}/{{id}}"),
        Change(f"PATCH {API}/{{id}}", f"{SDK}.update", silent=True),
        Delete(f"DELETE {API}/{{id}}"),
    ),
    proved_by="terraform databricks_git_credential",
)


def _as_owner(handler: Handler) -> Handler:
    """Return ``handler`` for the credentials of the service principal that a request names."""

    def handle(call: Call) -> Answer | Awaitable[Answer]:
        named = call.body.get(PRINCIPAL) or call.query.get(PRINCIPAL)
        owner = call.caller if not named else _principal(call, str(named))
        return handler(replace(call, caller=owner))

    return handle


def _principal(call: Call, principal_id: str) -> Principal:
    found = call.cloud.directory.by_id(call.workspace.name, principal_id)
    if found is None:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"There is no principal {principal_id}")
    own = found.user_name == call.caller.user_name
    managed = found.kind is PrincipalKind.SERVICE_PRINCIPAL and (
        call.caller.is_admin or call.cloud.roles.holds(MANAGER, found.user_name, call.caller)
    )
    if not own and not managed:
        raise ApiError(
            "PERMISSION_DENIED",
            f"{call.caller.user_name} does not manage the principal {found.user_name}",
        )
    return found


ROUTES = [replace(route, handler=_as_owner(route.handler)) for route in routes([CREDENTIAL])]
