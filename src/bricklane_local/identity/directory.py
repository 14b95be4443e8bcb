"""The directory: who exists in the account, who of them is in a workspace, and in which groups.

A user, service principal or account group exists once, with one id. A workspace has those that were
assigned to it, by themselves or as members of an assigned group, and groups of its own besides.
The account itself is the scope in which everybody is.
Source: https://docs.databricks.com/en/admin/users-groups/ (identity federation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.grouping import GROUP, Group, GroupTree
from bricklane_local.identity.principals import ADMINS, USERS, Principal, PrincipalKind
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.store.database import Database

# Kinds of documents for the kinds of principals.
DOCUMENTS = {PrincipalKind.USER: "user", PrincipalKind.SERVICE_PRINCIPAL: "service_principal"}
ASSIGNMENT = "assignment"
SYSTEM_GROUPS = (ADMINS, USERS)
ACCOUNT_ADMIN = "account_admin"
ID_LENGTH = 18  # digits, so that it fits 64 bits
Removal = Callable[[dict[str, Any], str], None]


class Directory:
    """The identities of one cloud.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._space = database.space("identity")
        self._known: dict[tuple[str, str], Principal | None] = {}
        self._removals: list[Removal] = []
        self.tree = GroupTree(self._space, self.forget)
        database.on_rollback(self.forget)

    def on_removal(self, removal: Removal) -> None:
        """Call ``removal`` with the record of each principal that leaves a scope, and the scope."""
        self._removals.append(removal)

    def forget(self) -> None:
        """Drop what was derived from documents that have changed."""
        self._known.clear()

    def ensure_user(self, user_name: str, display_name: str) -> dict[str, Any]:
        """Return the account's record of a user, made on first use."""
        found = self._space.get("user", user_name)
        return found or self.add(PrincipalKind.USER, user_name, display_name)

    def add(self, kind: PrincipalKind, name: str, display_name: str) -> dict[str, Any]:
        """Add a principal to the account and return its record.

        Args:
            kind: user or service principal.
            name: user name or application id; nobody may have it.
            display_name: name for people.
        """
        number = self.next_id()
        body = {"id": str(number), "user_name": name, "display_name": display_name, "active": True}
        with self._space.database.transaction():
            self._space.insert(DOCUMENTS[kind], name, body, position=number)
            self.assign(ACCOUNT, kind, body)
        return body

    def next_id(self) -> int:
        """Return the id for another user, service principal or group."""
        return self._space.database.next_number("principal", first=1_000_000_001)

    def record(self, kind: PrincipalKind, name: str) -> dict[str, Any] | None:
        """Return the account's record of a principal by its name, or None."""
        return self._space.get(DOCUMENTS[kind], name)

    def save(self, kind: PrincipalKind, record: dict[str, Any]) -> None:
        """Store the changed record of a principal."""
        self._space.update(DOCUMENTS[kind], record["user_name"], record)
        self.forget()

    def ensure_groups(self, workspace: str) -> None:
        """Make the groups that every workspace has."""
        for name in SYSTEM_GROUPS:
            if self.tree.named(workspace, name) is None:
                self.tree.add(workspace, self.next_id(), name)

    def groups(self, scope: str) -> list[Group]:
        """Return a scope's own groups, oldest first, then those that are assigned to it."""
        if scope == ACCOUNT:
            return self.tree.groups(scope)
        assigned = self._space.select(ASSIGNMENT, parent=f"{scope}/{GROUP}")
        found = (self.tree.by_id(str(document.position)) for document in assigned)
        return [*self.tree.groups(scope), *(group for group in found if group is not None)]

    def assign(self, scope: str, kind: PrincipalKind | None, record: dict[str, Any]) -> None:
        """Take a principal of the account into a scope, if it is not there yet.

        Args:
            scope: which.
            kind: of the principal; None for an account group.
            record: its record; of a group, ``id`` and ``user_name``.
        """
        key = f"{scope}/{record['id']}"
        if self._space.get(ASSIGNMENT, key) is None:
            self._space.insert(
                ASSIGNMENT,
                key,
                {"user_name": record["user_name"], "entitlements": []},
                parent=f"{scope}/{DOCUMENTS[kind] if kind else GROUP}",
                position=int(record["id"]),
            )
        self.forget()

    def assignment(self, scope: str, principal_id: str) -> dict[str, Any] | None:
        """Return what a scope keeps of a principal: its name and entitlements; or None."""
        return self._space.get(ASSIGNMENT, f"{scope}/{principal_id}")

    def assigned(self, workspace: str) -> list[int]:
        """Return the ids of the principals and groups that are assigned to a workspace."""
        keys = self._space.keys_under(ASSIGNMENT, f"{workspace}/")
        return sorted(int(key.rpartition("/")[2]) for key in keys)

    def set_entitlements(self, scope: str, principal_id: str, values: list[str]) -> None:
        """Store what a principal is entitled to in a scope; of the account, its roles."""
        key = f"{scope}/{principal_id}"
        body = self._space.get(ASSIGNMENT, key) or {}
        self._space.update(ASSIGNMENT, key, body | {"entitlements": values})
        self.forget()

    def unassign(self, workspace: str, principal_id: str) -> None:
        """Take a principal or group out of a workspace and its groups; the account keeps it."""
        with self._space.database.transaction():
            self.tree.leave_all(workspace, principal_id)
            self._space.delete(ASSIGNMENT, f"{workspace}/{principal_id}")
        self.forget()

    def remove(self, scope: str, kind: PrincipalKind, record: dict[str, Any]) -> None:
        """Take a principal out of a workspace, or out of the account and so of all workspaces."""
        principal_id = record["id"]
        with self._space.database.transaction():
            for place in self._places(principal_id) if scope == ACCOUNT else [scope]:
                self.unassign(place, principal_id)
            if scope == ACCOUNT:
                self._space.delete(DOCUMENTS[kind], record["user_name"])
            for removal in self._removals:
                removal(record, scope)

    def remove_group(self, scope: str, group: Group) -> None:
        """Delete a group, wherever it is assigned or a member."""
        with self._space.database.transaction():
            for place in {scope, *self._places(group.id)}:
                self.unassign(place, group.id)
            self.tree.remove(scope, group)
        self.forget()

    def _places(self, principal_id: str) -> list[str]:
        found = self._space.all_at_position(ASSIGNMENT, int(principal_id))
        return [document.parent.rpartition("/")[0] for document in found]

    def remove_workspace(self, workspace: str) -> None:
        """Forget who was in a workspace that is gone, and its groups."""
        with self._space.database.transaction():
            for key in self._space.keys_under(ASSIGNMENT, f"{workspace}/"):
                self._space.delete(ASSIGNMENT, key)
            for group in self.tree.groups(workspace):
                self.tree.remove(workspace, group)
        self.forget()

    def members(self, scope: str, group: Group) -> list[str]:
        """Return the ids of the principals and groups that are direct members of a group."""
        if group.name == USERS and scope != ACCOUNT:
            return [one.id for kind in DOCUMENTS for one in self.principals(scope, kind)]
        return self.tree.members(group)

    def join(self, scope: str, group: Group, principal_id: str) -> None:
        """Put a principal of a scope into one of its groups."""
        self.tree.join(scope, group, principal_id)

    def leave(self, group: Group, principal_id: str) -> None:
        """Take a principal out of a group."""
        self.tree.leave(group, principal_id)

    def principals(self, scope: str, kind: PrincipalKind) -> list[Principal]:
        """Return the principals of a kind in a scope, oldest first."""
        numbers = {
            document.position
            for document in self._space.select(ASSIGNMENT, parent=f"{scope}/{DOCUMENTS[kind]}")
        }
        groups = (
            [] if scope == ACCOUNT else self._space.select(ASSIGNMENT, parent=f"{scope}/{GROUP}")
        )
        for document in groups:
            numbers |= {int(member) for member in self.tree.below(str(document.position))}
        found = (self._space.at_position(DOCUMENTS[kind], number) for number in sorted(numbers))
        names = [document.key for document in found if document is not None]
        return [self.named(scope, name) for name in names]

    def by_id(self, scope: str, principal_id: str) -> Principal | None:
        """Return the principal of a scope with a SCIM id, or None."""
        if not principal_id.isdecimal() or len(principal_id) > ID_LENGTH:
            return None
        for kind in DOCUMENTS.values():
            found = self._space.at_position(kind, int(principal_id))
            if found is not None:
                return self.find(scope, found.key)
        return None

    def named(self, scope: str, name: str) -> Principal:
        """Return the principal of a scope with a user name or application id.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST when there is none.
        """
        found = self.find(scope, name)
        if found is None:
            place = "account" if scope == ACCOUNT else f"workspace {scope}"
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST", f"Principal {name} does not exist in the {place}"
            )
        return found

    def find(self, scope: str, name: str) -> Principal | None:
        """Return the principal of a scope with a user name or application id, or None."""
        key = (scope, name)
        if key not in self._known:
            self._known[key] = self._load(scope, name)
        return self._known[key]

    def _load(self, scope: str, name: str) -> Principal | None:
        for kind in DOCUMENTS:
            record = self.record(kind, name)
            if record is None:
                continue
            above = self.tree.above(record["id"])
            groups = self._groups_in(scope, [record["id"], *(group.id for group in above)])
            if groups is None:
                return None
            return Principal(
                record["id"],
                record["user_name"],
                record["display_name"],
                (*groups, *(group.name for group in above), *([] if scope == ACCOUNT else [USERS])),
                kind=kind,
                active=record.get("active", True),
            )
        return None

    def _groups_in(self, scope: str, ids: Iterable[str]) -> list[str] | None:
        """Return the own groups of a scope that have one of ``ids`` in them; None for a stranger.

        In the account it is the role of an administrator that counts, which a group can have too.
        """
        ids = list(ids)
        keys = [f"{scope}/{one}" for one in ids]
        assignments = [found.body for found in self._space.select_in(ASSIGNMENT, "key", keys)]
        if not assignments:
            return None
        if scope == ACCOUNT:
            roles = {role for found in assignments for role in found["entitlements"]}
            return [ADMINS] if ACCOUNT_ADMIN in roles else []
        return self.tree.direct_of_any(scope, ids)
