"""Which workspaces the metastore is assigned to, and the catalog that each has from the start.

Source: https://docs.databricks.com/api/account/metastoreassignments.
"""

from __future__ import annotations

import re
from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.callers import EVERYONE
from bricklane_local.catalog.kinds import CATALOG, METASTORE, SCHEMA
from bricklane_local.catalog.metastore import DEFAULT_SCHEMA, Metastore
from bricklane_local.catalog.privileges import USE_CATALOG, USE_SCHEMA
from bricklane_local.catalog.securables import BINDINGS, READ_WRITE
from bricklane_local.identity.principals import Principal

ASSIGNMENT = "metastore_assignment"
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


class Assignments:
    """The metastore assignment of each workspace.

    Args:
        metastore: the cloud's one metastore.
    """

    def __init__(self, metastore: Metastore) -> None:
        self._metastore = metastore
        self._space = metastore.space

    def find(self, workspace_id: int) -> dict[str, Any] | None:
        """Return the ``MetastoreAssignment`` of a workspace, None when it has no metastore."""
        found = self._space.get(ASSIGNMENT, str(workspace_id))
        return found if found and found["metastore_id"] else None

    def get(self, workspace_id: int) -> dict[str, Any]:
        """Return the ``MetastoreAssignment`` of a workspace.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST when none is assigned.
        """
        found = self.find(workspace_id)
        if found is None:
            raise ApiError(
                "METASTORE_DOES_NOT_EXIST", "No metastore assigned for the current workspace."
            )
        return found

    def default_catalog(self, workspace_id: int) -> str:
        """Return the catalog of names without one in a workspace, "" when there is none."""
        found = self.find(workspace_id)
        return str(found["default_catalog_name"]) if found else ""

    def workspaces(self, metastore_id: str) -> list[int]:
        """Return the ids of the workspaces that a metastore is assigned to, ascending."""
        found = [d.body for d in self._space.select(ASSIGNMENT)]
        return sorted(b["workspace_id"] for b in found if b["metastore_id"] == metastore_id)

    def assign(
        self, workspace_id: int, metastore_id: str, default_catalog_name: str | None = None
    ) -> dict[str, Any]:
        """Assign the metastore to a workspace, in place of what was assigned before.

        Args:
            workspace_id: a workspace that exists.
            metastore_id: the metastore's id.
            default_catalog_name: the catalog of names without one; None leaves it as it was.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST.
        """
        if metastore_id != self._metastore.id:
            raise METASTORE.missing(metastore_id)
        before = self._space.get(ASSIGNMENT, str(workspace_id)) or {}
        catalog = default_catalog_name or before.get("default_catalog_name") or ""
        body = {
            "workspace_id": workspace_id,
            "metastore_id": metastore_id,
            "default_catalog_name": catalog,
        }
        self._space.put(ASSIGNMENT, str(workspace_id), body)
        return body

    def unassign(self, workspace_id: int, metastore_id: str) -> None:
        """Take the metastore from a workspace; what is in it stays.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST when it was not assigned.
        """
        found = self.get(workspace_id)
        if found["metastore_id"] != metastore_id:
            raise METASTORE.missing(metastore_id)
        # The record stays, so that the workspace is not taken for a new one at the next start.
        self._space.put(ASSIGNMENT, str(workspace_id), found | {"metastore_id": ""})

    def forget(self, workspace_id: int) -> None:
        """Remove what is kept of a workspace that was deleted; its catalog stays."""
        self._space.delete(ASSIGNMENT, str(workspace_id))

    def attach(self, name: str, workspace_id: int, administrator: Principal) -> None:
        """Give a new workspace the metastore and a catalog of its own.

        Like a workspace that is enabled for Unity Catalog automatically. A workspace that has been
        here before, assigned or not, is left as it is.

        Args:
            name: of the workspace, and of its catalog.
            workspace_id: of the workspace.
            administrator: owns the catalog.
        """
        known = self._space.get(ASSIGNMENT, str(workspace_id)) is not None
        if known or self._space.get(METASTORE.name, "") is None:
            return
        with self._metastore.database.transaction():
            self.assign(workspace_id, self._metastore.id, name)
            if self._space.get(CATALOG.name, name) is None:
                self._make_catalog(name, workspace_id, administrator)

    def _make_catalog(self, name: str, workspace_id: int, administrator: Principal) -> None:
        """Make the catalog of a workspace, which no other workspace may use.

        Besides ``default`` it has a schema named like the administrator: the projects that the
        CLI makes let each developer work in such a personal schema, and expect it to exist.
        """
        metastore, owner = self._metastore, administrator.user_name
        fields = {
            "comment": f"Catalog of the workspace {name}",
            "isolation_mode": "ISOLATED",
            BINDINGS: {str(workspace_id): READ_WRITE},
        }
        metastore.insert(CATALOG, name, fields, owner)
        schema = f"{name}.{DEFAULT_SCHEMA}"
        metastore.insert(SCHEMA, schema, {"comment": "Default schema"}, owner)
        personal = f"{name}.{personal_schema(administrator)}"
        metastore.insert(SCHEMA, personal, {"comment": "Personal schema"}, owner)
        for kind, full_name, privileges in (
            (CATALOG, name, WORKSPACE_CATALOG_GRANTS),
            (SCHEMA, schema, DEFAULT_SCHEMA_GRANTS),
        ):
            securable = metastore.securables.find(kind, full_name)
            metastore.grants.change(securable, [{"principal": EVERYONE, "add": privileges}])


def personal_schema(user: Principal) -> str:
    """Return the name of a user's own schema: the user name as the CLI shortens it."""
    return re.sub(r"[^a-z0-9]+", "_", user.user_name.partition("@")[0].lower())
