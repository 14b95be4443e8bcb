"""Grants, kept as one document for each securable."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.privileges import APPLICABLE, checked
from bricklane_local.catalog.securables import Securable
from bricklane_local.store.database import Space

GRANTS = "grants"
# A principal's privileges, with what each is inherited from.
Effective = dict[str, list[dict[str, str]]]


class Grants:
    """The grants of a metastore.

    Args:
        space: where they are kept.
        principal_name: returns the name under which grants are kept for a principal that somebody
            names, and refuses who does not exist.
    """

    def __init__(self, space: Space, principal_name: Callable[[str], str]) -> None:
        self._space = space
        self._principal_name = principal_name

    def direct(self, securable: Securable) -> dict[str, list[str]]:
        """Return the privileges granted on a securable itself, by principal."""
        found: dict[str, list[str]] = self._space.get(GRANTS, securable.id) or {}
        return found

    def held(self, names: frozenset[str], securable: Securable) -> frozenset[str]:
        """Return the privileges granted on a securable itself to any of ``names``."""
        granted = self.direct(securable)
        # Whichever of the two is smaller decides how long this takes.
        both = [name for name in granted if name in names]
        return frozenset(privilege for name in both for privilege in granted[name])

    def change(self, securable: Securable, changes: Iterable[dict[str, Any]]) -> None:
        """Add and remove grants; all or none of them.

        Args:
            securable: what they are on.
            changes: ``PermissionsChange`` objects: principal, add, remove.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE when a privilege does not fit the securable or a
                change names no principal; PRINCIPAL_DOES_NOT_EXIST for one that is not known,
                except to take away what it still holds.
        """
        grants = self.direct(securable)
        for change in changes:
            added = {checked(name, securable.kind) for name in change.get("add") or ()}
            removed = {checked(name, securable.kind) for name in change.get("remove") or ()}
            principal = self._principal(change, grants)
            held = sorted((set(grants.get(principal, ())) | added) - removed)
            grants.pop(principal, None)
            if held:
                grants[principal] = held
        self._space.put(GRANTS, securable.id, dict(sorted(grants.items())))

    def _principal(self, change: dict[str, Any], grants: dict[str, list[str]]) -> str:
        name = str(change.get("principal") or "").strip()
        if not name:
            raise ApiError("INVALID_PARAMETER_VALUE", "A change must name its principal")
        if name in grants and not change.get("add"):
            return name
        return self._principal_name(name)

    def forget(self, securable: Securable) -> None:
        """Remove all grants on a securable that is being dropped."""
        self._space.delete(GRANTS, securable.id)

    def rename_principal(self, name: str, new_name: str | None) -> None:
        """Keep all grants of a principal under another name, or with None remove them.

        Whoever gets the name of one that has left the account must not inherit its grants.
        """
        for document in self._space.select(GRANTS):
            held = document.body.pop(name, None)
            if held is not None:
                kept = document.body | ({new_name: held} if new_name else {})
                self._space.update(GRANTS, document.key, dict(sorted(kept.items())))

    def effective(self, chain: tuple[Securable, ...]) -> Effective:
        """Return every privilege on a securable by principal, and where each is inherited from.

        Args:
            chain: the securable and what holds it, innermost first.
        """
        found: Effective = {}
        applicable = frozenset(APPLICABLE[chain[0].kind.name])
        for holder in chain:
            for principal, names in self.direct(holder).items():
                for name in applicable.intersection(names):
                    entry = {"privilege": name}
                    if holder is not chain[0]:
                        entry["inherited_from_type"] = holder.kind.name.upper()
                        entry["inherited_from_name"] = holder.full_name
                    found.setdefault(principal, []).append(entry)
        for entries in found.values():
            entries.sort(key=lambda entry: (entry["privilege"], len(entry)))
        return dict(sorted(found.items()))
