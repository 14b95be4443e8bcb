"""The session of all tests: Spark Connect, as on serverless compute, but on this machine."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(Path(__file__).parent / "spark"))
        # The one switch that makes local Spark Connect take a free port instead of 15002.
        patch.setenv("SPARK_TESTING", "1")
        session = SparkSession.builder.remote("local[2]").getOrCreate()
        yield session
        session.stop()
