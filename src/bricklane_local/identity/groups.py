"""Groups of one workspace as SCIM resources.

Source: https://docs.databricks.com/api/workspace/groups.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.identity.directory import SYSTEM_GROUPS, Group
from bricklane_local.identity.principals import (
    ADMINISTRATOR,
    ADMINS,
    USERS,
    Principal,
    PrincipalKind,
)
from bricklane_local.identity.scim import Resource, ScimError, patched, values_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"
# Attributes that hold several values.
LISTS = ("members",)
# Where members are found, below the path of the API.
REFERENCES = {
    PrincipalKind.USER: "Users",
    PrincipalKind.SERVICE_PRINCIPAL: "ServicePrincipals",
}


def guard(principal: Principal, *, administers: bool) -> None:
    """Keep the account by which the cloud's own profiles work.

    Args:
        principal: who is about to be changed.
        administers: whether it will be an active administrator afterwards.

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
    """The groups of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._directory = workspace.cloud.directory

    def named(self, name: str) -> Group:
        """Return the group that every workspace has under this name."""
        groups = self._directory.groups(self._workspace.name)
        return next(group for group in groups if group.name == name)

    def show(self, group: Group) -> Resource:
        """Return a group as a SCIM resource."""
        found = (
            self._directory.by_id(self._workspace.name, member)
            for member in self._directory.members(self._workspace.name, group)
        )
        return {
            "schemas": [SCHEMA],
            "id": group.id,
            "displayName": group.name,
            "meta": {"resourceType": "WorkspaceGroup"},
            "members": [
                {
                    "display": principal.display_name,
                    "value": principal.id,
                    "$ref": f"{REFERENCES[principal.kind]}/{principal.id}",
                }
                for principal in found
                if principal is not None
            ],
        }

    def all(self) -> list[Resource]:
        """Return all groups as SCIM resources."""
        return [self.show(group) for group in self._directory.groups(self._workspace.name)]

    def get(self, group_id: str) -> Group:
        """Return the group with a SCIM id.

        Raises:
            ScimError: 404 when there is none.
        """
        for group in self._directory.groups(self._workspace.name):
            if group.id == group_id:
                return group
        raise ScimError(404, f"Group with id {group_id} not found.")

    def create(self, body: Resource) -> Group:
        """Make a group.

        Raises:
            ScimError: 400 without a name, 409 when it is taken, 404 for an unknown member.
        """
        name = str(body.get("displayName") or "").strip()
        if not name or "/" in name:
            raise ScimError(400, f"displayName must be a name, got {name!r}", "invalidValue")
        if any(group.name == name for group in self._directory.groups(self._workspace.name)):
            raise ScimError(409, f"Group with name {name} already exists.", "uniqueness")
        with self._workspace.cloud.database.transaction():
            group = self._directory.add_group(self._workspace.name, name)
            self.set_members(group, values_of(body, "members"))
        return group

    def patch(self, group: Group, operations: list[Any]) -> None:
        """Change a group by SCIM operations."""
        self.save(group, patched(self.show(group), operations, LISTS))

    def save(self, group: Group, wanted: Resource) -> None:
        """Make a group what ``wanted`` says.

        Raises:
            ScimError: 400 for another name, 404 for an unknown member.
        """
        if wanted.get("displayName", group.name) != group.name:
            raise ScimError(400, "displayName of a group cannot be changed", "mutability")
        self.set_members(group, values_of(wanted, "members"))

    def set_members(self, group: Group, wanted: list[str]) -> None:
        """Make the principals with these ids the members of a group."""
        workspace = self._workspace.name
        present = self._directory.members(workspace, group)
        if group.name == USERS and set(wanted) != set(present):
            raise ScimError(400, f"Everyone in the workspace is in {USERS}", "mutability")
        for member in set(present) - set(wanted):
            principal = self._directory.by_id(workspace, member)
            if principal is not None and group.name == ADMINS:
                guard(principal, administers=False)
            self._directory.leave(workspace, group, member)
        for member in sorted(set(wanted) - set(present)):
            if self._directory.by_id(workspace, member) is None:
                raise ScimError(404, f"Principal with id {member} not found.")
            self._directory.join(workspace, group, member)

    def delete(self, group: Group) -> None:
        """Delete a group.

        Raises:
            ScimError: 400 for the groups that every workspace has.
        """
        if group.name in SYSTEM_GROUPS:
            raise ScimError(400, f"The group {group.name} cannot be deleted", "mutability")
        self._directory.remove_group(self._workspace.name, group)
