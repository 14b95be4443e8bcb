"""Who may do what: grants, ownership, and the checks that both lead to.

Source: https://docs.databricks.com/en/data-governance/unity-catalog/manage-privileges/. A privilege
is held by the owner of the securable itself, and by whom it was granted to on the securable or on
what holds it. Whoever owns what holds it, or administers the metastore, may manage it, and with
that grant themselves access, but has none to its data before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.kinds import CATALOG, KINDS, METASTORE, SCHEMA, Kind
from bricklane_local.catalog.names import parent_of
from bricklane_local.catalog.privileges import (
    ALL,
    APPLICABLE,
    MANAGE,
    NOT_IN_ALL,
    USE_CATALOG,
    USE_SCHEMA,
    checked,
    shown,
)
from bricklane_local.identity.principals import Principal
from bricklane_local.store.database import Space

GRANTS = "grants"
# Members of this group of a workspace administer the metastore.
ADMINISTRATORS = "admins"
EVERYONE = "account users"
# Owns what came with the metastore: nobody may change that, administrators included.
SYSTEM = "System user"
# To reach into a container one needs this on it.
USAGE = {CATALOG.name: USE_CATALOG, SCHEMA.name: USE_SCHEMA}


@dataclass(frozen=True, slots=True)
class Securable:
    """Something that privileges can be granted on.

    Args:
        kind: which kind.
        full_name: its full name.
        id: by which its grants are kept, so that they survive a new name.
        owner: the user, service principal or group that owns it.
    """

    kind: Kind
    full_name: str
    id: str
    owner: str


class Grants:
    """The grants of a metastore.

    Args:
        space: where they and the securables are kept.
        metastore: the metastore itself, as a securable.
    """

    def __init__(self, space: Space, metastore: Securable) -> None:
        self._space = space
        self._metastore = metastore

    def direct(self, securable: Securable) -> dict[str, list[str]]:
        """Return the privileges granted on a securable itself, by principal."""
        found: dict[str, list[str]] = self._space.get(GRANTS, securable.id) or {}
        return found

    def change(self, securable: Securable, changes: list[dict[str, Any]]) -> None:
        """Add and remove grants; all or none of them.

        Args:
            securable: what they are on.
            changes: ``PermissionsChange`` objects: principal, add, remove.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE when a privilege does not fit the securable or a
                change names no principal.
        """
        grants = self.direct(securable)
        for change in changes:
            principal = change.get("principal")
            if not principal:
                raise ApiError("INVALID_PARAMETER_VALUE", "A change must name its principal")
            added = {checked(name, securable.kind) for name in change.get("add") or ()}
            removed = {checked(name, securable.kind) for name in change.get("remove") or ()}
            held = sorted((set(grants.get(principal, ())) | added) - removed)
            grants.pop(principal, None)
            if held:
                grants[principal] = held
        self._space.put(GRANTS, securable.id, dict(sorted(grants.items())))

    def forget(self, securable: Securable) -> None:
        """Remove all grants on a securable that is being dropped."""
        self._space.delete(GRANTS, securable.id)

    def lineage(self, securable: Securable) -> Iterator[Securable]:
        """Yield a securable and everything that holds it, the innermost first."""
        yield securable
        name = securable.full_name
        for depth in range(securable.kind.depth - 1, 0, -1):
            name = parent_of(name)
            yield self.find(SCHEMA if depth == SCHEMA.depth else CATALOG, name)
        if securable.kind is not METASTORE:
            yield self._metastore

    def find(self, kind: Kind, full_name: str) -> Securable:
        """Return the securable called ``full_name``.

        Raises:
            ApiError: the kind's own code when it does not exist.
        """
        if kind is METASTORE:
            return self._metastore
        body = self._space.get(kind.name, full_name)
        if body is None:
            raise kind.missing(full_name)
        return Securable(kind, full_name, body[kind.id_field], body["owner"])

    def effective(self, securable: Securable) -> dict[str, list[dict[str, str]]]:
        """Return every privilege on a securable by principal, with where it is inherited from."""
        found: dict[str, list[dict[str, str]]] = {}
        applicable = set(APPLICABLE[securable.kind.name])
        for holder in self.lineage(securable):
            for principal, names in self.direct(holder).items():
                for name in names:
                    if name not in applicable:
                        continue
                    entry = {"privilege": name}
                    if holder is not securable:
                        entry["inherited_from_type"] = holder.kind.name.upper()
                        entry["inherited_from_name"] = holder.full_name
                    found.setdefault(principal, []).append(entry)
        return dict(sorted(found.items()))

    def manages(self, caller: Principal, securable: Securable) -> bool:
        """Say whether ``caller`` may change, drop or grant on a securable."""
        lineage = list(self.lineage(securable))
        if any(holder.owner == SYSTEM for holder in lineage):
            return False
        if ADMINISTRATORS in caller.groups:
            return True
        names = _names(caller)
        return any(
            holder.owner in names or MANAGE in self._granted(names, holder) for holder in lineage
        )

    def has(self, caller: Principal, securable: Securable, privilege: str) -> bool:
        """Say whether ``caller`` holds a privilege on a securable."""
        names = _names(caller)
        if securable.owner in names:
            return True
        wanted = {privilege} if privilege in NOT_IN_ALL else {privilege, ALL}
        return any(wanted & self._granted(names, holder) for holder in self.lineage(securable))

    def sees(self, caller: Principal, securable: Securable) -> bool:
        """Say whether a securable is shown to ``caller``: who holds anything on it sees it."""
        if self.manages(caller, securable):
            return True
        names = _names(caller)
        return any(
            self._granted(names, holder)
            for holder in self.lineage(securable)
            if holder.kind is not METASTORE
        )

    def require_reach(self, caller: Principal, securable: Securable) -> None:
        """Refuse who may not use the catalog and schema that hold a securable.

        Raises:
            ApiError: PERMISSION_DENIED naming the privilege and the container.
        """
        for holder in list(self.lineage(securable))[1:]:
            usage = USAGE.get(holder.kind.name)
            if usage and not (self.has(caller, holder, usage) or self.manages(caller, holder)):
                raise denied(usage, holder)

    def require(self, caller: Principal, securable: Securable, *privileges: str) -> None:
        """Refuse who lacks a privilege on a securable, or may not reach it.

        Raises:
            ApiError: PERMISSION_DENIED naming the first privilege that is missing.
        """
        self.require_reach(caller, securable)
        usage = USAGE.get(securable.kind.name)
        for privilege in (*([usage] if usage else []), *privileges):
            held = self.has(caller, securable, privilege)
            # Making and using are management; reading and writing data are not.
            managed = privilege == usage or privilege.startswith("CREATE_")
            if not held and not (managed and self.manages(caller, securable)):
                raise denied(privilege, securable)

    def require_management(self, caller: Principal, securable: Securable) -> None:
        """Refuse who may not change a securable.

        Raises:
            ApiError: PERMISSION_DENIED.
        """
        if not self.manages(caller, securable):
            raise denied(MANAGE, securable)

    def _granted(self, names: set[str], holder: Securable) -> set[str]:
        direct = self.direct(holder)
        return {privilege for name in names for privilege in direct.get(name, ())}


def denied(privilege: str, securable: Securable) -> ApiError:
    """Return the error for a missing privilege."""
    return ApiError(
        "PERMISSION_DENIED",
        f"User does not have {shown(privilege)} on {securable.kind.noun} '{securable.full_name}'.",
    )


def kind_of(name: str) -> Kind:
    """Return the kind that a path of permissions names.

    Raises:
        ApiError: NOT_IMPLEMENTED for securables that the local metastore does not have.
    """
    kind = KINDS.get(name.lower())
    if kind is None:
        raise ApiError(
            "NOT_IMPLEMENTED",
            f"The local metastore has no securables of the type {name}; "
            f"it has: {', '.join(sorted(KINDS))}",
        )
    return kind


def _names(caller: Principal) -> set[str]:
    return {caller.user_name, EVERYONE, *caller.groups}
