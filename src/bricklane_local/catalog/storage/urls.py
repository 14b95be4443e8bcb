"""URLs of object stores: which are accepted, and which lies inside which."""

from __future__ import annotations

from urllib.parse import urlsplit

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.locations import STORES


def is_of_store(location: str) -> bool:
    """Say whether a location is in an object store, and not on this machine."""
    return urlsplit(location).scheme in STORES


def checked(url: str) -> str:
    """Return the URL of an external location as it was written.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE unless it names a bucket or container of a known store.
    """
    parts = urlsplit(url)
    stores = ", ".join(f"{store}://" for store in STORES)
    if parts.scheme not in STORES or not parts.netloc:
        raise invalid(
            f"The url {url!r} is not valid: it must be a path in an object store ({stores})"
        )
    if ".." in parts.path.split("/") or parts.query or parts.fragment:
        raise invalid(f"The url {url!r} is not valid: it must have no '..', query or fragment")
    return url


def covers(outer: str, inner: str) -> bool:
    """Say whether ``inner`` is ``outer`` or a path below it."""
    base = outer.rstrip("/") + "/"
    return (inner.rstrip("/") + "/").startswith(base)


def overlaps(one: str, other: str) -> bool:
    """Say whether one of two URLs covers the other."""
    return covers(one, other) or covers(other, one)
