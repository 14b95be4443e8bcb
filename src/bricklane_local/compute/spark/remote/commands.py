"""What ``bricklane local spark-plugin`` does."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane_local.compute.choices import Choices, storage_folder
from bricklane_local.compute.spark.installation import SparkInstallation
from bricklane_local.compute.spark.remote.kit import MAIN, Kit, write_kit
from bricklane_local.errors import LocalError
from bricklane_local.paths import StatePaths

if TYPE_CHECKING:
    from collections.abc import Sequence


def prepare(
    paths: StatePaths, spark: Path | None, java: Path | None, storage_root: str, output: Path | None
) -> Kit:
    """Write the files for the operator of a remote Spark.

    Args:
        paths: of the cloud, which need not exist yet.
        spark: folder of the Spark runtime.
        java: a Java home.
        storage_root: of the cloud; "" for the one that it has.
        output: folder to write to; None for one in the storage.

    Raises:
        LocalError: when Spark or Java is not known, or the folder cannot be written.
    """
    if spark is None or java is None:
        raise LocalError(
            "the plugin is compiled with a Spark and a Java of this machine, and none is known",
            hint="install them with: bricklane tools install spark java",
        )
    chosen = storage_folder(storage_root) if storage_root else ""
    root = chosen or Choices.read(paths.choices).storage_root
    paths = StatePaths(paths.root, Path(root) if root and root != str(paths.root) else None)
    folder = (output or paths.spark_remote).absolute()
    try:
        return asyncio.run(write_kit(SparkInstallation(spark, java), paths, folder))
    except OSError as error:
        raise LocalError(f"{folder} cannot be written: {error.strerror}") from None


def start_command(kit: Kit) -> str:
    """Return the command by which an operator starts Spark Connect."""
    words: Sequence[str] = (
        "spark-submit",
        "--properties-file",
        str(kit.settings),
        "--class",
        MAIN,
        "spark-internal",
    )
    return shlex.join(words)
