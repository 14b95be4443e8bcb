"""Personal access tokens: one's own, and for administrators those of everybody.

Source: https://docs.databricks.com/api/workspace/tokens and …/tokenmanagement. Who may have one is
the access list of the object ``authorization/tokens``.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Answer, Handler, Route
from bricklane_local.identity.principals import Principal, PrincipalKind, digest
from bricklane_local.identity.tokens import PERSONAL
from bricklane_local.permissions.kinds import KINDS
from bricklane_local.permissions.levels import USE
from bricklane_local.resources.settings.workspace_conf import (
    TOKEN_DAYS,
    TOKENS_ENABLED,
    stored,
)

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace
    from bricklane_local.resources.kind import Body
    from bricklane_local.store.database import Space

MOST, DAY = 600, 86_400
CREATED_BY = "created_by"


class PersonalTokens:
    """The personal access tokens of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._space: Space = workspace.cloud.database.space("identity")

    def create(
        self, owner: Principal, creator: Principal, comment: str, seconds: int
    ) -> tuple[str, Body]:
        """Make a token.

        Args:
            owner: whom it stands for.
            creator: who makes it.
            comment: what it is for.
            seconds: how long it is good; 0 for ever.

        Returns:
            Its value, which can never be read again, and what can.

        Raises:
            ApiError: when the workspace lets nobody have one, not for so long, or ``owner`` not.
        """
        self._require_leave(owner)
        most = int(stored(self._workspace).get(TOKEN_DAYS) or 0) * DAY
        if most and (seconds == 0 or seconds > most):
            raise invalid(
                f"lifetime_seconds must be in 1..{most} in this workspace ({TOKEN_DAYS}), got "
                f"{seconds or 'none'}"
            )
        if len(self.of(owner.user_name)) >= MOST:
            raise ApiError("QUOTA_EXCEEDED", f"{owner.user_name} has {MOST} tokens, the most")
        cloud, name = self._workspace.cloud, self._workspace.name
        expiry = cloud.clock.now() + seconds * 1000 if seconds else -1
        with cloud.database.transaction():
            value = cloud.tokens.issue_personal(name, owner, comment, expiry)
            key = digest(value)
            body = (self._space.get(PERSONAL, key) or {}) | {CREATED_BY: creator.user_name}
            self._space.update(PERSONAL, key, body)
        return value, {"token_id": key, **body}

    def _require_leave(self, owner: Principal) -> None:
        if stored(self._workspace).get(TOKENS_ENABLED) == "false":
            raise ApiError(
                "PERMISSION_DENIED",
                f"Personal access tokens are switched off in this workspace ({TOKENS_ENABLED})",
            )
        what = "authorization tokens"
        self._workspace.access.require(owner, KINDS["authorization"], "tokens", USE, what)

    def of(self, user_name: str | None) -> list[Body]:
        """Return the tokens of somebody in this workspace, or with None all of them."""
        return [
            {"token_id": document.key, **document.body}
            for document in self._space.select(PERSONAL, parent=user_name)
            if document.body.get("workspace") == self._workspace.name
        ]

    def get(self, token_id: str, user_name: str | None) -> Body:
        """Return a token of somebody, or with None anybody's.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST.
        """
        body = self._space.get(PERSONAL, token_id)
        if (
            body is None
            or body.get("workspace") != self._workspace.name
            or user_name not in (None, body["user_name"])
        ):
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"There is no token with the id {token_id}")
        return {"token_id": token_id, **body}

    def delete(self, token_id: str, user_name: str | None) -> None:
        """Make a token of somebody useless, or with None anybody's."""
        self.get(token_id, user_name)
        self._space.delete(PERSONAL, token_id)


PUBLIC = ("token_id", "creation_time", "expiry_time", "comment")


def _public(token: Body) -> Body:
    return {name: token[name] for name in PUBLIC}


def _managed(call: Call, token: Body) -> Body:
    """Return what administrators see of a token."""
    owner, creator = token["user_name"], token.get(CREATED_BY) or token["user_name"]
    shown = _public(token) | {"created_by_username": creator}
    for field, name in (("owner_id", owner), ("created_by_id", creator)):
        found = call.cloud.directory.find(call.workspace.name, name)
        if found is not None:
            shown[field] = int(found.id)
    return shown | {"workspace_id": call.workspace.id}


def _seconds(call: Call) -> int:
    return call.integer("lifetime_seconds", 0, low=0)


def create(call: Call) -> Body:
    """Make a token for the caller."""
    tokens, comment = PersonalTokens(call.workspace), str(call.body.get("comment") or "")
    value, token = tokens.create(call.caller, call.caller, comment, _seconds(call))
    return {"token_value": value, "token_info": _public(token)}


def list_own(call: Call) -> Body:
    """List the caller's tokens."""
    found = PersonalTokens(call.workspace).of(call.caller.user_name)
    return {"token_infos": [_public(token) for token in found]}


def delete_own(call: Call) -> None:
    """Revoke a token of the caller."""
    PersonalTokens(call.workspace).delete(call.text("token_id"), call.caller.user_name)


def create_for(call: Call) -> Body:
    """Make a token for a service principal."""
    named, name = call.text("application_id"), call.workspace.name
    owner = call.cloud.directory.named(name, named)
    if owner.kind is not PrincipalKind.SERVICE_PRINCIPAL:
        raise invalid(f"application_id must be of a service principal, got {named}")
    tokens, comment = PersonalTokens(call.workspace), str(call.body.get("comment") or "")
    value, token = tokens.create(owner, call.caller, comment, _seconds(call))
    return {"token_value": value, "token_info": _managed(call, token)}


def list_all(call: Call) -> Body:
    """List the tokens of everybody, or those that somebody made."""
    shown = [_managed(call, token) for token in PersonalTokens(call.workspace).of(None)]
    for name in ("created_by_id", "created_by_username"):
        wanted = call.query.get(name)
        if wanted:
            shown = [token for token in shown if str(token.get(name)) == wanted]
    return {"token_infos": shown}


def get_any(call: Call) -> Body:
    """Return a token of anybody."""
    token = PersonalTokens(call.workspace).get(call.path["id"], None)
    return {"token_info": _managed(call, token)}


def delete_any(call: Call) -> None:
    """Revoke a token of anybody."""
    PersonalTokens(call.workspace).delete(call.path["id"], None)


def _administrators(handler: Handler) -> Handler:
    def handle(call: Call) -> Answer | Awaitable[Answer]:
        call.workspace.access.require_administrator(call.caller, "manage the tokens of others")
        return handler(call)

    return handle


OWN, MANAGED = "/api/2.0/token", "/api/2.0/token-management"
SDK, MANAGING = "settings.TokensAPI", "settings.TokenManagementAPI"
ROUTES = [
    *(
        Route(method, f"{OWN}/{path}", handler, sdk=sdk, proved_by="databricks-sdk")
        for method, path, handler, sdk in (
            ("POST", "create", create, f"{SDK}.create"),
            ("GET", "list", list_own, None),
            ("POST", "delete", delete_own, f"{SDK}.delete"),
        )
    ),
    *(
        Route(
            method,
            f"{MANAGED}/{path}",
            _administrators(handler),
            sdk=sdk,
            proved_by="databricks-sdk",
        )
        for method, path, handler, sdk in (
            ("POST", "on-behalf-of/tokens", create_for, f"{MANAGING}.create_obo_token"),
            ("GET", "tokens", list_all, None),
            ("GET", "tokens/{id}", get_any, None),
            ("DELETE", "tokens/{id}", delete_any, None),
        )
    ),
]
