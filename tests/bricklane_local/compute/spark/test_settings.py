"""The settings and options of the Spark process, as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from bricklane_local.compute.spark.errors import SparkError
from bricklane_local.compute.spark.installation import SparkInstallation
from bricklane_local.compute.spark.settings import (
    SHORT,
    java_options,
    log_configuration,
    properties_file,
    spark_properties,
)
from bricklane_local.paths import StatePaths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that looks like an installed Spark with Delta."""
    jars = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "pyspark" / "jars"
    for directory, names in (
        (jars, ("spark-sql.jar", "jackson-core-2.20.jar")),
        (
            tmp_path / "jars",
            ("io.delta_delta-spark_4.1_2.13-4.4.0.jar", "com.x_jackson-core-2.20.jar"),
        ),
    ):
        directory.mkdir(parents=True)
        for name in names:
            (directory / name).touch()
    return tmp_path


def test_jars_are_spark_then_delta_and_no_library_twice(folder: Path) -> None:
    names = [jar.name for jar in SparkInstallation(folder, Path("/java")).jars]
    assert names == [
        "jackson-core-2.20.jar",
        "spark-sql.jar",
        "io.delta_delta-spark_4.1_2.13-4.4.0.jar",
    ]


def test_the_digest_follows_the_jars(folder: Path) -> None:
    before = SparkInstallation(folder, Path("/java")).digest
    (folder / "jars" / "org.y_new-1.0.jar").touch()
    assert SparkInstallation(folder, Path("/java")).digest != before


def test_a_spark_without_delta_is_refused(folder: Path) -> None:
    (folder / "jars" / "io.delta_delta-spark_4.1_2.13-4.4.0.jar").unlink()
    with pytest.raises(SparkError, match="There is no Delta Lake in"):
        _ = SparkInstallation(folder, Path("/java")).jars


def test_settings_name_the_clouds_folders_and_take_overrides(folder: Path, tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / "state")
    installation = SparkInstallation(folder, Path("/java"))
    made = spark_properties(
        installation, paths, port=15002, overrides={"spark.sql.shuffle.partitions": "8"}
    )
    assert made["spark.hadoop.bricklane.volumes"] == str(paths.volumes)
    assert made["spark.hadoop.bricklane.workspaces"] == str(paths.view("dev").parent.parent)
    assert made["spark.sql.warehouse.dir"].startswith("file:///")
    assert made["spark.sql.shuffle.partitions"] == "8"
    assert made["spark.connect.grpc.binding.port"] == "15002"
    assert {made["spark.driver.host"], made["spark.connect.grpc.binding.address"]} == {"127.0.0.1"}


def test_property_files_keep_special_characters() -> None:
    text = properties_file({"b": "C:\\x", "a": " led by a blank", "c": "two\nlines"})
    assert text == "a=\\ led by a blank\nb=C:\\\\x\nc=two\\nlines\n"


def test_java_gets_its_memory_and_its_log() -> None:
    options = java_options(
        memory_megabytes=512,
        log_settings=Path("/state/log4j2.properties"),
        temporary=Path("/state/scratch/tmp"),
        compilation=SHORT,
    )
    assert {"-Xmx512m", *SHORT} <= {*options}
    assert "-Djava.io.tmpdir=/state/scratch/tmp" in options
    assert "-Dlog4j2.configurationFile=file:///state/log4j2.properties" in options
    assert "appender.file.fileName = /logs/spark.log" in log_configuration(Path("/logs/spark.log"))
