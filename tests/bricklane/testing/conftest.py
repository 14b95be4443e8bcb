"""A project with tests that use the plugin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bricklane.testing.project import SETTINGS, Project, plain_environment


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project without a bundle; its warm Spark ends with the tests."""
    folder = tmp_path_factory.mktemp("testing")
    environment = plain_environment(
        BRICKLANE_STATE_DIR=str(folder / "state"),
        BRICKLANE_SPARK_MEMORY="1g",
        BRICKLANE_SPARK_IDLE="10m",  # also where CI is set, and however busy the machine is
    )
    made = Project(folder / "project", environment)
    made.write("pyproject.toml", SETTINGS)
    made.write("src/shop/__init__.py", "")
    made.write("src/shop/prices.py", "def gross(net):\n    return net + 1\n")
    yield made
    made.bricklane("spark", "stop", "--all")
