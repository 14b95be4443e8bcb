"""An archive of the classes that Spark loads, from which later processes start in half the time.

The first Spark process of an installation writes it once it is warm; those after it map it into
their memory instead of reading, verifying and linking some twenty thousand classes again. Java
ignores an archive that does not fit its class path:
https://docs.oracle.com/en/java/javase/17/vm/class-data-sharing.html
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What Java says of an archive goes to standard output otherwise, where our lines are.
_LOGGING = ("-Xlog:disable", "-Xlog:all=error:stderr")
# Nobody takes so long to write one.
_ABANDONED_SECONDS = 3600


def read_archive(archive: Path) -> list[str]:
    """Return the options for a Java process that reads the archive when it is there.

    Args:
        archive: where it is or will be; its name tells class path and Java apart.
    """
    return [f"-XX:SharedArchiveFile={archive}", *_LOGGING] if archive.is_file() else []


def read_or_write_archive(archive: Path) -> list[str]:
    """Return the options for the Spark process, which writes the archive when there is none.

    Archives take much room: those of other versions, and what killed processes left, are removed.

    Args:
        archive: where it is or will be.
    """
    if options := read_archive(archive):
        return options
    for other in archive.parent.glob("*.jsa*"):
        # One of another version of the plugin may be in use, which does no harm.
        abandoned = other.suffix == ".jsa" or _age(other) > _ABANDONED_SECONDS
        if abandoned and other != archive:
            other.unlink(missing_ok=True)
    return ["-XX:+RecordDynamicDumpInfo", f"-Dbricklane.archive={archive}", *_LOGGING]


def _age(file: Path) -> float:
    """Return the seconds since a file was written; of one that is gone, none."""
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return 0
