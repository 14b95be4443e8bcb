"""What starts a process of Spark: its class path and files that only this user may read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bricklane_local.compute.spark.installation import SparkInstallation


def java_command(
    installation: SparkInstallation,
    plugin: Path,
    options: Sequence[str],
    file: Path,
    jars: Sequence[Path] = (),
) -> list[str]:
    """Return the beginning of a command line, which the name of a class continues.

    Args:
        installation: the Spark whose classes the process has.
        plugin: the compiled plugin.
        options: of Java.
        file: gets options and class path, because the class path alone is some 30 KB.
        jars: further ones. They stand last: an archive of classes is of a path that begins alike.
    """
    class_path = ":".join(str(jar) for jar in (plugin, *installation.jars, *jars))
    words = (*options, "-cp", class_path)
    write_private(file, "".join(f'"{word}"\n' for word in words))
    return [str(installation.java), f"@{file}"]


def write_private(file: Path, text: str) -> Path:
    """Write a file that only this user may read, in place of any that is there."""
    file.unlink(missing_ok=True)
    with open(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as stream:  # noqa: PTH123
        stream.write(text)
    return file
