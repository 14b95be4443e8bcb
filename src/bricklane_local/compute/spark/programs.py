"""Programs of the Java virtual machine with a Spark of their own, as the driver of a cluster has.

Source: https://docs.databricks.com/en/jobs/jar.html. A process for each, not a class loader in the
shared one: a program may end the process, stop the Spark context or leave threads behind.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.compute.spark.class_archive import read_archive
from bricklane_local.compute.spark.launching import java_command, write_private
from bricklane_local.compute.spark.settings import (
    SHARED,
    SHORT,
    SMALL_JOBS,
    java_options,
    log_configuration,
    properties_file,
    spark_properties,
)

if TYPE_CHECKING:
    from bricklane_local.compute.spark.installation import SparkInstallation
    from bricklane_local.paths import StatePaths

# What the log is called on Databricks too.
LOG = "log4j-active.log"
SETTINGS = "spark.properties"
OPTIONS, LOGGING = "java.arguments", "log4j2.properties"
SCRATCH = "spark-scratch"
# Settings of what such a process does not serve.
_SERVED = "spark.connect."
_IDENTITY = "spark.bricklane."


def prepare_program(
    installation: SparkInstallation,
    paths: StatePaths,
    plugin: Path,
    folder: Path,
    session: Mapping[str, str],
    chosen: Mapping[str, str],
    *,
    memory_megabytes: int,
    jars: Sequence[Path] = (),
) -> list[str]:
    """Write what a program needs into its folder, and return the beginning of its command line.

    Args:
        installation: the Spark to run.
        paths: the cloud whose folders its sessions see.
        plugin: the compiled plugin.
        folder: of the run. It gets the file of settings, which the program removes once it has
            read it, and a folder for temporary files, which whoever runs the program removes.
        session: settings of its sessions, which say for whom they act.
        chosen: settings of the user's, which do not replace those that make this Spark ours.
        memory_megabytes: heap of the process.
        jars: further ones, behind those of Spark.
    """
    scratch = folder / SCRATCH
    scratch.mkdir(mode=0o700, exist_ok=True)
    logging = write_private(folder / LOGGING, log_configuration(folder / LOG))
    options = java_options(
        memory_megabytes=memory_megabytes,
        log_settings=logging,
        temporary=scratch,
        compilation=SHORT,
    )
    options += read_archive(plugin.with_suffix(".jsa"))
    settings = _settings(installation, paths, scratch, session)
    kept = {
        name: value
        for name, value in chosen.items()
        if (name not in settings or name in SMALL_JOBS) and not name.startswith(_IDENTITY)
    }
    write_private(folder / SETTINGS, properties_file(settings | kept))
    return java_command(installation, plugin, options, folder / OPTIONS, jars)


def _settings(
    installation: SparkInstallation, paths: StatePaths, scratch: Path, session: Mapping[str, str]
) -> dict[str, str]:
    common = spark_properties(installation, paths, port=0, overrides={})
    return {
        **{
            name: value
            for name, value in common.items()
            if not name.startswith(_SERVED) and name not in SHARED
        },
        **session,
        # For Hadoop too: RDDs are read with its configuration, and not with a session's.
        **{
            f"spark.hadoop.{name}": value
            for name, value in session.items()
            if name.startswith(_IDENTITY)
        },
        "spark.local.dir": str(scratch),
        "spark.hadoop.fs.file.impl": "bricklane.spark.LocalMappedFileSystem",
    }


def clear_program(folder: Path) -> None:
    """Remove what a program that has ended left of its temporary files, and how it was started."""
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    for name in (SETTINGS, OPTIONS, LOGGING):
        (folder / name).unlink(missing_ok=True)
