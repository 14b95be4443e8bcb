"""Users and service principals of one workspace as SCIM resources.

Source: https://docs.databricks.com/api/workspace/serviceprincipals (and users).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane_local.identity.groups import guard
from bricklane_local.identity.principals import ADMINS, USERS, Principal, PrincipalKind
from bricklane_local.identity.scim import Resource, ScimError, patched, values_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

# Attributes that hold several values.
LISTS = ("entitlements", "groups")


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
    """The principals of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._directory = workspace.cloud.directory

    def found_workspace(self, record: dict[str, Any]) -> None:
        """Give a new workspace its groups, and the cloud's administrator as their first member."""
        name = self._workspace.name
        self._directory.ensure_groups(name)
        self._directory.assign(name, PrincipalKind.USER, record)
        self._directory.join(name, self._workspace.groups.named(ADMINS), record["id"])

    def show(self, row: ResourceType, principal: Principal) -> Resource:
        """Return a principal as a SCIM resource."""
        workspace = self._workspace.name
        ids = {group.name: group.id for group in self._directory.groups(workspace)}
        assignment = self._directory.assignment(workspace, principal.id) or {}
        record = self._directory.record(row.kind, principal.user_name) or {}
        shown: Resource = {
            "schemas": [row.schema],
            "id": principal.id,
            row.key: principal.user_name,
            "displayName": principal.display_name,
            "active": principal.active,
            "groups": [
                {"display": n, "type": "direct", "value": ids[n], "$ref": f"Groups/{ids[n]}"}
                for n in principal.groups
                if n in ids
            ],
            "entitlements": [{"value": value} for value in assignment.get("entitlements") or ()],
            "externalId": record.get("external_id"),
        }
        if row.kind is PrincipalKind.USER:
            emails = [{"type": "work", "value": principal.user_name, "primary": True}]
            shown |= {"emails": emails, "name": {"givenName": principal.display_name}}
        return {name: value for name, value in shown.items() if value is not None}

    def all(self, row: ResourceType, caller: Principal) -> list[Resource]:
        """Return the principals of a kind; who is no administrator sees only their names."""
        found = self._directory.principals(self._workspace.name, row.kind)
        shown = [self.show(row, principal) for principal in found]
        if caller.is_admin:
            return shown
        names = ("schemas", "id", row.key, "displayName")
        return [{name: resource[name] for name in names} for resource in shown]

    def get(self, row: ResourceType, principal_id: str) -> Principal:
        """Return the principal of a kind with a SCIM id.

        Raises:
            ScimError: 404 when the workspace has none.
        """
        found = self._directory.by_id(self._workspace.name, principal_id)
        if found is None or found.kind is not row.kind:
            raise ScimError(404, f"{row.noun} with id {principal_id} not found.")
        return found

    def create(self, row: ResourceType, body: Resource, caller: Principal) -> Principal:
        """Add a principal to the workspace, and to the account unless it knows it already.

        Args:
            row: the kind.
            body: the resource as the client wants it.
            caller: becomes the manager of a new service principal.

        Raises:
            ScimError: 400 without a usable name, 409 when the workspace has it.
        """
        name = _name(row, body)
        if self._directory.find(self._workspace.name, name) is not None:
            raise ScimError(409, f"{row.noun} with {row.key} {name} already exists.", "uniqueness")
        with self._workspace.cloud.database.transaction():
            record = self._directory.record(row.kind, name)
            if record is None:
                record = self._directory.add(row.kind, name, str(body.get("displayName") or name))
                if row.kind is PrincipalKind.SERVICE_PRINCIPAL:
                    self._workspace.cloud.roles.grant_at_creation(name, caller)
            self._directory.assign(self._workspace.name, row.kind, record)
            made = self._directory.named(self._workspace.name, name)
            kept = {k: v for k, v in body.items() if k in ("active", "externalId", *LISTS)}
            self.save(row, made, self.show(row, made) | kept)
            self._workspace.objects.ensure_home(made)
        return self._directory.named(self._workspace.name, name)

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
        groups = values_of(wanted, "groups")
        admins = self._workspace.groups.named(ADMINS)
        guard(principal, administers=active and admins.id in groups)
        workspace = self._workspace.name
        with self._workspace.cloud.database.transaction():
            record = self._directory.record(row.kind, principal.user_name) or {}
            record |= {
                "display_name": str(wanted.get("displayName") or principal.user_name),
                "active": active,
                "external_id": wanted.get("externalId"),
            }
            self._directory.save(row.kind, record)
            entitlements = values_of(wanted, "entitlements")
            self._directory.set_entitlements(workspace, principal.id, entitlements)
            self._set_groups(principal, groups)

    def _set_groups(self, principal: Principal, wanted: list[str]) -> None:
        workspace = self._workspace.name
        groups = {group.id: group for group in self._directory.groups(workspace)}
        if unknown := [value for value in wanted if value not in groups]:
            raise ScimError(404, f"Group with id {unknown[0]} not found.")
        for group in groups.values():
            if group.name == USERS:
                continue
            if group.id in wanted:
                self._directory.join(workspace, group, principal.id)
            else:
                self._directory.leave(workspace, group, principal.id)

    def delete(self, row: ResourceType, principal: Principal) -> None:
        """Take a principal out of the workspace; its tokens end with it."""
        guard(principal, administers=False)
        record = self._directory.record(row.kind, principal.user_name) or {}
        self._directory.remove(self._workspace.name, row.kind, record)


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
