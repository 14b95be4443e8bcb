"""Groups of the account and of workspaces as SCIM resources.

Source: https://docs.databricks.com/api/workspace/groups and
https://docs.databricks.com/api/account/accountgroups.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bricklane_local.identity.directory import SYSTEM_GROUPS
from bricklane_local.identity.grouping import Group
from bricklane_local.identity.principals import (
    ADMINISTRATOR,
    ADMINS,
    USERS,
    Principal,
    PrincipalKind,
)
from bricklane_local.identity.scim import Resource, ScimError, patched, values_of
from bricklane_local.identity.scope import ACCOUNT

if TYPE_CHECKING:
    from bricklane_local.identity.scope import Scope

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
# Attributes that hold several values.
LISTS = ("members", "roles")
# Where members are found, below the path of the API.
REFERENCES = {
    PrincipalKind.USER: "Users",
    PrincipalKind.SERVICE_PRINCIPAL: "ServicePrincipals",
}


def guard(principal: Principal, *, administers: bool) -> None:
    """Keep the account by which the cloud's own profiles work.

    Args:
        principal: who is about to be changed.
        administers: whether it will be an active administrator afterwards, of the workspace or the
            account.

    Raises:
        ScimError: 400 when the cloud's administrator would not be.
    """
    if principal.user_name == ADMINISTRATOR and not administers:
        raise ScimError(
            400,
            f"{ADMINISTRATOR} administers this local cloud: it stays active and in {ADMINS}",
            "mutability",
        )


class Groups:
    """The groups of the account, or of one workspace.

    Args:
        scope: which.
    """

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._directory = scope.cloud.directory

    def named(self, name: str) -> Group:
        """Return the group that every workspace has under this name."""
        found = self._directory.tree.named(self._scope.name, name)
        if found is None:
            raise ScimError(404, f"Group with name {name} not found.")
        return found

    def show(self, group: Group) -> Resource:
        """Return a group as a SCIM resource."""
        own = group.scope != ACCOUNT
        members = self._directory.members(self._scope.name, group)
        shown: Resource = {
            "schemas": [SCHEMA],
            "id": group.id,
            "displayName": group.name,
            "meta": {"resourceType": "WorkspaceGroup" if own else "Group"},
            "externalId": group.external_id or None,
            "members": [item for one in members if (item := self._member(one)) is not None],
        }
        if self._scope.name == ACCOUNT:
            roles = self._directory.assignment(ACCOUNT, group.id) or {}
            shown["roles"] = [{"value": role} for role in roles.get("entitlements") or ()]
        return {name: value for name, value in shown.items() if value is not None}

    def _member(self, member_id: str) -> Resource | None:
        principal = self._directory.by_id(self._scope.name, member_id)
        if principal is not None:
            path, display = REFERENCES[principal.kind], principal.display_name
        else:
            group = self._directory.tree.by_id(member_id)
            if group is None:
                return None
            path, display = "Groups", group.name
        return {"display": display, "value": member_id, "$ref": f"{path}/{member_id}"}

    def all(self) -> list[Resource]:
        """Return all groups as SCIM resources."""
        return [self.show(group) for group in self._directory.groups(self._scope.name)]

    def get(self, group_id: str) -> Group:
        """Return the group with a SCIM id.

        Raises:
            ScimError: 404 when there is none.
        """
        found = self._directory.tree.by_id(group_id)
        scopes = (self._scope.name, ACCOUNT)
        if found is not None and found.scope in scopes:
            assigned = self._directory.assignment(self._scope.name, group_id) is not None
            if found.scope == self._scope.name or assigned:
                return found
        raise ScimError(404, f"Group with id {group_id} not found.")

    def create(self, body: Resource) -> Group:
        """Make a group.

        Raises:
            ScimError: 400 without a name, 409 when it is taken, 404 for an unknown member.
        """
        name = self._checked(body.get("displayName"))
        scope = self._scope.name
        with self._scope.cloud.database.transaction():
            external_id = str(body.get("externalId") or "")
            group = self._directory.tree.add(scope, self._directory.next_id(), name, external_id)
            if scope == ACCOUNT:
                self._directory.assign(ACCOUNT, None, {"id": group.id, "user_name": name})
            self.save(group, {"displayName": name, "externalId": external_id} | body)
        return group

    def _checked(self, value: Any) -> str:
        name = str(value or "").strip()
        if not name or "/" in name:
            raise ScimError(400, f"displayName must be a name, got {name!r}", "invalidValue")
        taken = [group.name for group in self._directory.groups(self._scope.name)]
        if name in taken or (self._scope.name == ACCOUNT and name in SYSTEM_GROUPS):
            raise ScimError(409, f"Group with name {name} already exists.", "uniqueness")
        return name

    def patch(self, group: Group, operations: list[Any]) -> None:
        """Change a group by SCIM operations."""
        shown = {"externalId": None} | self.show(group)
        self.save(group, patched(shown, operations, LISTS))

    def save(self, group: Group, wanted: Resource) -> None:
        """Make a group what ``wanted`` says.

        Raises:
            ScimError: 400 when a workspace's group shall have another name, an account group would
                be changed from a workspace, or groups would hold each other in a circle; 404 for an
                unknown member.
        """
        if group.scope != self._scope.name:
            raise ScimError(400, f"The group {group.name} belongs to the account", "mutability")
        name = wanted.get("displayName", group.name)
        if name != group.name and group.scope != ACCOUNT:
            raise ScimError(400, "displayName of a group cannot be changed", "mutability")
        changed = replace(
            group,
            name=group.name if name == group.name else self._checked(name),
            external_id=str(wanted.get("externalId") or ""),
        )
        if changed != group:
            self._directory.tree.save(group, changed)
        if group.scope == ACCOUNT:
            self._directory.set_entitlements(ACCOUNT, group.id, values_of(wanted, "roles"))
        self.set_members(changed, values_of(wanted, "members"))

    def set_members(self, group: Group, wanted: list[str]) -> None:
        """Make the principals and groups with these ids the members of a group."""
        scope = self._scope.name
        present = self._directory.members(scope, group)
        if group.name == USERS and scope != ACCOUNT and set(wanted) != set(present):
            raise ScimError(400, f"Everyone in the workspace is in {USERS}", "mutability")
        for member in set(present) - set(wanted):
            principal = self._directory.by_id(scope, member)
            if principal is not None and group.name == ADMINS:
                guard(principal, administers=False)
            self._directory.leave(group, member)
        for member in sorted(set(wanted) - set(present)):
            self._require_member(group, member)
            self._directory.join(scope, group, member)

    def _require_member(self, group: Group, member: str) -> None:
        if self._directory.by_id(self._scope.name, member) is not None:
            return
        inner = self._directory.tree.by_id(member)
        if inner is None or self._directory.assignment(self._scope.name, inner.id) is None:
            raise ScimError(404, f"Principal with id {member} not found.")
        if group.id == inner.id or group.id in self._directory.tree.below(inner.id):
            raise ScimError(
                400,
                f"The group {inner.name} cannot be a member of {group.name}: it holds that group",
                "invalidValue",
            )

    def delete(self, group: Group) -> None:
        """Delete a group.

        Raises:
            ScimError: 400 for the groups that every workspace has, and for an account group in a
                workspace.
        """
        if group.scope != self._scope.name:
            raise ScimError(400, f"The group {group.name} belongs to the account", "mutability")
        if group.name in SYSTEM_GROUPS:
            raise ScimError(400, f"The group {group.name} cannot be deleted", "mutability")
        self._directory.remove_group(self._scope.name, group)
