"""Who asks the metastore for something, and from where."""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_local.identity.principals import Principal

EVERYONE = "account users"


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal in one workspace, as grants know it.

    Args:
        user_name: its user name or application id.
        names: all names by which grants and ownership reach it: its own, those of its groups and
            of the groups that hold these, and that of all users of the account.
        workspace_id: the workspace it calls from, which bindings are held against.
    """

    user_name: str
    names: frozenset[str]
    workspace_id: int

    @classmethod
    def of(cls, principal: Principal, workspace_id: int) -> Caller:
        """Return a principal as a caller from a workspace.

        Args:
            principal: whose ``groups`` hold every group it is in, directly or through others.
            workspace_id: the workspace that authenticated it.
        """
        names = frozenset((principal.user_name, EVERYONE, *principal.groups))
        return cls(principal.user_name, names, workspace_id)
