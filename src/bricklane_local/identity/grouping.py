"""Groups and who is in them: those of the account may hold each other, a workspace's own may not.

Source: https://docs.databricks.com/en/admin/users-groups/groups.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.store.database import Document, Space

GROUP, MEMBERSHIP = "group", "membership"


@dataclass(frozen=True, slots=True)
class Group:
    """A group of the account or of one workspace.

    Args:
        id: numeric SCIM id, as text.
        name: its display name.
        scope: where it was made.
        external_id: what the identity provider calls it; "" for nothing.
    """

    id: str
    name: str
    scope: str
    external_id: str = ""


class GroupTree:
    """The groups of all scopes and their memberships.

    Args:
        space: where they are kept.
        changed: called after each change.
    """

    def __init__(self, space: Space, changed: Callable[[], None]) -> None:
        self._space = space
        self._changed = changed
        self._renamers: list[Callable[[str, str | None], None]] = []

    def on_rename(self, renamer: Callable[[str, str | None], None]) -> None:
        """Call ``renamer`` with the old and new name of each account group; None: it is deleted."""
        self._renamers.append(renamer)

    def _renamed(self, group: Group, new_name: str | None) -> None:
        if group.scope == ACCOUNT and group.name != new_name:
            for renamer in self._renamers:
                renamer(group.name, new_name)

    def add(self, scope: str, number: int, name: str, external_id: str = "") -> Group:
        """Make a group in a scope that has none of this name."""
        body = {"id": str(number), "name": name, "external_id": external_id}
        self._space.insert(GROUP, f"{scope}/{name}", body, parent=scope, position=number)
        return Group(str(number), name, scope, external_id)

    def save(self, group: Group, changed: Group) -> None:
        """Store a group under its changed name and external id."""
        self._space.delete(GROUP, f"{group.scope}/{group.name}")
        self.add(changed.scope, int(changed.id), changed.name, changed.external_id)
        self._renamed(group, changed.name)
        self._changed()

    def groups(self, scope: str) -> list[Group]:
        """Return the groups that were made in a scope, oldest first."""
        return [_group(document) for document in self._space.select(GROUP, parent=scope)]

    def named(self, scope: str, name: str) -> Group | None:
        """Return the group of a scope by its name, or None."""
        found = self._space.find(GROUP, f"{scope}/{name}")
        return None if found is None else _group(found)

    def by_id(self, group_id: str) -> Group | None:
        """Return the group with a SCIM id, or None."""
        if not group_id.isdigit():
            return None
        found = self._space.at_position(GROUP, int(group_id))
        return None if found is None else _group(found)

    def remove(self, scope: str, group: Group) -> None:
        """Delete a group with its memberships."""
        for key in self._space.keys_under(MEMBERSHIP, f"{group.id}/"):
            self._space.delete(MEMBERSHIP, key)
        self._space.delete(GROUP, f"{scope}/{group.name}")
        self._renamed(group, None)

    def join(self, scope: str, group: Group, member_id: str) -> None:
        """Put a principal or group into a group of a scope."""
        key = f"{group.id}/{member_id}"
        self._space.put(MEMBERSHIP, key, {"group_id": group.id}, parent=f"{scope}/{member_id}")
        self._changed()

    def leave(self, group: Group, member_id: str) -> None:
        """Take a principal or group out of a group."""
        self._space.delete(MEMBERSHIP, f"{group.id}/{member_id}")
        self._changed()

    def leave_all(self, scope: str, member_id: str) -> None:
        """Take a principal or group out of all groups of a scope."""
        self._space.delete_children(MEMBERSHIP, f"{scope}/{member_id}")

    def members(self, group: Group) -> list[str]:
        """Return the ids of what is directly in a group."""
        prefix = f"{group.id}/"
        return [key.removeprefix(prefix) for key in self._space.keys_under(MEMBERSHIP, prefix)]

    def direct(self, scope: str, member_id: str) -> list[str]:
        """Return the names of the groups of a scope that a member is directly in."""
        return self.direct_of_any(scope, [member_id])

    def direct_of_any(self, scope: str, member_ids: Iterable[str]) -> list[str]:
        """Return the names of the groups of a scope that any of some members is directly in."""
        parents = [f"{scope}/{member_id}" for member_id in member_ids]
        found = self._space.select_in(MEMBERSHIP, "parent", parents)
        return [group.name for group in self._with_ids(d.body["group_id"] for d in found)]

    def _with_ids(self, ids: Iterable[str]) -> list[Group]:
        numbers = {int(group_id) for group_id in ids}
        return [_group(found) for found in self._space.select_in(GROUP, "position", numbers)]

    def above(self, member_id: str) -> list[Group]:
        """Return the account groups that a member is in, by itself or through other groups."""
        return self._with_ids(self._space.holders(MEMBERSHIP, ACCOUNT, member_id))

    def below(self, group_id: str) -> set[str]:
        """Return the ids of all that is in a group, by itself or through other groups."""
        found: set[str] = set()
        waiting = [group_id]
        while waiting:
            prefix = f"{waiting.pop()}/"
            for key in self._space.keys_under(MEMBERSHIP, prefix):
                member = key.removeprefix(prefix)
                if member not in found:
                    found.add(member)
                    waiting.append(member)
        return found


def _group(document: Document) -> Group:
    body = document.body
    return Group(body["id"], body["name"], document.parent, body.get("external_id", ""))
