"""Who of the account may enter which workspace, and as what.

Source: https://docs.databricks.com/api/account/workspaceassignment. An administrator of a workspace
is a member of its group ``admins``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.identity.grouping import Group
from bricklane_local.identity.principals import ADMINS, Principal, PrincipalKind
from bricklane_local.identity.scope import ACCOUNT

if TYPE_CHECKING:
    from bricklane_local.cloud import Cloud

USER, ADMIN = "USER", "ADMIN"
LEVELS = {USER: "Can use the workspace", ADMIN: "Can administer the workspace"}
# The field that names a principal of each kind.
NAMES = {
    PrincipalKind.USER: "user_name",
    PrincipalKind.SERVICE_PRINCIPAL: "service_principal_name",
}


class WorkspaceAssignments:
    """The assignments of all workspaces of a cloud.

    Args:
        cloud: the cloud.
    """

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._directory = cloud.directory

    def of(self, workspace: str) -> list[dict[str, Any]]:
        """Return everybody who is assigned to a workspace, with their levels."""
        shown = [
            self._shown(workspace, found)
            for number in self._directory.assigned(workspace)
            if (found := self._found(str(number))) is not None
        ]
        return sorted(shown, key=lambda item: int(item["principal"]["principal_id"]))

    def set(self, workspace: str, principal_id: str, levels: list[str]) -> dict[str, Any]:
        """Assign a principal or group of the account to a workspace.

        Args:
            workspace: key of the workspace.
            principal_id: SCIM id in the account.
            levels: ``USER`` or ``ADMIN``; none takes the assignment away.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST for an unknown principal, INVALID_PARAMETER_VALUE for
                an unknown level.
        """
        if unknown := [level for level in levels if level not in LEVELS]:
            raise invalid(f"permissions must be among {', '.join(LEVELS)}; got {unknown[0]!r}")
        found = self._found(principal_id)
        if found is None:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"There is no principal {principal_id} in the account"
            )
        if not levels:
            self._directory.unassign(workspace, principal_id)
            return self._shown(workspace, found)
        with self._cloud.database.transaction():
            name = found.name if isinstance(found, Group) else found.user_name
            kind = None if isinstance(found, Group) else found.kind
            self._directory.assign(workspace, kind, {"id": found.id, "user_name": name})
            self._administer(workspace, found.id, wanted=ADMIN in levels)
            if isinstance(found, Principal):
                self._cloud.workspaces[workspace].welcome(found)
        return self._shown(workspace, found)

    def _administer(self, workspace: str, principal_id: str, *, wanted: bool) -> None:
        admins = self._directory.tree.named(workspace, ADMINS)
        if admins is None:
            raise ApiError("INVALID_STATE", f"The workspace {workspace} is not provisioned yet")
        if wanted:
            self._directory.join(workspace, admins, principal_id)
        else:
            self._directory.leave(admins, principal_id)

    def remove(self, workspace: str, principal_id: str) -> None:
        """Take an assignment away; whoever has none is not missed."""
        self._directory.unassign(workspace, principal_id)

    def _found(self, principal_id: str) -> Principal | Group | None:
        principal = self._directory.by_id(ACCOUNT, principal_id)
        if principal is not None:
            return principal
        group = self._directory.tree.by_id(principal_id)
        return group if group is not None and group.scope == ACCOUNT else None

    def _shown(self, workspace: str, found: Principal | Group) -> dict[str, Any]:
        principal: dict[str, Any] = {"principal_id": int(found.id)}
        if isinstance(found, Group):
            principal |= {"group_name": found.name, "display_name": found.name}
        else:
            principal |= {NAMES[found.kind]: found.user_name, "display_name": found.display_name}
        direct = self._directory.tree.direct(workspace, found.id)
        assigned = self._directory.assignment(workspace, found.id) is not None
        level = [ADMIN if ADMINS in direct else USER] if assigned else []
        return {"permissions": level, "principal": principal}
