"""Where identities are looked at from: the account, or one of its workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bricklane_local.cloud import Cloud
    from bricklane_local.identity.groups import Groups
    from bricklane_local.identity.members import Members
    from bricklane_local.identity.principals import Principal

# The account among the scopes of the directory; no workspace can be called so.
ACCOUNT = "@account"


class Scope(Protocol):
    """What the account and a workspace have in common: an API with a host, callers and groups."""

    @property
    def name(self) -> str:
        """Its key in the directory: a workspace's name, or :data:`ACCOUNT`."""

    @property
    def kind(self) -> str:
        """What messages call such a scope: ``workspace`` or ``account``."""

    @property
    def host(self) -> str:
        """Its URL, without a slash at the end."""

    @property
    def cloud(self) -> Cloud:
        """The cloud that it is part of."""

    @property
    def members(self) -> Members:
        """Its users and service principals."""

    @property
    def groups(self) -> Groups:
        """Its groups."""

    def welcome(self, principal: Principal) -> None:
        """Prepare what a new principal finds here."""
