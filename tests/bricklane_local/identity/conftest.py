"""Service principals with a secret, made as an administrator makes them."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Machine:
    """A service principal of the workspace dev.

    Args:
        id: its SCIM id.
        application_id: its application id.
        secret: an OAuth secret of it.
        client: the SDK's client that acts as it.
    """

    id: str
    application_id: str
    secret: str
    client: WorkspaceClient


@pytest.fixture
def machine(server: Server, client: WorkspaceClient) -> Callable[[], Machine]:
    """Make a service principal."""

    def make() -> Machine:
        made = client.service_principals.create(display_name=f"machine {next(_NUMBERS)}")
        assert made.id
        assert made.application_id
        secret = client.service_principal_secrets_proxy.create(made.id).secret
        assert secret
        found = server.machine(made.application_id, secret)
        return Machine(made.id, made.application_id, secret, found)

    return make
