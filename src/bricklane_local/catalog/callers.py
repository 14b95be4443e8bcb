"""Who asks the metastore for something, and from where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

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
    def of(cls, user_name: str, groups: Iterable[str], workspace_id: int) -> Caller:
        """Return a principal as a caller from a workspace.

        Args:
            user_name: its user name or application id.
            groups: names of all groups it is in, directly or through others.
            workspace_id: the workspace that authenticated it.
        """
        return cls(user_name, frozenset((user_name, EVERYONE, *groups)), workspace_id)
