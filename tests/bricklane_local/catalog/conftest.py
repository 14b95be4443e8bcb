"""A metastore without a server, and principals for the one of the shared cloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane_local.catalog.metastore import Metastore
from bricklane_local.identity.directory import Directory
from bricklane_local.paths import StatePaths
from bricklane_local.store.clock import Clock
from bricklane_local.store.database import Database
from tests.bricklane_local.catalog.world import World

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A metastore with two workspaces."""
    database = Database(tmp_path / "cloud.sqlite")
    directory = Directory(database)
    yield World(Metastore(database, StatePaths(tmp_path), Clock(), directory), directory)
    database.close()


@pytest.fixture(scope="module")
def people(server: Server, client: WorkspaceClient) -> WorkspaceClient:
    """The SDK's client of a cloud whose account has two users more and the group analysts."""
    for name in ("p@example.com", "q@example.com"):
        client.users.create(user_name=name)
    server.account().groups_v2.create(display_name="analysts")
    return client
