"""The metastore of a cloud: the securables of all its workspaces, as documents."""

from __future__ import annotations

import re
import uuid
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.deltalog import DeltaLogs
from bricklane_local.catalog.grants import ADMINISTRATORS, EVERYONE, Grants, Securable
from bricklane_local.catalog.kinds import CATALOG, LEAVES, METASTORE, SCHEMA, TABLE, Kind
from bricklane_local.catalog.locations import Locations
from bricklane_local.catalog.names import full_name_of, normal, parent_of
from bricklane_local.catalog.privileges import USE_CATALOG, USE_SCHEMA
from bricklane_local.catalog.trash import Trash
from bricklane_local.identity.principals import Principal
from bricklane_local.paths import StatePaths
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database, Document, DuplicateKeyError

SPACE = "metastore"
DEFAULT_SCHEMA = "default"
# Documents that lead from a table's id to its full name.
TABLE_ID = "table_id"
# What every user of a workspace may do in its own catalog from the start, as documented at
# https://docs.databricks.com/en/data-governance/unity-catalog/create-catalogs.html#workspace-catalog
WORKSPACE_CATALOG_GRANTS = [USE_CATALOG]
DEFAULT_SCHEMA_GRANTS = [
    USE_SCHEMA,
    "CREATE_FUNCTION",
    "CREATE_MATERIALIZED_VIEW",
    "CREATE_MODEL",
    "CREATE_TABLE",
    "CREATE_VOLUME",
]


class Metastore:
    """The securables of one cloud.

    Args:
        database: where they are kept.
        paths: of the cloud's state, for the data of tables and volumes.
        clock: for times of creation and change.
    """

    def __init__(self, database: Database, paths: StatePaths, clock: Clock) -> None:
        self.space = database.space(SPACE)
        self.database = database
        self.clock = clock
        self.locations = Locations(paths)
        self.trash = Trash(paths.root / "metastore" / "trash")
        self.logs = DeltaLogs()
        self.info = self._metastore()
        self.grants = Grants(
            self.space,
            Securable(METASTORE, self.info["metastore_id"], self.info["metastore_id"], "admins"),
        )
        self.trash.empty()

    def _metastore(self) -> dict[str, Any]:
        body = self.space.get(METASTORE.name, "")
        if body is None:
            body = {
                "metastore_id": str(uuid.uuid4()),
                "name": "bricklane",
                "created_at": self.clock.now(),
            }
            self.space.insert(METASTORE.name, "", body)
        return body

    def ensure_workspace_catalog(self, name: str, administrator: Principal) -> None:
        """Make the catalog that a workspace has from the start.

        Besides ``default`` it has a schema named like the administrator: the projects that the
        CLI makes let each developer work in such a personal schema, and expect it to exist.
        """
        if self.space.get(CATALOG.name, name) is not None:
            return
        with self.database.transaction():
            self.insert(
                CATALOG, name, {"comment": f"Catalog of the workspace {name}"}, administrator
            )
            schema = f"{name}.{DEFAULT_SCHEMA}"
            self.insert(SCHEMA, schema, {"comment": "Default schema"}, administrator)
            personal = f"{name}.{personal_schema(administrator)}"
            self.insert(SCHEMA, personal, {"comment": "Personal schema"}, administrator)
            for kind, full_name, privileges in (
                (CATALOG, name, WORKSPACE_CATALOG_GRANTS),
                (SCHEMA, schema, DEFAULT_SCHEMA_GRANTS),
            ):
                securable = self.grants.find(kind, full_name)
                self.grants.change(securable, [{"principal": EVERYONE, "add": privileges}])

    def insert(
        self,
        kind: Kind,
        full_name: str,
        fields: dict[str, Any],
        caller: Principal,
        *,
        identifier: str | None = None,
    ) -> None:
        """Store a new securable, owned by ``caller``.

        Args:
            kind: which kind.
            full_name: its name in normal form.
            fields: what is particular to it; absent values are left out.
            caller: who makes it.
            identifier: its id, when one was given out before.

        Raises:
            ApiError: the kind's own code when the name is taken.
        """
        now = self.clock.now()
        body = {key: value for key, value in fields.items() if value is not None}
        body |= {
            kind.id_field: identifier or str(uuid.uuid4()),
            "owner": caller.user_name,
            "created_at": now,
            "created_by": caller.user_name,
            "updated_at": now,
            "updated_by": caller.user_name,
        }
        try:
            self.space.insert(kind.name, full_name, body, parent=parent_of(full_name))
        except DuplicateKeyError:
            raise kind.duplicate(full_name) from None
        if kind is TABLE:
            self.space.put(TABLE_ID, body["table_id"], {"full_name": full_name})
        if kind in (CATALOG, SCHEMA):
            self.locations.container_folder(full_name).mkdir(parents=True, exist_ok=True)

    def body(self, kind: Kind, full_name: str) -> dict[str, Any]:
        """Return what is stored of a securable.

        Raises:
            ApiError: the code of the outermost part of its name that does not exist.
        """
        body = self.space.get(kind.name, full_name)
        if body is None:
            self.require_parent(full_name)
            raise kind.missing(full_name)
        return body

    def require_parent(self, full_name: str) -> None:
        """Refuse a name whose catalog or schema does not exist."""
        parts = full_name.split(".")
        for depth, kind in ((1, CATALOG), (2, SCHEMA)):
            holder = ".".join(parts[:depth])
            if depth < len(parts) and self.space.get(kind.name, holder) is None:
                raise kind.missing(holder)

    def securable(self, kind: Kind, full_name: str) -> Securable:
        """Return a securable by any spelling of its full name.

        Raises:
            ApiError: when it does not exist.
        """
        if kind is METASTORE:
            return self.grants.find(METASTORE, full_name)
        full_name = full_name_of(full_name, kind)
        self.body(kind, full_name)
        return self.grants.find(kind, full_name)

    def children(self, kind: Kind, parent: str | None = None) -> list[Document]:
        """Return the securables of a kind in ``parent`` (None: everywhere), by name."""
        return self.space.select(kind.name, parent=parent)

    def visible(self, caller: Principal, kind: Kind, parent: str | None = None) -> list[Document]:
        """Return the securables of a kind in ``parent`` that ``caller`` may see."""
        found = self.children(kind, parent)
        if ADMINISTRATORS in caller.groups:
            return found
        return [d for d in found if self.grants.sees(caller, self.grants.find(kind, d.key))]

    def update(
        self, kind: Kind, full_name: str, changes: dict[str, Any], caller: Principal
    ) -> None:
        """Change some fields of a securable; None leaves one as it is.

        Raises:
            ApiError: PERMISSION_DENIED unless ``caller`` may manage it.
        """
        body = self.body(kind, full_name)
        self.grants.require_management(caller, self.grants.find(kind, full_name))
        body |= {key: value for key, value in changes.items() if value is not None}
        body |= {"updated_at": self.clock.now(), "updated_by": caller.user_name}
        self.space.update(kind.name, full_name, body)

    def update_container(
        self,
        kind: Kind,
        full_name: str,
        changes: dict[str, Any],
        new_name: str | None,
        caller: Principal,
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
        inner = {CATALOG: (SCHEMA, *LEAVES), SCHEMA: LEAVES}.get(kind, ())
        for child in inner:
            for key in self.space.keys_under(child.name, f"{full_name}."):
                self._move(child, key, target + key.removeprefix(full_name))
        return target

    def _move(self, kind: Kind, full_name: str, target: str) -> None:
        body = self.body(kind, full_name)
        self.space.delete(kind.name, full_name)
        self.space.insert(kind.name, target, body, parent=parent_of(target))
        if kind is TABLE:
            self.space.put(TABLE_ID, body["table_id"], {"full_name": target})

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
        securable = self.grants.find(kind, full_name)
        self.grants.forget(securable)
        if kind is TABLE:
            self.space.delete(TABLE_ID, securable.id)
        self.space.delete(kind.name, full_name)


def personal_schema(user: Principal) -> str:
    """Return the name of a user's own schema: the user name as the CLI shortens it."""
    return re.sub(r"[^a-z0-9]+", "_", user.user_name.partition("@")[0].lower())


def text_map(value: Any, field: str) -> dict[str, str]:
    """Return a map of texts that a request carries.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the first entry that is no text.
    """
    for key, item in (value or {}).items():
        if not isinstance(item, str):
            raise invalid(f"{field}.{key} must be a string, got {item!r}")
    return dict(value or {})
