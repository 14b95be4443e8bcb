"""Whom the metastore knows by which name."""

from __future__ import annotations

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.callers import EVERYONE, Caller
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.principals import PrincipalKind


class PrincipalNames:
    """Turns the names that people write into those that grants and owners are kept under.

    Args:
        directory: of the account.
    """

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def canonical(self, name: str) -> str:
        """Return the name under which a principal is kept.

        User names and application ids are kept in lower case, as the platform answers them
        (https://github.com/databricks/terraform-provider-databricks/issues/4043).

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
        if self._directory.has_group(name):
            return name
        raise ApiError("PRINCIPAL_DOES_NOT_EXIST", f"Could not find principal with name {name}")

    def caller(self, name: str, workspace: str, workspace_id: int) -> Caller:
        """Return a principal as if it called, for what is done on behalf of an owner.

        Args:
            name: its canonical name; that of a group stands for a member who has no other rights.
            workspace: name of the workspace from which it would call.
            workspace_id: of the same workspace.
        """
        principal = self._directory.find(workspace, name)
        if principal is None:
            return Caller(name, frozenset((name, EVERYONE)), workspace_id)
        return Caller.of(principal, workspace_id)
