"""The metastore of a cloud: the securables of all its workspaces, as documents."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.access import Access, Standing
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.deltalog import DeltaLogs
from bricklane_local.catalog.grants import Grants
from bricklane_local.catalog.kinds import (
    CATALOG,
    FUNCTION,
    KINDS,
    LEAVES,
    METASTORE,
    SCHEMA,
    TABLE,
    VOLUME,
    Kind,
)
from bricklane_local.catalog.locations import Locations
from bricklane_local.catalog.names import full_name_of, normal, parent_of
from bricklane_local.catalog.principals import Principals
from bricklane_local.catalog.securables import HIDDEN, SYSTEM, Securable, Securables
from bricklane_local.catalog.trash import Trash
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.scope import ACCOUNT
from bricklane_local.paths import StatePaths
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database, Document, DuplicateKeyError

SPACE = "metastore"
DEFAULT_SCHEMA = "default"
# The document that says that the cloud has had a metastore, which may be gone by now.
FOUNDED = "metastore_founded"
# Who administers a metastore until the account says otherwise: each workspace's administrators.
ADMINISTRATORS = "admins"
# Kinds for which documents, named like the field of the id, lead from the id to the full name.
INDEXED = (TABLE, VOLUME)
# What a rename of a container takes along.
CONTENTS = {CATALOG: (SCHEMA, *LEAVES), SCHEMA: LEAVES}


class Metastore:
    """The securables of one cloud.

    Args:
        database: where they are kept.
        paths: of the cloud's state, for the data of tables and volumes.
        clock: for times of creation and change.
        directory: of the account, for the principals that grants and owners name.
    """

    def __init__(
        self, database: Database, paths: StatePaths, clock: Clock, directory: Directory
    ) -> None:
        self.space = database.space(SPACE)
        self.database = database
        self.clock = clock
        self.locations = Locations(paths)
        self.trash = Trash(paths.metastore / "trash")
        self.logs = DeltaLogs()
        self.principals = Principals(directory)
        self.securables = Securables(self.space)
        self.grants = Grants(self.space, self.principals.canonical)
        self.access = Access(self.securables, self.grants)
        directory.on_removal(self._principal_removed)
        directory.tree.on_rename(self._group_renamed)
        self._found()
        self._complete_indexes()
        self.trash.empty()

    def _found(self) -> None:
        """Give a new cloud its metastore; one that was deleted does not come back by itself."""
        body = self.space.get(METASTORE.name, "")
        if self.space.get(FOUNDED, "") is None:
            made = {
                "metastore_id": str(uuid.uuid4()),
                "name": "bricklane",
                "owner": ADMINISTRATORS,
                "created_at": self.clock.now(),
                "created_by": SYSTEM,
            }
            self.space.put(METASTORE.name, "", made | (body or {}))
            self.space.put(FOUNDED, "", {})

    def _complete_indexes(self) -> None:
        """Index what a version has stored that did not index this kind."""
        for kind in INDEXED:
            if self.space.count(kind.id_field) != self.space.count(kind.name):
                for document in self.children(kind):
                    self._index(kind, document.key, document.body)

    def _principal_removed(self, record: dict[str, Any], scope: str) -> None:
        if scope == ACCOUNT:
            self.grants.rename_principal(record["user_name"], None)

    def _group_renamed(self, name: str, new_name: str | None) -> None:
        """Let grants and ownership follow an account group; they end with it."""
        self.grants.rename_principal(name, new_name)
        if new_name is None:
            return
        for kind in (*KINDS.values(), FUNCTION):
            for document in self.space.select(kind.name):
                if document.body.get("owner") == name:
                    self.space.update(kind.name, document.key, document.body | {"owner": new_name})

    @property
    def id(self) -> str:
        """The metastore's id.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST when the account has deleted it.
        """
        return self.securables.metastore().id

    def insert(
        self,
        kind: Kind,
        full_name: str,
        fields: dict[str, Any],
        owner: str,
        *,
        identifier: str | None = None,
    ) -> None:
        """Store a new securable.

        Args:
            kind: which kind.
            full_name: its name in normal form.
            fields: what is particular to it; absent values are left out.
            owner: the user name of who makes it.
            identifier: its id, when one was given out before.

        Raises:
            ApiError: the kind's own code when the name is taken.
        """
        now = self.clock.now()
        body = {key: value for key, value in fields.items() if value is not None}
        body |= {
            kind.id_field: identifier or str(uuid.uuid4()),
            "owner": owner,
            "created_at": now,
            "created_by": owner,
            "updated_at": now,
            "updated_by": owner,
        }
        try:
            self.space.insert(kind.name, full_name, body, parent=parent_of(full_name))
        except DuplicateKeyError:
            raise kind.duplicate(full_name) from None
        self._index(kind, full_name, body)
        if kind in (CATALOG, SCHEMA):
            self.locations.container_folder(full_name).mkdir(parents=True, exist_ok=True)

    def _index(self, kind: Kind, full_name: str, body: dict[str, Any]) -> None:
        if kind in INDEXED:
            self.space.put(kind.id_field, body[kind.id_field], {"full_name": full_name})

    def name_by_id(self, kind: Kind, identifier: str) -> str:
        """Return the full name of the table or volume with an id.

        Raises:
            ApiError: the kind's own code when there is none.
        """
        entry = self.space.get(kind.id_field, identifier)
        if entry is None:
            message = f"{kind.noun} with id '{identifier}' does not exist."
            raise ApiError(f"{kind.code}_DOES_NOT_EXIST", message)
        return str(entry["full_name"])

    def body(self, kind: Kind, full_name: str) -> dict[str, Any]:
        """Return what is stored of a securable.

        Raises:
            ApiError: the code of the outermost part of its name that does not exist.
        """
        body = self.space.get(kind.name, full_name)
        if body is None:
            self.require_parent(full_name, kind.depth)
            raise kind.missing(full_name)
        return body

    def shown(self, kind: Kind, full_name: str) -> dict[str, Any]:
        """Return what answers show of a securable that exists."""
        return shown(self.body(kind, full_name))

    def require_parent(self, full_name: str, depth: int = 3) -> None:
        """Refuse a name whose catalog or schema does not exist."""
        parts = full_name.split(".")
        for level, kind in ((1, CATALOG), (2, SCHEMA)):
            holder = ".".join(parts[:level])
            if level < depth and self.space.get(kind.name, holder) is None:
                raise kind.missing(holder)

    def securable(self, kind: Kind, full_name: str) -> Securable:
        """Return a securable by any spelling of its full name.

        Raises:
            ApiError: when it does not exist.
        """
        if kind is not METASTORE:
            full_name = full_name_of(full_name, kind)
            self.body(kind, full_name)
        return self.securables.find(kind, full_name)

    def standing(self, caller: Caller, kind: Kind, full_name: str) -> Standing:
        """Return what a caller has on a securable, named in any spelling.

        Raises:
            ApiError: when it does not exist.
        """
        return self.access.standing(caller, self.securable(kind, full_name))

    def children(self, kind: Kind, parent: str | None = None) -> list[Document]:
        """Return the securables of a kind in ``parent`` (None: everywhere), by name."""
        return self.space.select(kind.name, parent=parent)

    def update(
        self,
        kind: Kind,
        full_name: str,
        changes: dict[str, Any],
        caller: Caller,
        cleared: Iterable[str] = (),
    ) -> None:
        """Change some fields of a securable.

        Args:
            kind: of the securable.
            full_name: its name in normal form.
            changes: new values; None leaves a field as it is.
            caller: who changes it.
            cleared: fields to remove.

        Raises:
            ApiError: PERMISSION_DENIED unless ``caller`` may manage it; PRINCIPAL_DOES_NOT_EXIST
                for a new owner that is not known.
        """
        self.standing(caller, kind, full_name).require_management()
        body = self.body(kind, full_name)
        for key in cleared:
            body.pop(key, None)
        body |= {key: value for key, value in changes.items() if value is not None}
        if changes.get("owner") is not None:
            body["owner"] = self.principals.canonical(changes["owner"])
        body |= {"updated_at": self.clock.now(), "updated_by": caller.user_name}
        self.space.update(kind.name, full_name, body)

    def update_container(
        self,
        kind: Kind,
        full_name: str,
        changes: dict[str, Any],
        new_name: str | None,
        caller: Caller,
    ) -> str:
        """Change a catalog or schema, and its name together with the folder of its volumes.

        Args:
            kind: of the two.
            full_name: its present name.
            changes: as :meth:`update` takes them.
            new_name: what its last part shall be, if that changes.
            caller: who changes it.

        Returns:
            The full name that it has now.
        """
        folder = self.locations.container_folder(full_name)
        with self.database.transaction():
            self.update(kind, full_name, changes, caller)
            if new_name:
                full_name = self.rename(kind, full_name, new_name)
                target = self.locations.container_folder(full_name)
                if target != folder:
                    folder.rename(target)
        return full_name

    def rename(self, kind: Kind, full_name: str, new_name: str) -> str:
        """Give a securable another last name, with all it holds; return its new full name.

        To be called inside a transaction. Names of contents and volume folders follow.

        Raises:
            ApiError: the kind's own code when the name is taken.
        """
        parent = parent_of(full_name)
        target = f"{parent}.{normal(new_name, kind.noun)}".lstrip(".")
        if target == full_name:
            return full_name
        if self.space.get(kind.name, target) is not None:
            raise kind.duplicate(target)
        self._move(kind, full_name, target)
        for child in CONTENTS.get(kind, ()):
            for key in self.space.keys_under(child.name, f"{full_name}."):
                self._move(child, key, target + key.removeprefix(full_name))
        return target

    def _move(self, kind: Kind, full_name: str, target: str) -> None:
        body = self.space.get(kind.name, full_name) or {}
        self.space.delete(kind.name, full_name)
        self.space.insert(kind.name, target, body, parent=parent_of(target))
        self._index(kind, target, body)

    def require_empty(self, kind: Kind, full_name: str, contents: tuple[Kind, ...]) -> None:
        """Refuse to drop what still holds something.

        Raises:
            ApiError: INVALID_STATE saying what it holds.
        """
        counts = [
            (len(self.space.keys_under(child.name, f"{full_name}.")), child) for child in contents
        ]
        held = [f"{count} {child.plural}" for count, child in counts if count]
        if held:
            raise ApiError(
                "INVALID_STATE",
                f"{kind.noun} '{full_name}' is not empty. It has {', '.join(held)}. "
                "Remove them first, or set force to true",
            )

    def remove(self, kind: Kind, full_name: str) -> None:
        """Forget a securable and the grants on it."""
        securable = self.securables.find(kind, full_name)
        self.grants.forget(securable)
        if kind in INDEXED:
            self.space.delete(kind.id_field, securable.id)
        self.space.delete(kind.name, full_name)


def shown(body: dict[str, Any]) -> dict[str, Any]:
    """Return what answers show of a stored body."""
    return {key: value for key, value in body.items() if key not in HIDDEN}


def text_map(value: Any, field: str) -> dict[str, str]:
    """Return a map of texts that a request carries.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the first entry that is no text.
    """
    for key, item in (value or {}).items():
        if not isinstance(item, str):
            raise invalid(f"{field}.{key} must be a string, got {item!r}")
    return dict(value or {})
