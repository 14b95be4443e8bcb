"""Paths of workspace objects: normal form, and what is refused."""

from __future__ import annotations

import posixpath

from bricklane_local.app.errors import invalid

# Long enough for any real tree, short enough for every file system a run's view is written to.
MAXIMUM_NAME_BYTES = 255


def normal(path: str) -> str:
    """Return ``path`` absolute, without ``/Workspace`` in front or a slash at its end.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when it is relative, climbs by ``..``, or holds a NUL
            or a name that is too long.
    """
    if not path.startswith("/"):
        raise invalid(f"Path ({path}) doesn't start with '/'")
    parts = path.split("/")
    if ".." in parts or "." in parts:
        raise invalid(f"Path ({path}) must not contain '.' or '..' as a name")
    if "\0" in path:
        raise invalid(f"Path ({path!r}) must not contain a NUL character")
    names = [part for part in parts if part]
    for name in names:
        if len(name.encode("utf-8", "surrogatepass")) > MAXIMUM_NAME_BYTES:
            raise invalid(f"The name {name[:40]}... in a path exceeds {MAXIMUM_NAME_BYTES} bytes")
    if names[:1] == ["Workspace"]:
        names = names[1:]
    return "/" + "/".join(names)


def parent_of(path: str) -> str:
    """Return the directory that holds ``path``; the root's parent is the empty string."""
    return "" if path == "/" else posixpath.dirname(path)


def name_of(path: str) -> str:
    """Return the last part of ``path``."""
    return posixpath.basename(path)
