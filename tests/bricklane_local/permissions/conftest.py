"""Service principals, who are no administrators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


def _machine(server: Server, client: WorkspaceClient, name: str) -> WorkspaceClient:
    made = client.service_principals.create(display_name=name)
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    return server.machine(str(made.application_id), str(secret))


@pytest.fixture(scope="module")
def owner(server: Server, client: WorkspaceClient) -> WorkspaceClient:
    """A service principal that owns things."""
    return _machine(server, client, "owner")


@pytest.fixture(scope="module")
def other(server: Server, client: WorkspaceClient) -> WorkspaceClient:
    """A service principal that owns nothing."""
    return _machine(server, client, "other")
