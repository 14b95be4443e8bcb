"""What a caller may do with a securable.

Source: https://docs.databricks.com/en/data-governance/unity-catalog/manage-privileges/. A privilege
is held by the owner of the securable itself, and by whom it was granted to on the securable or on
what holds it. Whoever owns what holds it, or administers the metastore, may manage it, and with
that grant themselves access, but has none to its data before. A workspace that a catalog is not
bound to reaches nothing in it, whatever was granted
(https://docs.databricks.com/catalogs/binding.html).
"""

from __future__ import annotations

from dataclasses import dataclass

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.grants import Grants
from bricklane_local.catalog.privileges import (
    ALL,
    BROWSE,
    GRANTED_ONLY,
    MANAGE,
    NOT_IN_ALL,
    READING,
    SEEN_BY,
    USAGE,
    shown,
)
from bricklane_local.catalog.securables import READ_WRITE, SYSTEM, Securable, Securables


@dataclass(frozen=True, slots=True)
class Holding:
    """What a caller has on one securable.

    Args:
        securable: which.
        owned: whether the caller owns it, itself or through a group.
        privileges: those that were granted to the caller on it.
    """

    securable: Securable
    owned: bool
    privileges: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a caller has on a securable and on all that holds it.

    Args:
        caller: whose standing it is.
        administers: whether the caller administers the metastore.
        holdings: on the securable and what holds it, innermost first.
    """

    caller: Caller
    administers: bool
    holdings: tuple[Holding, ...]

    @property
    def securable(self) -> Securable:
        """The securable that it is about."""
        return self.holdings[0].securable

    @property
    def above(self) -> Standing | None:
        """The caller's standing on what holds the securable, None at the top."""
        if len(self.holdings) == 1:
            return None
        return Standing(self.caller, self.administers, self.holdings[1:])

    def manages(self) -> bool:
        """Say whether the caller may change, drop or grant on the securable."""
        if any(holding.securable.owner == SYSTEM for holding in self.holdings):
            return False
        return self.administers or any(
            holding.owned or MANAGE in holding.privileges for holding in self.holdings
        )

    def has(self, privilege: str) -> bool:
        """Say whether the caller holds a privilege on the securable."""
        if self.holdings[0].owned and privilege not in GRANTED_ONLY:
            return True
        wanted = {privilege} if privilege in NOT_IN_ALL else {privilege, ALL}
        return any(wanted & holding.privileges for holding in self.holdings)

    def _usable(self) -> bool:
        usage = USAGE.get(self.securable.kind.name)
        return usage is None or self.has(usage) or self.manages()

    def _reached(self) -> bool:
        above = self.above
        return above is None or (above._usable() and above._reached())

    def binding(self) -> str | None:
        """Return how the caller's workspace is bound to the catalog, None when it is not."""
        bindings = self.holdings[-1].securable.bindings
        return READ_WRITE if bindings is None else bindings.get(str(self.caller.workspace_id))

    def sees(self, *, browse: bool = False) -> bool:
        """Say whether the securable is shown to the caller.

        Args:
            browse: whether BROWSE suffices, which shows the description without a way to the data.
        """
        if self.binding() is None:
            return False
        if browse and self.has(BROWSE):
            return True
        if not self._reached():
            return False
        seen_by = SEEN_BY.get(self.securable.kind.name)
        held = self.has(seen_by) if seen_by else bool(self.holdings[0].privileges - {BROWSE})
        return held or self.manages()

    def require_bound(self, *, writing: bool) -> None:
        """Refuse a workspace that may not use, or not change, what is in the catalog.

        Raises:
            ApiError: PERMISSION_DENIED naming the catalog.
        """
        binding, outermost = self.binding(), self.holdings[-1].securable
        what = f"{outermost.kind.noun} '{outermost.full_name}'"
        if binding is None:
            raise refused(f"{what} is not accessible in current workspace")
        if writing and binding != READ_WRITE:
            raise refused(f"{what} is read-only in current workspace: nothing in it can be changed")

    def require_reach(self, *, writing: bool = False) -> None:
        """Refuse who may not use the catalog and schema that hold the securable.

        Raises:
            ApiError: PERMISSION_DENIED naming the privilege and the container.
        """
        self.require_bound(writing=writing)
        for depth in range(len(self.holdings) - 1, 0, -1):
            holder = Standing(self.caller, self.administers, self.holdings[depth:])
            if not holder._usable():
                raise denied(USAGE[holder.securable.kind.name], holder.securable)

    def require(self, *privileges: str) -> None:
        """Refuse who lacks a privilege on the securable, or may not reach it.

        Raises:
            ApiError: PERMISSION_DENIED naming the first privilege that is missing.
        """
        self.require_reach(writing=not READING.issuperset(privileges))
        if not self._usable():
            raise denied(USAGE[self.securable.kind.name], self.securable)
        for privilege in privileges:
            # Making things is management; reading and writing data are not.
            managed = privilege.startswith("CREATE_") and self.manages()
            if not managed and not self.has(privilege):
                raise denied(privilege, self.securable)

    def require_seen(self, *, browse: bool = False) -> None:
        """Refuse whom the securable is not shown to.

        Args:
            browse: whether BROWSE suffices.

        Raises:
            ApiError: PERMISSION_DENIED naming the privilege that would show it.
        """
        if not self.sees(browse=browse):
            self.require_reach()
            raise denied(SEEN_BY.get(self.securable.kind.name, MANAGE), self.securable)

    def require_management(self, *, writing: bool = True) -> None:
        """Refuse who may not change the securable.

        Args:
            writing: False for what a workspace with a read-only binding may do too: grants.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        self.require_reach(writing=writing)
        if not self.manages():
            raise denied(MANAGE, self.securable)


class Access:
    """Finds the standing of callers.

    Args:
        securables: of the metastore.
        grants: of the metastore.
    """

    def __init__(self, securables: Securables, grants: Grants) -> None:
        self._securables = securables
        self._grants = grants

    def standing(self, caller: Caller, securable: Securable) -> Standing:
        """Return what a caller has on a securable and on all that holds it."""
        chain = self._securables.chain(securable)
        administers = self._securables.metastore().owner in caller.names
        return Standing(
            caller, administers, tuple(self._holding(caller, holder) for holder in chain)
        )

    def on_metastore(self, caller: Caller) -> Standing:
        """Return what a caller has on the metastore itself."""
        return self.standing(caller, self._securables.metastore())

    def within(self, holder: Standing, securable: Securable) -> Standing:
        """Return the same caller's standing on something that ``holder`` holds.

        For lists: what holds all of their items is looked at once.
        """
        own = self._holding(holder.caller, securable)
        return Standing(holder.caller, holder.administers, (own, *holder.holdings))

    def _holding(self, caller: Caller, securable: Securable) -> Holding:
        owned = securable.owner in caller.names
        return Holding(securable, owned, self._grants.held(caller.names, securable))


def refused(message: str) -> ApiError:
    """Return the error for what is not allowed."""
    return ApiError("PERMISSION_DENIED", message)


def denied(privilege: str, securable: Securable) -> ApiError:
    """Return the error for a missing privilege."""
    where = f"{securable.kind.noun} '{securable.full_name}'"
    return refused(f"User does not have {shown(privilege)} on {where}.")
