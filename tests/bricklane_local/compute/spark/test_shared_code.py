"""Sessions share the code of their queries, but for those that were sent classes of their own."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

    from tests.bricklane_local.compute.spark.conftest import Engine

pytestmark = pytest.mark.real

# Asks a task for the class loader that it compiles under, and that the code is kept for.
LOADER = """
    SELECT java_method('org.apache.spark.util.Utils', 'getContextOrSparkClassLoader') FROM range(1)
"""


def loader(session: SparkSession) -> str:
    """Return the class loader of a task."""
    (row,) = session.sql(LOADER).collect()
    return str(row[0])


def test_sessions_share_a_class_loader_until_one_is_sent_classes(
    engine: Engine, tmp_path: Path
) -> None:
    jar = tmp_path / "own.jar"
    with zipfile.ZipFile(jar, "w") as content:
        content.writestr("own.txt", "own")
    first, second, third = sessions = [engine.session() for _ in range(3)]
    try:
        shared = loader(first)
        assert "AppClassLoader" in shared
        assert loader(second) == shared

        second.addArtifacts(str(jar))

        assert "ExecutorClassLoader" in loader(second)
        assert [loader(session) for session in (first, third)] == [shared, shared]
    finally:
        for session in sessions:
            session.stop()


def test_sessions_have_the_time_of_databricks(spark: SparkSession) -> None:
    (row,) = spark.sql(
        "SELECT current_timezone() AS zone, date_format(timestamp_seconds(0), 'z') AS name"
    ).collect()
    assert (row.zone, row.name) == ("Etc/UTC", "UTC")
