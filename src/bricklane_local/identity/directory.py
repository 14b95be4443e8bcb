"""The directory: users and service principals of the account, and who of them is in a workspace.

A user or service principal exists once in the account, with one id; a workspace has it when it was
assigned there, with entitlements and groups of its own.
Source: https://docs.databricks.com/en/admin/users-groups/ (identity federation).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import ADMINS, USERS, Principal, PrincipalKind
from bricklane_local.store.database import Database, Document

# Kinds of documents for the kinds of principals.
DOCUMENTS = {PrincipalKind.USER: "user", PrincipalKind.SERVICE_PRINCIPAL: "service_principal"}
ASSIGNMENT, GROUP, MEMBERSHIP = "assignment", "group", "membership"
SYSTEM_GROUPS = (ADMINS, USERS)


@dataclass(frozen=True, slots=True)
class Group:
    """A group of one workspace.

    Args:
        id: numeric SCIM id, as text.
        name: its display name.
    """

    id: str
    name: str


class Directory:
    """The identities of one cloud.

    Args:
        database: where they are kept.
    """

    def __init__(self, database: Database) -> None:
        self._space = database.space("identity")
        self._known: dict[tuple[str, str], Principal | None] = {}
        self._forgetters: list[Callable[[dict[str, Any]], None]] = []

    def on_removal(self, forget: Callable[[dict[str, Any]], None]) -> None:
        """Call ``forget`` with the record of each principal that leaves the account."""
        self._forgetters.append(forget)

    def ensure_user(self, user_name: str, display_name: str) -> dict[str, Any]:
        """Return the account's record of a user, made on first use."""
        found = self._space.find("user", user_name)
        if found is None:
            return self.add(PrincipalKind.USER, user_name, display_name)
        if found.position == 0:
            self._space.put("user", user_name, found.body, position=int(found.body["id"]))
        return found.body

    def add(self, kind: PrincipalKind, name: str, display_name: str) -> dict[str, Any]:
        """Add a principal to the account and return its record.

        Args:
            kind: user or service principal.
            name: user name or application id; nobody may have it.
            display_name: name for people.
        """
        number = self._number()
        body = {"id": str(number), "user_name": name, "display_name": display_name, "active": True}
        self._space.insert(DOCUMENTS[kind], name, body, position=number)
        return body

    def _number(self) -> int:
        return self._space.database.next_number("principal", first=1_000_000_001)

    def record(self, kind: PrincipalKind, name: str) -> dict[str, Any] | None:
        """Return the account's record of a principal by its name, or None."""
        return self._space.get(DOCUMENTS[kind], name)

    def save(self, kind: PrincipalKind, record: dict[str, Any]) -> None:
        """Store the changed record of a principal."""
        self._space.update(DOCUMENTS[kind], record["user_name"], record)
        self._known.clear()

    def ensure_groups(self, workspace: str) -> None:
        """Make the groups that every workspace has."""
        for name in SYSTEM_GROUPS:
            if self._space.get(GROUP, f"{workspace}/{name}") is None:
                self.add_group(workspace, name)

    def add_group(self, workspace: str, name: str) -> Group:
        """Make a group in a workspace that has none of this name."""
        number = self._number()
        body = {"id": str(number), "name": name}
        key = f"{workspace}/{name}"
        self._space.insert(GROUP, key, body, parent=workspace, position=number)
        return Group(**body)

    def groups(self, workspace: str) -> list[Group]:
        """Return the groups of a workspace, oldest first."""
        return [Group(**d.body) for d in self._space.select(GROUP, parent=workspace)]

    def has_group(self, name: str) -> bool:
        """Say whether any group of the account or of a workspace has this name."""
        return any(document.body["name"] == name for document in self._space.select(GROUP))

    def remove_group(self, workspace: str, group: Group) -> None:
        """Delete a group."""
        with self._space.database.transaction():
            for key in self._space.keys_under(MEMBERSHIP, f"{workspace}/{group.id}/"):
                self._space.delete(MEMBERSHIP, key)
            self._space.delete(GROUP, f"{workspace}/{group.name}")
        self._known.clear()

    def assign(self, workspace: str, kind: PrincipalKind, record: dict[str, Any]) -> None:
        """Take a principal of the account into a workspace, if it is not there yet."""
        key = f"{workspace}/{record['id']}"
        if self._space.get(ASSIGNMENT, key) is None:
            self._space.insert(
                ASSIGNMENT,
                key,
                {"user_name": record["user_name"], "entitlements": []},
                parent=f"{workspace}/{DOCUMENTS[kind]}",
                position=int(record["id"]),
            )
        self._known.clear()

    def assignment(self, workspace: str, principal_id: str) -> dict[str, Any] | None:
        """Return what a workspace keeps of a principal: its name and entitlements; or None."""
        return self._space.get(ASSIGNMENT, f"{workspace}/{principal_id}")

    def set_entitlements(self, workspace: str, principal_id: str, values: list[str]) -> None:
        """Store what a principal is entitled to in a workspace."""
        key = f"{workspace}/{principal_id}"
        body = self._space.get(ASSIGNMENT, key) or {}
        self._space.update(ASSIGNMENT, key, body | {"entitlements": values})

    def remove(self, workspace: str, kind: PrincipalKind, record: dict[str, Any]) -> None:
        """Take a principal out of a workspace; out of the account too when it was its last."""
        with self._space.database.transaction():
            self._space.delete_children(MEMBERSHIP, f"{workspace}/{record['id']}")
            self._space.delete(ASSIGNMENT, f"{workspace}/{record['id']}")
            number = int(record["id"])
            if self._space.at_position(ASSIGNMENT, number) is None:
                self._space.delete(DOCUMENTS[kind], record["user_name"])
                for forget in self._forgetters:
                    forget(record)
        self._known.clear()

    def members(self, workspace: str, group: Group) -> list[str]:
        """Return the ids of the principals in a group."""
        if group.name == USERS:
            found = [
                document
                for name in DOCUMENTS.values()
                for document in self._space.select(ASSIGNMENT, parent=f"{workspace}/{name}")
            ]
            return [str(document.position) for document in found]
        prefix = f"{workspace}/{group.id}/"
        keys = self._space.keys_under(MEMBERSHIP, prefix)
        return [key.removeprefix(prefix) for key in keys]

    def join(self, workspace: str, group: Group, principal_id: str) -> None:
        """Put a principal of a workspace into one of its groups."""
        self._space.put(
            MEMBERSHIP,
            f"{workspace}/{group.id}/{principal_id}",
            {"group": group.name, "group_id": group.id},
            parent=f"{workspace}/{principal_id}",
        )
        self._known.clear()

    def leave(self, workspace: str, group: Group, principal_id: str) -> None:
        """Take a principal out of a group."""
        self._space.delete(MEMBERSHIP, f"{workspace}/{group.id}/{principal_id}")
        self._known.clear()

    def principals(self, workspace: str, kind: PrincipalKind) -> list[Principal]:
        """Return the principals of a kind in a workspace, oldest first."""
        parent = f"{workspace}/{DOCUMENTS[kind]}"
        found = self._space.select(ASSIGNMENT, parent=parent)
        return [self.named(workspace, document.body["user_name"]) for document in found]

    def by_id(self, workspace: str, principal_id: str) -> Principal | None:
        """Return the principal of a workspace with a SCIM id, or None."""
        body = self.assignment(workspace, principal_id)
        return None if body is None else self.find(workspace, body["user_name"])

    def named(self, workspace: str, name: str) -> Principal:
        """Return the principal of a workspace with a user name or application id.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST when the workspace has none.
        """
        found = self.find(workspace, name)
        if found is None:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST",
                f"Principal {name} does not exist in the workspace {workspace}",
            )
        return found

    def find(self, workspace: str, name: str) -> Principal | None:
        """Return the principal of a workspace with a user name or application id, or None."""
        key = (workspace, name)
        if key not in self._known:
            self._known[key] = self._load(workspace, name)
        return self._known[key]

    def _load(self, workspace: str, name: str) -> Principal | None:
        for kind in DOCUMENTS:
            record = self.record(kind, name)
            if record is not None and self.assignment(workspace, record["id"]) is not None:
                joined = self._space.select(MEMBERSHIP, parent=f"{workspace}/{record['id']}")
                groups = (*(_group_name(document) for document in joined), USERS)
                return Principal(
                    record["id"],
                    record["user_name"],
                    record["display_name"],
                    groups,
                    kind=kind,
                    active=record.get("active", True),
                )
        return None


def _group_name(document: Document) -> str:
    return str(document.body["group"])
