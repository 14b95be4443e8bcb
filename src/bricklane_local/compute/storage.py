"""Who a storage root belongs to: one cloud, which may delete what is in it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically

if TYPE_CHECKING:
    from bricklane_local.paths import StatePaths

MARK = "bricklane-cloud"


def claim_storage(paths: StatePaths, cloud_id: str) -> None:
    """Make a storage root this cloud's own, or see that it is.

    Args:
        paths: of the cloud.
        cloud_id: tells it from all others.

    Raises:
        LocalError: when the folder is another cloud's, has files of others, or cannot be written.
    """
    root = paths.storage
    if root == paths.root:
        return
    mark = root / MARK
    try:
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        owner = mark.read_text("utf-8").strip() if mark.exists() else ""
        strange = not owner and any(it != paths.spark_remote for it in root.iterdir())
        if not owner and not strange:
            write_atomically(mark, f"{cloud_id}\n".encode())
            return
    except OSError as error:
        raise LocalError(
            f"--storage-root: {root} cannot be used: {error.strerror}",
            hint="name a folder in which this user may write",
        ) from None
    if owner != cloud_id:
        whose = "has files that are no cloud's" if strange else "belongs to another cloud"
        raise LocalError(
            f"--storage-root: {root} {whose}", hint="name a new or empty folder, one for each cloud"
        )


def drop_storage(paths: StatePaths) -> None:
    """Delete what a cloud has in a storage root of its own; what is for the remote Spark stays."""
    if paths.storage == paths.root or not (paths.storage / MARK).exists():
        return
    for folder in (
        paths.metastore,
        paths.external,
        paths.files_of_workspaces,
        paths.environments,
    ):
        shutil.rmtree(folder, ignore_errors=True)
    (paths.storage / MARK).unlink()
