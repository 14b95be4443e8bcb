"""Users and service principals of the account and of workspaces as SCIM resources.

Source: https://docs.databricks.com/api/workspace/serviceprincipals (and users), and
https://docs.databricks.com/api/account/accountserviceprincipals.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane_local.identity.directory import ACCOUNT_ADMIN
from bricklane_local.identity.groups import guard
from bricklane_local.identity.principals import ADMINS, USERS, Principal, PrincipalKind
from bricklane_local.identity.scim import Resource, ScimError, patched, values_of
from bricklane_local.identity.scope import ACCOUNT

if TYPE_CHECKING:
    from bricklane_local.identity.scope import Scope

# Attributes that hold several values.
LISTS = ("entitlements", "groups", "roles")


@dataclass(frozen=True, slots=True)
class ResourceType:
    """How SCIM shows one kind of principals.

    Args:
        kind: which.
        schema: its URN.
        key: attribute with its name.
        noun: for messages.
    """

    kind: PrincipalKind
    schema: str
    key: str
    noun: str


TYPES = {
    "Users": ResourceType(
        PrincipalKind.USER, "urn:ietf:params:scim:schemas:core:2.0:User", "userName", "User"
    ),
    "ServicePrincipals": ResourceType(
        PrincipalKind.SERVICE_PRINCIPAL,
        "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal",
        "applicationId",
        "Service principal",
    ),
}


class Members:
    """The principals of the account, or of one workspace.

    Args:
        scope: which.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._directory = scope.cloud.directory
        # What a principal has of its own here: roles in the account, entitlements in a workspace.
        self._owned = "roles" if scope.name == ACCOUNT else "entitlements"

    def show(self, row: ResourceType, principal: Principal) -> Resource:
        """Return a principal as a SCIM resource."""
        scope = self._scope.name
        assignment = self._directory.assignment(scope, principal.id) or {}
        record = self._directory.record(row.kind, principal.user_name) or {}
        shown: Resource = {
            "schemas": [row.schema],
            "id": principal.id,
            row.key: principal.user_name,
            "displayName": principal.display_name,
            "active": principal.active,
            "groups": self._groups_of(principal),
            self._owned: [{"value": value} for value in assignment.get("entitlements") or ()],
            "externalId": record.get("external_id"),
        }
        if row.kind is PrincipalKind.USER:
            emails = [{"type": "work", "value": principal.user_name, "primary": True}]
            shown |= {"emails": emails, "name": {"givenName": principal.display_name}}
        return {name: value for name, value in shown.items() if value is not None}

    def _groups_of(self, principal: Principal) -> list[Resource]:
        scope = self._scope.name
        direct = {*self._directory.tree.direct(scope, principal.id), USERS}
        ids = {group.name: group.id for group in self._directory.groups(scope)}
        return [
            {
                "display": name,
                "type": "direct" if name in direct else "indirect",
                "value": ids[name],
                "$ref": f"Groups/{ids[name]}",
            }
            for name in principal.groups
            if name in ids
        ]

    def all(self, row: ResourceType, caller: Principal) -> list[Resource]:
        """Return the principals of a kind; who is no administrator sees only their names."""
        found = self._directory.principals(self._scope.name, row.kind)
        shown = [self.show(row, principal) for principal in found]
        if caller.is_admin:
            return shown
        names = ("schemas", "id", row.key, "displayName")
        return [{name: resource[name] for name in names} for resource in shown]

    def get(self, row: ResourceType, principal_id: str) -> Principal:
        """Return the principal of a kind with a SCIM id.

        Raises:
            ScimError: 404 when there is none.
        """
        found = self._directory.by_id(self._scope.name, principal_id)
        if found is None or found.kind is not row.kind:
            raise ScimError(404, f"{row.noun} with id {principal_id} not found.")
        return found

    def create(self, row: ResourceType, body: Resource, caller: Principal) -> Principal:
        """Add a principal to the scope, and to the account unless it knows it already.

        Args:
            row: the kind.
            body: the resource as the client wants it.
            caller: becomes the manager of a new service principal.

        Raises:
            ScimError: 400 without a usable name, 409 when the scope has it.
        """
        name = _name(row, body)
        if self._directory.find(self._scope.name, name) is not None:
            raise ScimError(409, f"{row.noun} with {row.key} {name} already exists.", "uniqueness")
        with self._scope.cloud.database.transaction():
            record = self._directory.record(row.kind, name)
            if record is None:
                record = self._directory.add(row.kind, name, str(body.get("displayName") or name))
                if row.kind is PrincipalKind.SERVICE_PRINCIPAL:
                    self._scope.cloud.roles.grant_at_creation(name, caller)
            self._directory.assign(self._scope.name, row.kind, record)
            made = self._directory.named(self._scope.name, name)
            kept = {k: v for k, v in body.items() if k in ("active", "externalId", *LISTS)}
            self.save(row, made, self.show(row, made) | kept)
            self._scope.welcome(made)
        return self._directory.named(self._scope.name, name)

    def patch(self, row: ResourceType, principal: Principal, operations: list[Any]) -> None:
        """Change a principal by SCIM operations."""
        shown = {"externalId": None} | self.show(row, principal)
        self.save(row, principal, patched(shown, operations, LISTS))

    def save(self, row: ResourceType, principal: Principal, wanted: Resource) -> None:
        """Make a principal what ``wanted`` says of its changeable attributes.

        Raises:
            ScimError: 400 when a value is not valid or a fixed attribute differs.
        """
        if wanted.get(row.key, principal.user_name) != principal.user_name:
            raise ScimError(400, f"{row.key} cannot be changed", "mutability")
        active = wanted.get("active", True)
        if not isinstance(active, bool):
            raise ScimError(400, f"active must be true or false, got {active!r}", "invalidValue")
        groups, owned = values_of(wanted, "groups"), values_of(wanted, self._owned)
        guard(principal, administers=active and self._administers(groups, owned))
        with self._scope.cloud.database.transaction():
            record = self._directory.record(row.kind, principal.user_name) or {}
            record |= {
                "display_name": str(wanted.get("displayName") or principal.user_name),
                "active": active,
                "external_id": wanted.get("externalId"),
            }
            self._directory.save(row.kind, record)
            self._directory.set_entitlements(self._scope.name, principal.id, owned)
            self._set_groups(principal, groups)

    def _administers(self, groups: list[str], owned: list[str]) -> bool:
        if self._scope.name == ACCOUNT:
            return ACCOUNT_ADMIN in owned
        return self._scope.groups.named(ADMINS).id in groups

    def _set_groups(self, principal: Principal, wanted: list[str]) -> None:
        scope = self._scope.name
        groups = {group.id: group for group in self._directory.groups(scope)}
        if unknown := [value for value in wanted if value not in groups]:
            raise ScimError(404, f"Group with id {unknown[0]} not found.")
        direct = self._directory.tree.direct(scope, principal.id)
        for group in groups.values():
            # Everybody is in `users`; account groups are changed in the account.
            if group.name == USERS or group.scope != scope:
                continue
            if group.id in wanted and group.name not in principal.groups:
                self._directory.join(scope, group, principal.id)
            elif group.id not in wanted and group.name in direct:
                self._directory.leave(group, principal.id)

    def delete(self, row: ResourceType, principal: Principal) -> None:
        """Take a principal out of the scope; its tokens end with it.

        Out of a workspace the account still knows it; out of the account it is gone everywhere.
        """
        guard(principal, administers=False)
        record = self._directory.record(row.kind, principal.user_name) or {}
        self._directory.remove(self._scope.name, row.kind, record)


def _name(row: ResourceType, body: Resource) -> str:
    name = str(body.get(row.key) or "").strip()
    if row.kind is PrincipalKind.USER:
        if "@" not in name:
            raise ScimError(400, f"userName must be a mail address, got {name!r}", "invalidValue")
        return name.lower()
    if not name:
        return str(uuid.uuid4())
    try:
        return str(uuid.UUID(name))
    except ValueError:
        detail = f"applicationId must be a UUID, got {name!r}"
        raise ScimError(400, detail, "invalidValue") from None
