"""One forge for the tests of this folder, reached as its clients reach it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.bricklane_local.forge.desk import Desk

if TYPE_CHECKING:
    from github.Repository import Repository


@pytest.fixture(scope="session")
def desk(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A running forge that the tests of this folder share."""
    server = start(tmp_path_factory.mktemp("forge") / "state")
    yield Desk.of(server)
    server.local("down")


@pytest.fixture
def repository(desk: Desk) -> Repository:
    """A repository of the test's own."""
    return desk.repository()
