"""A caller who is no administrator, and a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Server
    from databricks.sdk import WorkspaceClient


@pytest.fixture(scope="module")
def other(server: Server, client: WorkspaceClient) -> WorkspaceClient:
    """A service principal that is no administrator and owns nothing."""
    made = client.service_principals.create(display_name="other")
    secret = client.service_principal_secrets_proxy.create(str(made.id)).secret
    return server.machine(str(made.application_id), str(secret))


@pytest.fixture
def later(server: Server) -> Iterator[Callable[[int], None]]:
    """Move the cloud's clock so many milliseconds ahead: ``later(60_000)``."""
    ahead = 0

    def move(milliseconds: int) -> None:
        nonlocal ahead
        ahead += milliseconds
        body = {"milliseconds": milliseconds}
        server.request("POST", "/_bricklane/clock", json=body).raise_for_status()

    yield move
    server.request("POST", "/_bricklane/clock", json={"milliseconds": -ahead}).raise_for_status()
