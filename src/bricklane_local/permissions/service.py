"""Reads and changes access control lists.

Source: https://docs.databricks.com/api/workspace/permissions. What the lists forbid is decided in
:mod:`bricklane_local.permissions.access`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.kinds import ALIASES, KINDS, MANAGE, OWNER, ObjectKind
from bricklane_local.workspace.paths import parent_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

ACL = "acl"
# Fields of an entry that name a principal; each entry has exactly one.
PRINCIPALS = ("user_name", "group_name", "service_principal_name")
ADMINISTRATORS = {"group_name": "admins"}


def kind_named(name: str) -> ObjectKind:
    """Return the row of an object kind.

    Raises:
        ApiError: NOT_IMPLEMENTED when the local workspace has no such objects.
    """
    name = ALIASES.get(name, name)
    if name not in KINDS:
        raise ApiError(
            "NOT_IMPLEMENTED",
            f"The local workspace keeps no permissions of {name}, only of {', '.join(KINDS)}",
        )
    return KINDS[name]


class Permissions:
    """The access control lists of one workspace.

    Args:
        workspace: whose objects.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._space = workspace.space

    def direct(self, kind: ObjectKind, object_id: str) -> list[dict[str, str]]:
        """Return the entries of an object's own list."""
        body = self._space.get(ACL, f"{kind.name}/{object_id}")
        if body is None:
            return list(kind.initial)
        return list(body["entries"])

    def _require(self, kind: ObjectKind, object_id: str) -> None:
        if not kind.exists(self._workspace, object_id):
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"There is no {kind.type} with the id {object_id}"
            )

    def describe(self, name: str, object_id: str) -> dict[str, Any]:
        """Return the list of an object, with what it inherits.

        Raises:
            ApiError: when the kind is unknown or the object missing.
        """
        kind = kind_named(name)
        self._require(kind, object_id)
        shown: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for entry in self.direct(kind, object_id):
            permission = {"permission_level": entry["permission_level"], "inherited": False}
            shown.setdefault(_principal(entry), []).append(permission)
        for entry, source in self._inherited(kind, object_id):
            permission = {
                "permission_level": entry["permission_level"],
                "inherited": True,
                "inherited_from_object": [source],
            }
            shown.setdefault(_principal(entry), []).append(permission)
        return {
            "object_id": f"/{kind.name}/{object_id}",
            "object_type": kind.type,
            "access_control_list": [
                {field: value, "all_permissions": permissions}
                for (field, value), permissions in shown.items()
            ],
        }

    def _inherited(self, kind: ObjectKind, object_id: str) -> list[tuple[dict[str, str], str]]:
        found = [
            (entry, f"/directories/{parent}")
            for parent in self._directories(kind.folder(self._workspace, object_id))
            for entry in self.direct(KINDS["directories"], parent)
            if entry["permission_level"] in kind.levels
        ]
        strongest = list(kind.levels)[-1]
        return [*found, (ADMINISTRATORS | {"permission_level": strongest}, f"/{kind.name}/")]

    def _directories(self, path: str) -> Iterator[str]:
        while path:
            directory = self._workspace.objects.find(path)
            if directory is not None:
                yield str(directory.object_id)
            path = parent_of(path)

    def replace(self, name: str, object_id: str, entries: list[dict[str, Any]]) -> None:
        """Make ``entries`` the whole direct list of an object.

        Raises:
            ApiError: when the object is missing, an entry is not valid, or an owner is.
        """
        kind = kind_named(name)
        self._require(kind, object_id)
        self._store(kind, object_id, [_checked(kind, entry) for entry in entries])

    def change(self, name: str, object_id: str, entries: list[dict[str, Any]]) -> None:
        """Set the levels of the principals in ``entries``; others keep theirs."""
        kind = kind_named(name)
        self._require(kind, object_id)
        merged = {_principal(entry): entry for entry in self.direct(kind, object_id)}
        for entry in (_checked(kind, item) for item in entries):
            if entry["permission_level"] == OWNER:
                merged = {k: v for k, v in merged.items() if v["permission_level"] != OWNER}
            merged[_principal(entry)] = entry
        self._store(kind, object_id, list(merged.values()))

    def grant_at_creation(
        self, name: str, object_id: str, caller: Principal, entries: list[dict[str, Any]]
    ) -> None:
        """Give a new object its first list: the wanted entries, and its maker as who manages it.

        The maker of an object of an owned kind owns it. A kind that no level manages, such as
        cluster policies, is managed by administrators alone.
        """
        kind = kind_named(name)
        wanted = [_checked(kind, entry) for entry in entries]
        level = OWNER if kind.owned else MANAGE
        maker = {caller.kind.value: caller.user_name, "permission_level": level}
        owner = kind.owned and any(entry["permission_level"] == OWNER for entry in wanted)
        if level in kind.levels and maker not in wanted and not owner:
            wanted.insert(0, maker)
        self._store(kind, object_id, wanted)

    def _store(self, kind: ObjectKind, object_id: str, entries: list[dict[str, str]]) -> None:
        owners = [entry for entry in entries if entry["permission_level"] == OWNER]
        if kind.owned and len(owners) != 1:
            raise invalid(f"The {kind.type} must have exactly one owner; {len(owners)} were given")
        if owners and "group_name" in owners[0]:
            raise invalid(f"A group cannot own a {kind.type}: {owners[0]['group_name']}")
        with self._space.database.transaction():
            self._space.put(ACL, f"{kind.name}/{object_id}", {"entries": entries})
            if kind.owned:
                kind.on_owner(self._workspace, object_id, _principal(owners[0])[1])

    def forget(self, name: str, object_id: str) -> None:
        """Drop the list of an object that was deleted."""
        self._space.delete(ACL, f"{name}/{object_id}")


def _principal(entry: dict[str, Any]) -> tuple[str, str]:
    return next((field, str(entry[field])) for field in PRINCIPALS if entry.get(field))


def _checked(kind: ObjectKind, entry: dict[str, Any]) -> dict[str, str]:
    named = [field for field in PRINCIPALS if entry.get(field)]
    if len(named) != 1:
        raise invalid(f"An entry must name exactly one of {', '.join(PRINCIPALS)}; got {entry}")
    level = entry.get("permission_level")
    if level not in kind.levels:
        raise invalid(
            f"permission_level of a {kind.type} must be one of {', '.join(kind.levels)}; "
            f"got {level!r}"
        )
    return {named[0]: str(entry[named[0]]), "permission_level": str(level)}
