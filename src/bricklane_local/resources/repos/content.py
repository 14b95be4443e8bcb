"""Puts the files of a commit into the workspace tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bricklane_local.identity.principals import Principal
from bricklane_local.workspace.importing import Upload, store
from bricklane_local.workspace.paths import parent_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace


def put_files(
    workspace: Workspace, folder: str, files: Mapping[str, bytes], principal: Principal
) -> None:
    """Write files below a folder of the tree; those that are notebooks become notebooks.

    Args:
        workspace: of the tree.
        folder: an existing folder.
        files: path relative to it → content.
        principal: who makes them.
    """
    objects = workspace.objects
    for name, content in sorted(files.items()):
        file = f"{folder}/{name}"
        objects.make_directories(parent_of(file), principal)
        blob = workspace.cloud.blobs.put(content)
        store(objects, Upload(file, content, blob, "AUTO", None, overwrite=True), principal)
