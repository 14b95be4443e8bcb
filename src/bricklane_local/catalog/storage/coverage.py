"""Which external location a path belongs to, and whether a caller may use it.

Source: https://docs.databricks.com/en/connect/unity-catalog/cloud-storage/external-locations.html.
Paths of this machine belong to none: they are a convenience of the local cloud.
"""

from __future__ import annotations

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.access import refused
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import EXTERNAL_LOCATION
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.securables import described
from bricklane_local.catalog.storage.urls import checked, covers, is_of_store


def require_location(
    metastore: Metastore, caller: Caller, location: str | None, privilege: str
) -> None:
    """Refuse a path in an object store that the caller may not put data at.

    Args:
        metastore: that has the external locations.
        caller: who wants to use the path.
        location: a path or URL; None and paths of this machine pass.
        privilege: what the caller needs on the external location, such as CREATE_EXTERNAL_TABLE.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a URL that is none, EXTERNAL_LOCATION_DOES_NOT_EXIST
            when none covers it, PERMISSION_DENIED without the privilege.
    """
    if not location or not is_of_store(location):
        return
    checked(location)
    holders = [
        document
        for document in metastore.children(EXTERNAL_LOCATION)
        if covers(document.body["url"], location)
    ]
    if not holders:
        raise ApiError(
            "EXTERNAL_LOCATION_DOES_NOT_EXIST",
            f"No parent external location was found for the path '{location}'. "
            "Create an external location that covers it first",
        )
    holder = holders[0]
    securable = described(EXTERNAL_LOCATION, holder.key, holder.body)
    metastore.access.standing(caller, securable).require(privilege)
    if holder.body.get("read_only"):
        raise refused(f"{EXTERNAL_LOCATION.noun} '{holder.key}' is read-only")
