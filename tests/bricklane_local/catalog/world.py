"""A metastore without a server, and callers of different standing."""

from __future__ import annotations

from typing import Any

import pytest

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog import credentials, tables
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import TABLE, Kind
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.metastores.assignments import Assignments
from bricklane_local.identity.directory import Directory
from bricklane_local.identity.principals import Principal
from bricklane_local.identity.scope import ACCOUNT

DEV, PROD = 1, 2
ADMINISTRATOR = "admin@example.com"
OWNER, READER = "owner@example.com", "reader@example.com"
ANALYSTS = "analysts"


def caller(name: str, *groups: str, workspace: int = DEV) -> Caller:
    """Return somebody who calls from a workspace."""
    return Caller.of(name, groups, workspace)


def denial(error: pytest.ExceptionInfo[ApiError]) -> str:
    """Return the message of a refusal."""
    assert error.value.code == "PERMISSION_DENIED"
    assert error.value.status == 403
    return error.value.message


class World:
    """A metastore with two workspaces, dev and prod, three users and a group.

    Args:
        metastore: itself.
        directory: the account's users and groups.
    """

    administrator = caller(ADMINISTRATOR, "admins")
    owner = caller(OWNER)
    reader = caller(READER, ANALYSTS)

    def __init__(self, metastore: Metastore, directory: Directory) -> None:
        self.metastore = metastore
        self.directory = directory
        self.assignments = Assignments(metastore)
        for name in (ADMINISTRATOR, OWNER, READER):
            directory.ensure_user(name, name)
        directory.tree.add(ACCOUNT, directory.next_id(), ANALYSTS)
        for name, workspace_id in (("dev", DEV), ("prod", PROD)):
            self.assignments.attach(name, workspace_id, Principal("1", ADMINISTRATOR, "Admin"))

    def grant(self, kind: Kind, name: str, principal: str, *privileges: str) -> None:
        """Grant privileges, asking nobody."""
        securable = self.metastore.securable(kind, name)
        self.metastore.grants.change(securable, [{"principal": principal, "add": privileges}])

    def make_view(self, name: str, maker: Caller, schema: str = "default") -> str:
        """Make a view in a schema of the catalog dev; return its id."""
        fields: dict[str, Any] = {
            "name": name,
            "catalog_name": "dev",
            "schema_name": schema,
            "table_type": "VIEW",
            "view_definition": "SELECT 1",
        }
        return str(tables.create(self.metastore, fields, maker)["table_id"])

    def use(self, table_id: str, user: Caller, operation: str = "READ") -> None:
        """Use the data of a table, if ``user`` may."""
        credentials.issue(self.metastore, TABLE, table_id, operation, user)
