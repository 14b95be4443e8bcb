"""The account's metastores, of which a local cloud has one at most.

Source: https://docs.databricks.com/api/account/metastores and
https://docs.databricks.com/api/workspace/metastores.
"""

from __future__ import annotations

import uuid
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog import catalogs, toplevel
from bricklane_local.catalog.kinds import CATALOG, METASTORE
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.metastores.assignments import Assignments
from bricklane_local.catalog.securables import SYSTEM
from bricklane_local.catalog.storage.kinds import TOP_LEVEL

# What a client may change, besides the name and the owner.
CHANGEABLE = (
    "delta_sharing_organization_name",
    "delta_sharing_recipient_token_lifetime_in_seconds",
    "delta_sharing_scope",
    "external_access_enabled",
    "privilege_model_version",
    "storage_root_credential_id",
)
DEFAULTS = {
    "cloud": "local",
    "region": "bricklane",
    "privilege_model_version": "1.0",
    "delta_sharing_scope": "INTERNAL",
    "external_access_enabled": True,
}


class Metastores:
    """Creates, changes and deletes the metastore, and assigns it to workspaces.

    Nothing here asks who may do it: that is the account's matter, or the route's.

    Args:
        metastore: the securables that come and go with it.
    """

    def __init__(self, metastore: Metastore) -> None:
        self._metastore = metastore
        self._space = metastore.space
        self.assignments = Assignments(metastore)

    def list(self) -> list[dict[str, Any]]:
        """Return the ``MetastoreInfo`` of the metastore, if there is one."""
        body = self._space.get(METASTORE.name, "")
        return [] if body is None else [_info(body)]

    def get(self, metastore_id: str) -> dict[str, Any]:
        """Return the ``MetastoreInfo`` with an id.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST.
        """
        return _info(self._body(metastore_id))

    def _body(self, metastore_id: str) -> dict[str, Any]:
        body = self._space.get(METASTORE.name, "")
        if body is None or body["metastore_id"] != metastore_id:
            raise METASTORE.missing(metastore_id)
        return body

    def create(self, fields: dict[str, Any], owner: str) -> dict[str, Any]:
        """Make the metastore.

        Args:
            fields: name, region, storage_root, external_access_enabled.
            owner: the user name of who makes it.

        Raises:
            ApiError: RESOURCE_LIMIT_EXCEEDED when there is one, naming it.
        """
        name = str(fields.get("name") or "").strip()
        if not name:
            raise invalid("Missing required field: name")
        present = self.list()
        if present:
            raise ApiError(
                "RESOURCE_LIMIT_EXCEEDED",
                f"Cannot create the metastore '{name}': a local cloud has one metastore, and this "
                f"one has '{present[0]['name']}' (id {present[0]['metastore_id']}). Assign that "
                "one, or delete it first.",
            )
        now = self._metastore.clock.now()
        accepted = ("region", "storage_root", "external_access_enabled")
        body = {key: fields[key] for key in accepted if fields.get(key) is not None}
        body |= {
            "name": name,
            "metastore_id": str(uuid.uuid4()),
            "owner": owner,
            "created_at": now,
            "created_by": owner,
            "updated_at": now,
            "updated_by": owner,
        }
        self._space.insert(METASTORE.name, "", body)
        return _info(body)

    def update(self, metastore_id: str, fields: dict[str, Any], caller: str) -> dict[str, Any]:
        """Change the metastore.

        Args:
            metastore_id: its id.
            fields: ``new_name`` or ``name``, ``owner``, and those of :data:`CHANGEABLE`.
            caller: the user name of who changes it.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST, PRINCIPAL_DOES_NOT_EXIST for an unknown owner.
        """
        body = self._body(metastore_id)
        body |= {key: fields[key] for key in CHANGEABLE if fields.get(key) is not None}
        name = fields.get("new_name") or fields.get("name")
        if name:
            body["name"] = name
        if fields.get("owner"):
            body["owner"] = self._metastore.principals.canonical(fields["owner"])
        body |= {"updated_at": self._metastore.clock.now(), "updated_by": caller}
        self._space.update(METASTORE.name, "", body)
        return _info(body)

    def delete(self, metastore_id: str, *, force: bool) -> None:
        """Delete the metastore; with ``force``, all that is in it and its assignments too.

        Raises:
            ApiError: METASTORE_DOES_NOT_EXIST, or INVALID_STATE saying what it still holds.
        """
        body = self._body(metastore_id)
        held = [d.key for d in self._metastore.children(CATALOG) if d.body["owner"] != SYSTEM]
        assigned = self.assignments.workspaces(metastore_id)
        if not force and (held or assigned):
            raise ApiError(
                "INVALID_STATE",
                f"Metastore '{body['name']}' is not empty. It has {len(held)} catalogs and is "
                f"assigned to {len(assigned)} workspaces. Remove them first, or set force to true",
            )
        with self._metastore.database.transaction():
            for workspace_id in assigned:
                self.assignments.unassign(workspace_id, metastore_id)
            for name in held:
                catalogs.drop(self._metastore, name)
            for kind in TOP_LEVEL:
                toplevel.drop_all(self._metastore, kind)
            self._space.delete(METASTORE.name, "")
        self._metastore.trash.empty()


def _info(body: dict[str, Any]) -> dict[str, Any]:
    return {
        **DEFAULTS,
        "global_metastore_id": f"local:bricklane:{body['metastore_id']}",
        **body,
    }
