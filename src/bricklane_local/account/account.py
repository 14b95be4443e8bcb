"""The account as a scope: what its API acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane_local.account.assignments import WorkspaceAssignments
from bricklane_local.identity.groups import Groups
from bricklane_local.identity.members import Members
from bricklane_local.identity.principals import Principal
from bricklane_local.identity.scope import ACCOUNT

if TYPE_CHECKING:
    from bricklane_local.cloud import Cloud


class Account:
    """The one account of a cloud.

    Args:
        cloud: the cloud.
    """

    name = ACCOUNT
    kind = "account"

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.id = cloud.account_id
        self.host = ""  # known once its listener has a port
        self.groups = Groups(self)
        self.members = Members(self)
        self.assignments = WorkspaceAssignments(cloud)

    def welcome(self, principal: Principal) -> None:
        """Nothing waits for a new principal in the account."""
