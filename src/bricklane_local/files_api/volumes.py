"""From a path below ``/Volumes`` to a file, and whether the caller may use it.

Source: https://docs.databricks.com/api/workspace/files.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.calls import caller_of
from bricklane_local.catalog.kinds import VOLUME
from bricklane_local.catalog.privileges import READ_VOLUME, WRITE_VOLUME
from bricklane_local.files_api.tree import names_of, within

ROOT = "Volumes"
# /Volumes, catalog, schema and volume.
DEPTH = 4


@dataclass(frozen=True, slots=True)
class VolumePath:
    """A path inside a volume.

    Args:
        shown: the path as clients write it.
        file: where it lies on this machine.
        is_root: whether it is the volume itself.
    """

    shown: str
    file: Path
    is_root: bool


def readable(call: Call) -> VolumePath:
    """Return the path that a request names, for reading.

    Raises:
        ApiError: NOT_FOUND without such a volume, PERMISSION_DENIED without READ VOLUME.
    """
    return _resolve(call, READ_VOLUME)


def writable(call: Call) -> VolumePath:
    """Return the path that a request names, for writing.

    Raises:
        ApiError: NOT_FOUND without such a volume, PERMISSION_DENIED without WRITE VOLUME.
    """
    return _resolve(call, WRITE_VOLUME)


def _resolve(call: Call, privilege: str) -> VolumePath:
    names = names_of(call.path["path"])
    shown = "/" + "/".join(names)
    if names[:1] != [ROOT] or len(names) < DEPTH:
        raise invalid(
            f"Invalid path: {shown}. It must have the form /Volumes/catalog/schema/volume/path"
        )
    metastore, caller = call.cloud.metastore, caller_of(call)
    full_name = ".".join(names[1:DEPTH]).lower()
    try:
        metastore.body(VOLUME, full_name)
    except ApiError as error:
        raise ApiError("NOT_FOUND", error.message) from None
    metastore.standing(caller, VOLUME, full_name).require(privilege)
    root = metastore.locations.volume_folder(full_name)
    return VolumePath(shown, within(root, names[DEPTH:], shown), len(names) == DEPTH)
