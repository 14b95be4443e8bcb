"""What can be done with securables directly below the metastore.

They are kept and answered; what they stand for is in a cloud that is not here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bricklane_local.catalog.bindings import bound_to_maker
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import BINDABLE, Kind
from bricklane_local.catalog.metastore import Metastore, shown
from bricklane_local.catalog.names import normal


@dataclass(frozen=True, slots=True)
class Change:
    """What a request wants to store of one securable.

    Args:
        metastore: that it belongs to.
        name: of the securable.
        fields: those that the request sets and a client may set.
        caller: who makes or changes it.
        before: what was stored of it before, nothing of a new one.
    """

    metastore: Metastore
    name: str
    fields: dict[str, Any]
    caller: Caller
    before: dict[str, Any]


class TopLevel:
    """One such kind; subclasses say what is particular to it.

    Args:
        kind: which.
        privilege: what it takes on the metastore to create one.
        fields: what a client may set when it creates one.
        fixed: those of ``fields`` that cannot change afterwards.
    """

    def __init__(
        self,
        kind: Kind,
        privilege: str,
        fields: tuple[str, ...],
        fixed: tuple[str, ...] = (),
    ) -> None:
        self.kind = kind
        self._privilege = privilege
        self._fields = fields
        self._fixed = fixed

    def info(self, metastore: Metastore, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the securable as answers show it."""
        answer = {
            **shown(body),
            "name": name,
            "full_name": name,
            "securable_type": self.kind.name.upper(),
            "metastore_id": metastore.id,
        }
        if self.kind.name in BINDABLE:
            answer.setdefault("isolation_mode", "ISOLATION_MODE_OPEN")
        return answer

    def prepare(self, change: Change) -> dict[str, Any]:
        """Return what is stored of what a request sets; None removes what was stored before.

        Raises:
            ApiError: when a value is not valid.
        """
        return change.fields

    def require_unused(self, metastore: Metastore, name: str, action: str) -> None:
        """Refuse to delete or move what others depend on.

        Args:
            metastore: that it belongs to.
            name: of the securable.
            action: what is refused, for the message: ``delete`` or ``update``.

        Raises:
            ApiError: INVALID_STATE naming how many depend on it.
        """

    def renamed(self, metastore: Metastore, name: str, new_name: str) -> None:
        """Let others that refer to the securable by its name follow, in the same transaction."""

    def create(
        self, metastore: Metastore, fields: dict[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Make one.

        Raises:
            ApiError: the kind's own code when the name is taken, PERMISSION_DENIED, or
                INVALID_PARAMETER_VALUE.
        """
        name = normal(fields["name"], self.kind.noun)
        metastore.access.on_metastore(caller).require(self._privilege)
        stored = self.prepare(Change(metastore, name, self._given(fields), caller, {}))
        if self.kind.name in BINDABLE:
            stored |= bound_to_maker(fields.get("isolation_mode"), caller)
        metastore.insert(self.kind, name, stored, caller.user_name)
        return self.info(metastore, name, metastore.body(self.kind, name))

    def _given(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {key: fields[key] for key in self._fields if fields.get(key) is not None}

    def update(
        self, metastore: Metastore, name: str, fields: dict[str, Any], caller: Caller
    ) -> dict[str, Any]:
        """Change one, its name included."""
        name = name.lower()
        metastore.standing(caller, self.kind, name).require_management()
        before = metastore.body(self.kind, name)
        given = {key: v for key, v in self._given(fields).items() if key not in self._fixed}
        changes = self.prepare(Change(metastore, name, given, caller, before))
        if not fields.get("force") and any(before.get(k) != v for k, v in changes.items()):
            self._require_free(metastore, name, before, changes)
        cleared = [key for key, value in changes.items() if value is None]
        changes |= {key: fields.get(key) for key in ("owner", "isolation_mode")}
        with metastore.database.transaction():
            metastore.update(self.kind, name, changes, caller, cleared)
            if fields.get("new_name"):
                target = metastore.rename(self.kind, name, fields["new_name"])
                self.renamed(metastore, name, target)
                name = target
        return self.info(metastore, name, metastore.body(self.kind, name))

    def _require_free(
        self,
        metastore: Metastore,
        name: str,
        before: dict[str, Any],
        changes: dict[str, Any],
    ) -> None:
        """Refuse to move what others depend on: by default nothing has a place to move from."""
        if "url" in changes and changes["url"] != before.get("url"):
            self.require_unused(metastore, name, "update")

    def delete(self, metastore: Metastore, name: str, caller: Caller, *, force: bool) -> None:
        """Delete one.

        Raises:
            ApiError: INVALID_STATE when others depend on it, unless ``force``.
        """
        name = name.lower()
        metastore.standing(caller, self.kind, name).require_management()
        if not force:
            self.require_unused(metastore, name, "delete")
        with metastore.database.transaction():
            metastore.remove(self.kind, name)


def drop_all(metastore: Metastore, kind: Kind) -> None:
    """Remove all securables of a kind, inside the caller's transaction."""
    for document in metastore.children(kind):
        metastore.remove(kind, document.key)
