"""Settings of the warm Spark, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

# Small data on one machine: each partition is a task, and a task costs some milliseconds however
# little it has to do. What stays open for a user interface that is off is kept short.
SMALL_JOBS: Mapping[str, str] = {
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "1",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "100",
    "spark.connect.ui.statement.limit": "10",
    "spark.connect.ui.session.limit": "10",
    # Planning and compiling a query takes longer than running it on a few rows.
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    # An error is its message; a test that wants the stack of the JVM sets this to true.
    "spark.sql.connect.serverStacktrace.enabled": "false",
}

# As on Databricks: https://docs.databricks.com/sql/language-manual/parameters/timezone
DATABRICKS: Mapping[str, str] = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.legacy.createHiveTableByDefault": "false",
}

# With Delta's jars on the class path.
DELTA: Mapping[str, str] = {
    "spark.sql.sources.default": "delta",
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

# The quick compiler alone: jobs here are short, and the thorough one competes for the same cores.
JAVA_OPTIONS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    # Address space for compiled code. The 48 MiB that go with that compiler were full after three
    # runs of a project's tests; Java then threw code away, compiled it again, and each run took
    # twice as much processor time from there on.
    "-XX:ReservedCodeCacheSize=240m",
    "-Xss4m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.net.preferIPv4Stack=true",
    # Delta checks each commit by reading the table's state again where the zone is not UTC.
    "-Duser.timezone=UTC",
)

SERVER: Mapping[str, str] = {
    "spark.app.name": "bricklane tests",
    "spark.master": "local[*]",
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.connect.grpc.binding.address": "127.0.0.1",
    "spark.connect.grpc.binding.port": "0",
    "spark.sql.artifact.isolation.enabled": "true",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.python.daemon.module": "bricklane_spark_daemon",
}


def local_settings(
    folder: Path, memory: str, jars: tuple[Path, ...], chosen: Mapping[str, str]
) -> dict[str, str]:
    """Return what every Spark of this machine is started with.

    Args:
        folder: for tables and what Spark leaves on disk.
        memory: size of the heap, as Java writes it, such as ``2g``.
        jars: Delta's, or none.
        chosen: the project's own settings; they win.
    """
    return {
        **SMALL_JOBS,
        **DATABRICKS,
        **({**DELTA, "spark.driver.extraClassPath": ":".join(map(str, jars))} if jars else {}),
        "spark.driver.memory": memory,
        "spark.driver.extraJavaOptions": " ".join((*JAVA_OPTIONS, f"-Djava.io.tmpdir={folder}")),
        "spark.local.dir": str(folder),
        "spark.sql.warehouse.dir": (folder / "warehouse").as_uri(),
        **chosen,
    }
