"""A caller who is no administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server


@pytest.fixture(scope="module")
def other(server: Server, client: WorkspaceClient) -> WorkspaceClient:
    """A service principal that is no administrator and owns nothing."""
    made = client.service_principals.create(display_name="other")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    return server.machine(str(made.application_id), str(secret))
