"""Keeps a folder and the workspace tree in step, in both directions."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from bricklane_local.compute.view.collecting import Collector, Placed, Stamp, stamp_of
from bricklane_local.identity.principals import Principal
from bricklane_local.store.blobs import Blobs
from bricklane_local.workspace.notebooks import BY_NAME
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject, WorkspaceObjects
from bricklane_local.workspace.paths import normal, parent_of


class WorkspaceView:
    """The files behind ``/Workspace`` in the runs of one workspace.

    While runs use it, every change of the tree is placed at once, and what the runs write, change
    and remove enters the tree before anybody reads there, with the run's principal as who did it.
    A run's own files are not looked at between runs: nobody changes them then.

    Args:
        objects: the tree.
        blobs: its contents.
        folder: where the files go.
        allowed: says whether a principal may change a path of the workspace.
    """

    def __init__(
        self,
        objects: WorkspaceObjects,
        blobs: Blobs,
        folder: Path,
        allowed: Callable[[Principal, str], bool],
    ) -> None:
        self._objects = objects
        self._blobs = blobs
        self._folder = folder
        self._generation: int | None = None
        self._placed: dict[Path, Placed] = {}
        self._collector = Collector(objects, blobs, self._placed, allowed)
        self._users: list[Principal] = []

    def path(self, workspace_path: str) -> Path:
        """Return the file or folder that stands for a path of the workspace."""
        return self._folder / workspace_path.lstrip("/")

    @contextlib.contextmanager
    def used_by(self, principal: Principal) -> Iterator[list[str]]:
        """Place the tree for a run, and take into the tree what the run leaves.

        Args:
            principal: whom the run acts as.

        Yields:
            A list, filled at the end with what could not enter the tree, and why.
        """
        refused: list[str] = []
        self.refresh()
        self._users.append(principal)
        try:
            yield refused
        finally:
            self._collector.collect(self._folder, "/", principal)
            refused += [reason for _, reason in self._collector.refused.values()]
            self._users.remove(principal)

    def refresh(self) -> None:
        """Place what changed in the tree since the last call, and remove what is gone."""
        if self._generation is None:
            # Left by an earlier process, which cannot say what it wrote.
            shutil.rmtree(self._folder, ignore_errors=True)
        elif self._generation == self._objects.generation and not self._collector.refused:
            return
        elif self._users:
            self._collector.collect(self._folder, "/", self._users[-1])
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._collector.refused:
            self._remove(file)
        self._collector.refused.clear()
        wanted = {self._file(item): item for item in self._objects.under("/")}
        for gone in [file for file in self._placed if file not in wanted]:
            self._remove(gone)
        for file, item in wanted.items():
            self._place(file, item)
        self._generation = self._objects.generation

    def look(self, path: str) -> None:
        """Take into the tree what runs did at a path and, of a directory, right below it.

        Args:
            path: of the workspace, as a client sent it.
        """
        if not self._users:
            return
        place = normal(path)
        for folder in dict.fromkeys((parent_of(place) or "/", place)):
            self._collector.collect(self.path(folder), folder, self._users[-1], deep=False)

    def follow(self) -> None:
        """Place a change of the tree for the runs that are under way."""
        if self._users:
            self.refresh()

    def _place(self, file: Path, item: WorkspaceObject) -> None:
        known = self._placed.get(file)
        if known is not None and known.blob == item.blob:
            return
        if known is not None and (known.blob is None) != (item.blob is None):
            self._remove(file)
        stamp: Stamp | None = None
        if item.blob is None:
            file.mkdir(exist_ok=True)
        else:
            self._blobs.copy_to(item.blob, file)
            stamp = stamp_of(file.stat())
        self._placed[file] = Placed(item.path, item.blob, stamp)

    def _remove(self, file: Path) -> None:
        known = self._placed.pop(file, None)
        if known is not None and known.blob is None:
            # What a run wrote there is in the tree by now; the rest is Python's cache.
            shutil.rmtree(file, ignore_errors=True)
        else:
            file.unlink(missing_ok=True)

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
