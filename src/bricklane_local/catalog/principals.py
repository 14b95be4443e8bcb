"""Whom the metastore knows by which name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.callers import EVERYONE, Caller
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.principals import ADMINS, Principal, PrincipalKind
from bricklane_local.identity.scope import ACCOUNT

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace


class Principals:
    """The principals of the account, as grants and owners name them.

    Args:
        directory: of the account.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def canonical(self, name: str) -> str:
        """Return the name under which a principal is kept.

        User names and application ids are kept in lower case, as the platform answers them
        (https://github.com/databricks/terraform-provider-databricks/issues/4043). Groups are those
        of the account: a workspace's own groups mean nothing to Unity Catalog
        (https://docs.databricks.com/en/admin/users-groups/groups.html).

        Args:
            name: a user name, application id, name of a group, or "account users".

        Raises:
            ApiError: PRINCIPAL_DOES_NOT_EXIST.
        """
        folded = name.lower()
        if folded == EVERYONE:
            return EVERYONE
        if any(self._directory.record(kind, folded) is not None for kind in PrincipalKind):
            return folded
        if self._directory.tree.named(ACCOUNT, name) is not None:
            return name
        raise ApiError("PRINCIPAL_DOES_NOT_EXIST", f"Could not find principal with name {name}")

    def caller(self, principal: Principal, workspace_id: int) -> Caller:
        """Return an authenticated principal as a caller.

        Of the workspace's own groups only ``admins`` counts, as whose members administer a
        metastore that has no other administrator; any other may bear the name of one of the
        account by accident.

        Args:
            principal: as the workspace knows it.
            workspace_id: of that workspace.
        """
        groups = self._account_groups(principal.user_name)
        own = {ADMINS} if principal.is_admin else set()
        return Caller.of(principal.user_name, groups | own, workspace_id)

    def owner(self, name: str, workspace: Workspace) -> Caller:
        """Return an owner as if it called, for what is done on behalf of it.

        Args:
            name: of a principal, or of a group: as a member that has no rights of its own.
            workspace: from which it would call.
        """
        found = self._directory.find(workspace.name, name)
        if found is not None:
            return self.caller(found, workspace.id)
        return Caller.of(name, self._account_groups(name), workspace.id)

    def _account_groups(self, name: str) -> set[str]:
        found = self._directory.find(ACCOUNT, name)
        if found is not None:
            return set(found.groups) - {ADMINS}
        group = self._directory.tree.named(ACCOUNT, name)
        above = self._directory.tree.above(group.id) if group is not None else []
        return {one.name for one in above}
