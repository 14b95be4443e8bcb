"""``%fs`` cells: ``dbutils.fs`` as a command line."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bricklane_runtime.dbutils.fs import FileSystem

COMMANDS = ("ls", "cp", "mv", "rm", "mkdirs", "put", "head", "help",
    "mount", "unmount", "mounts", "refreshMounts", "updateMount")  # fmt: skip
RECURSIVE = ("-r", "--recurse=true", "--recurse")


def run_fs_cell(body: str, files: FileSystem) -> Any:
    """Run a ``%fs`` command.

    Args:
        body: the command, such as ``rm -r /Volumes/main/default/raw/old``.
        files: does it.

    Returns:
        What the function of ``dbutils.fs`` returned.

    Raises:
        ValueError: there is no such command.
    """
    name, *words = shlex.split(body) or ["help"]
    if name not in COMMANDS:
        raise ValueError(f"%fs {name}: no such command; there are: {', '.join(COMMANDS)}")
    arguments = [word for word in words if word not in RECURSIVE]
    recurse = {"recurse": True} if len(arguments) < len(words) else {}
    return getattr(files, name)(*arguments, **recurse)
