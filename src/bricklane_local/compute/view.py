"""The workspace tree as files, which is what runs see under ``/Workspace``."""

from __future__ import annotations

import shutil
from pathlib import Path

from bricklane_local.store.blobs import Blobs
from bricklane_local.workspace.notebooks import BY_NAME
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject, WorkspaceObjects


class WorkspaceView:
    """Keeps a folder in step with the workspace tree.

    What a run writes below the folder stays there, but does not enter the workspace.

    Args:
        objects: the tree.
        blobs: its contents.
        folder: where the files go.
    """

    def __init__(self, objects: WorkspaceObjects, blobs: Blobs, folder: Path) -> None:
        self._objects = objects
        self._blobs = blobs
        self._folder = folder
        self._generation: int | None = None
        # Path of each file written → the digest it was written from.
        self._written: dict[Path, str] = {}

    def path(self, workspace_path: str) -> Path:
        """Return the file or folder that stands for a path of the workspace."""
        return self._folder / workspace_path.lstrip("/")

    def refresh(self) -> None:
        """Write what changed since the last call, and remove what is gone."""
        if self._generation == self._objects.generation:
            return
        if self._generation is None:
            # Left by an earlier process, which cannot say what it wrote.
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(parents=True, exist_ok=True)
        wanted: dict[Path, str] = {}
        for item in self._objects.under("/"):
            if item.is_folder:
                self.path(item.path).mkdir(parents=True, exist_ok=True)
            elif item.blob is not None:
                wanted[self._file(item)] = item.blob
        for gone in self._written.keys() - wanted.keys():
            gone.unlink(missing_ok=True)
        for file, blob in wanted.items():
            if self._written.get(file) != blob:
                self._blobs.copy_to(blob, file)
        self._written = wanted
        self._generation = self._objects.generation

    def _file(self, item: WorkspaceObject) -> Path:
        """Return where an object goes: notebooks get back the extension they lost on import."""
        path = self.path(item.path)
        if item.object_type is not ObjectType.NOTEBOOK:
            return path
        if item.format == "JUPYTER":
            extension = ".ipynb"
        else:
            extension = BY_NAME[item.language or "PYTHON"].extension
        return path if path.name.endswith(extension) else path.with_name(path.name + extension)
