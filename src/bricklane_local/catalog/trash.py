"""Folders on their way out: moved aside at once, removed afterwards."""

from __future__ import annotations

import shutil
import uuid
from pathlib import Path


class Trash:
    """A folder whose contents nobody needs any more.

    Moving is atomic and removing is not, so what is dropped disappears from its place in one step
    and a death in between leaves nothing behind that could come back under a new name.

    Args:
        folder: on the same file system as what will be dropped.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, path: Path) -> None:
        """Move ``path`` here, if it exists; of a symbolic link, the link alone."""
        if path.is_symlink():
            path.unlink()
        elif path.exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            path.rename(self._folder / uuid.uuid4().hex)

    def empty(self) -> None:
        """Remove everything that was taken."""
        shutil.rmtree(self._folder, ignore_errors=True)
