"""Maps paths as user code writes them to folders of this machine, and back."""

from __future__ import annotations

import os
import posixpath
import re
from typing import Any


class Roots:
    """Path prefixes and the folders behind them.

    Args:
        folders: absolute prefix, such as ``/Volumes``, to folder.
    """

    def __init__(self, folders: dict[str, str]) -> None:
        self.folders = {prefix.rstrip("/"): os.path.realpath(at) for prefix, at in folders.items()}
        self._prefixes = tuple(self.folders)
        names = "|".join(re.escape(prefix) for prefix in self._prefixes) or "(?!)"
        # In a shell command a path begins after a blank, a quote or an operator.
        self._in_text = re.compile(rf"(?<![\w./~-])({names})(?=/|[\s\"';|&)>]|$)")

    def to_local(self, path: Any) -> Any:
        """Return where ``path`` is on this machine.

        Args:
            path: what a file function was given; anything but a path below one of the prefixes
                comes back as it is, file descriptors and relative paths included.
        """
        text = path if isinstance(path, (str, bytes)) else _as_path(path)
        if isinstance(text, bytes):
            local = self.to_local(os.fsdecode(text))
            return path if local == os.fsdecode(text) else os.fsencode(local)
        if not isinstance(text, str) or not text.startswith(self._prefixes):
            return path
        # "/Volumes/../etc" is outside, and "/Volumes2" was never inside.
        plain = posixpath.normpath(text) if ".." in text else text
        for prefix, folder in self.folders.items():
            if plain == prefix or plain.startswith(prefix + "/"):
                return folder + plain[len(prefix) :]
        return path

    def to_user(self, path: Any) -> Any:
        """Return how user code writes a path of this machine; other paths come back as they are."""
        if isinstance(path, bytes):
            return os.fsencode(self.to_user(os.fsdecode(path)))
        if not isinstance(path, str):
            return path
        for prefix, folder in self.folders.items():
            if path == folder or path.startswith(folder + "/"):
                return prefix + path[len(folder) :]
        return path

    def in_command(self, command: str) -> str:
        """Return a shell command with the paths in it replaced by those of this machine."""
        return self._in_text.sub(lambda match: self.folders[match.group(1)], command)


def _as_path(value: Any) -> str | bytes | None:
    return os.fspath(value) if isinstance(value, os.PathLike) else None
