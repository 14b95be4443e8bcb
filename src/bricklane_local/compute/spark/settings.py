"""Settings of the Spark process, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bricklane_local.compute.spark.installation import SparkInstallation
    from bricklane_local.paths import StatePaths

# For one machine and small data. Values that only say "small": 2 instead of 200 shuffle
# partitions, and 1 instead of 50 partitions for a Delta table's state, because each partition is a
# task, and a task costs 20 ms of processor time however little it has to do.
SMALL_JOBS: Mapping[str, str] = {
    "spark.sql.shuffle.partitions": "2",
    # With two partitions there is nothing to merge, and planning a query again after each of its
    # stages was a tenth of the processor time of a job on small tables. Sessions may switch it on.
    "spark.sql.adaptive.enabled": "false",
    "spark.databricks.delta.snapshotPartitions": "1",
    # VACUUM lists folders in this many tasks; by default 10,000, which takes half a minute.
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "4",
    # Code that queries become is kept for the next run of the same job, which has more of them
    # than the usual 100.
    "spark.sql.codegen.cache.maxEntries": "1000",
    "spark.ui.enabled": "false",
    # What the UI that is off would show: plans in words, and the state of finished queries.
    "spark.sql.ui.explainMode": "simple",
    "spark.sql.ui.retainedExecutions": "10",
    "spark.ui.retainedJobs": "20",
    "spark.ui.retainedStages": "20",
    "spark.ui.retainedTasks": "100",
    "spark.connect.ui.statement.limit": "10",
    "spark.connect.ui.session.limit": "10",
}

# What serves many at once: whoever has many tasks waiting takes turns with the others.
SHARED: Mapping[str, str] = {
    "spark.scheduler.mode": "FAIR",
    "spark.plugins": "org.apache.spark.sql.artifact.bricklane.SharedCode",
}

# What a setting ``spark.sql.catalog.NAME`` names, to make a catalog of the metastore known.
CATALOG_CLASS = "bricklane.spark.UnityCatalog"

# Of sessions and machines: https://docs.databricks.com/sql/language-manual/parameters/timezone
TIME_ZONE = "Etc/UTC"

DATABRICKS: Mapping[str, str] = {
    "spark.sql.sources.default": "delta",
    "spark.sql.legacy.createHiveTableByDefault": "false",
    # Delta checks each commit by reading the table's state again where the zone is not UTC.
    "spark.sql.session.timeZone": TIME_ZONE,
    # An error is its message; a session that wants the stack of the JVM sets this to true.
    "spark.sql.connect.serverStacktrace.enabled": "false",
    "spark.sql.extensions": ("io.delta.sql.DeltaSparkSessionExtension,bricklane.spark.Extension"),
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    # The last one is asked first.
    "spark.connect.grpc.interceptor.classes": (
        "org.apache.spark.sql.connect.bricklane.CatalogCalls,"
        "org.apache.spark.sql.connect.bricklane.Entrance"
    ),
    # The server's side of delta.tables, for which Delta has a jar of its own with a release apart.
    "spark.connect.extensions.relation.classes": (
        "bricklane.spark.DeltaRelations,bricklane.spark.TableReferences"
    ),
    "spark.connect.extensions.command.classes": "bricklane.spark.DeltaCommands",
    # Paths without a scheme are DBFS paths on Databricks.
    "spark.hadoop.fs.defaultFS": "dbfs:///",
    "spark.hadoop.fs.file.impl": "bricklane.spark.MappedFileSystem",
    "spark.hadoop.fs.dbfs.impl": "bricklane.spark.DbfsFileSystem",
    "spark.hadoop.fs.AbstractFileSystem.file.impl": "bricklane.spark.MappedFileContext",
    "spark.hadoop.fs.AbstractFileSystem.dbfs.impl": "bricklane.spark.MappedFileContext",
    # A file system of a session's own knows the session's workspace.
    "spark.hadoop.fs.file.impl.disable.cache": "true",
    "spark.hadoop.fs.dbfs.impl.disable.cache": "true",
}

# What Spark opens for itself when it is started by its own script: JavaModuleOptions of Spark 4.1.
OPENED_PACKAGES = (
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.base/sun.nio.cs",
    "java.base/sun.security.action",
    "java.base/sun.util.calendar",
    "java.security.jgss/sun.security.krb5",
)

_LOG_CONFIGURATION = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = {file}
appender.file.filePattern = {file}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{{yyyy-MM-dd'T'HH:mm:ss.SSS}} %p %c{{1}}: %m%n%ex
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
rootLogger.level = warn
rootLogger.appenderRef.file.ref = file
"""


def spark_properties(
    installation: SparkInstallation, paths: StatePaths, *, port: int, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Return the settings of the Spark process.

    Args:
        installation: the Spark that is started.
        paths: the cloud whose folders its sessions see.
        port: port of Spark Connect, 0 to take a free one.
        overrides: settings that replace ours.

    Returns:
        Settings by name. The token of Spark Connect is not among them.
    """
    spark = paths.spark
    places = {
        "spark.master": "local[*]",
        "spark.app.name": "bricklane",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.connect.grpc.port.maxRetries": "16",
        "spark.local.dir": str(spark / "scratch"),
        "spark.sql.warehouse.dir": (spark / "warehouse").as_uri(),
        "spark.sql.artifact.isolation.enabled": "true",
        "spark.pyspark.python": str(installation.python),
        "spark.bricklane.record": str(paths.server_record),
        "spark.hadoop.bricklane.volumes": str(paths.volumes),
        "spark.hadoop.bricklane.workspaces": str(paths.files_of_workspaces),
    }
    return {**places, **SMALL_JOBS, **SHARED, **DATABRICKS, **overrides}


def log_configuration(log: Path) -> str:
    """Return a Log4j configuration that writes warnings and worse into one file."""
    return _LOG_CONFIGURATION.format(file=log)


# Of a process that ends with its task: the quick compiler alone, because the thorough one competes
# with the task for two cores. Without it a start, the first queries and a few statements took 25 s
# of processor time instead of 42 s (Java 17, Spark 4.1.1).
SHORT = ("-XX:TieredStopAtLevel=1",)

# Of the process that serves all tasks: the thorough compiler as well, but four times later than
# usual, so that a first job pays little for it and those after it gain. The same job of seven tasks
# five times took 60, 48, 45, 52 and 54 s of processor time with the quick compiler alone, 128, 42,
# 39, 33 and 31 s with Java's own thresholds, and 90, 38, 32, 30 and 28 s with these (each while the
# machine had other work). Space for classes: as much as a warm Spark needs, which would else take
# ten collections of all garbage to grow to.
LASTING = (
    "-XX:Tier4InvocationThreshold=20000",
    "-XX:Tier4MinInvocationThreshold=2000",
    "-XX:Tier4CompileThreshold=60000",
    "-XX:Tier4BackEdgeThreshold=160000",
    "-XX:MetaspaceSize=256m",
)


def java_options(
    *, memory_megabytes: int, log_settings: Path, temporary: Path, compilation: Sequence[str]
) -> list[str]:
    """Return the options of the Java process.

    Args:
        memory_megabytes: size of its heap.
        log_settings: file with the Log4j configuration.
        temporary: folder for what Spark and its libraries unpack and cache, of which a process
            that is killed cleans nothing up.
        compilation: :data:`SHORT` or :data:`LASTING`, by how long the process lives.
    """
    return [
        f"-Xmx{memory_megabytes}m",
        "-Xss4m",
        "-XX:+UseSerialGC",
        # Address space for compiled code; where it is short, what is compiled is thrown away and
        # compiled again. With the quick compiler alone Java reserves 48 MiB, which two jobs fill.
        "-XX:ReservedCodeCacheSize=512m",
        *compilation,
        "-XX:+ExitOnOutOfMemoryError",
        f"-Djava.io.tmpdir={temporary}",
        "-Djava.net.preferIPv4Stack=true",
        f"-Duser.timezone={TIME_ZONE}",
        "-Djdk.reflect.useDirectMethodHandle=false",
        "-Dio.netty.tryReflectionSetAccessible=true",
        f"-Dlog4j2.configurationFile={log_settings.as_uri()}",
        *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENED_PACKAGES),
    ]


def properties_file(properties: Mapping[str, str]) -> str:
    """Return settings in the format of Java's property files, sorted."""
    lines = (f"{key}={_escaped(value)}" for key, value in sorted(properties.items()))
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    text = value.replace("\\", "\\\\").replace("\n", "\\n")
    return text if not text.startswith(" ") else "\\" + text
