"""The pytest plugin, found by pytest in every environment that has bricklane.

It is loaded by test runs that use none of it: what it imports at the top has to be cheap.
"""

from __future__ import annotations

TYPE_CHECKING = False  # As ``typing`` has it, which is loaded by those that need it.
if TYPE_CHECKING:
    import pytest

# The modules with fixtures and hooks; a new subject is a module and a line here.
pytest_plugins: list[str] = [
    "bricklane.testing.fixtures.making",
    "bricklane.testing.fixtures.notebook",
    "bricklane.testing.fixtures.smoke",
    "bricklane.testing.fixtures.spark",
    "bricklane.testing.fixtures.workspace",
    "bricklane.testing.reports.recorder",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that all modules share."""
    group = parser.getgroup("bricklane", "tests of notebooks, jobs and bundles")
    group.addoption(
        "--target",
        metavar="NAME",
        help="target of the bundle whose workspace the tests use (default: BRICKLANE_TARGET, "
        "else the bundle's default target)",
    )
    group.addoption(
        "--spark",
        metavar="WHERE",
        help="where `spark` comes from: local, local-cold, sc://HOST:PORT, workspace, serverless "
        "or cluster:ID (default: BRICKLANE_TEST_SPARK, else by level and target)",
    )
    parser.addini(
        "bricklane_spark_conf",
        type="linelist",
        default=[],
        help="settings of the Spark that is started on this machine, a line each: NAME=VALUE",
    )
