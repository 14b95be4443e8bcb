"""External locations: paths in object stores, with the credential that reaches them.

Source: https://docs.databricks.com/api/workspace/externallocations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.kinds import (
    CATALOG,
    EXTERNAL_LOCATION,
    SCHEMA,
    STORAGE_CREDENTIAL,
    TABLE,
    VOLUME,
)
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.privileges import CREATE_EXTERNAL_LOCATION
from bricklane_local.catalog.storage.urls import checked, covers, overlaps
from bricklane_local.catalog.toplevel import Change, TopLevel

FIELDS = (
    "url",
    "credential_name",
    "comment",
    "read_only",
    "fallback",
    "enable_file_events",
    "file_event_queue",
    "encryption_details",
)
# Where the other kinds of securables name a path, with what each is to an external location.
DEPENDENTS = (
    (CATALOG, "storage_root", "catalogs"),
    (SCHEMA, "storage_root", "schemas"),
    (TABLE, "storage_location", "external tables"),
    (VOLUME, "storage_location", "external volumes"),
)


class ExternalLocations(TopLevel):
    """The external locations."""

    def __init__(self) -> None:
        super().__init__(EXTERNAL_LOCATION, CREATE_EXTERNAL_LOCATION, FIELDS)

    def info(self, metastore: Metastore, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the ``ExternalLocationInfo`` of a stored external location."""
        return {
            "read_only": False,
            "fallback": False,
            "effective_enable_file_events": body.get("enable_file_events", True),
            "browse_only": False,
            **super().info(metastore, name, body),
        }

    def prepare(self, change: Change) -> dict[str, Any]:
        """Return the fields, with the id of the credential.

        Raises:
            ApiError: INVALID_PARAMETER_VALUE for a URL that is none or that another location
                covers, STORAGE_CREDENTIAL_DOES_NOT_EXIST, PERMISSION_DENIED on the credential.
        """
        metastore, fields, before = change.metastore, change.fields, change.before
        if "url" in fields and fields["url"] != before.get("url"):
            _require_apart(metastore, change.name, checked(fields["url"]))
        if "credential_name" not in fields:
            return fields
        credential = str(fields["credential_name"]).lower()
        standing = metastore.standing(change.caller, STORAGE_CREDENTIAL, credential)
        if credential != before.get("credential_name"):
            standing.require(CREATE_EXTERNAL_LOCATION)
        return fields | {"credential_name": credential, "credential_id": standing.securable.id}

    def require_unused(self, metastore: Metastore, name: str, action: str) -> None:
        """Refuse to delete or move a location that has data of catalogs, tables or volumes."""
        url = metastore.body(EXTERNAL_LOCATION, name)["url"]
        counts = [
            f"{sum(1 for place in _places(metastore, kind, field) if covers(url, place))} {what}"
            for kind, field, what in DEPENDENTS
        ]
        if any(not count.startswith("0 ") for count in counts):
            raise ApiError(
                "INVALID_STATE",
                f"Cannot {action} {EXTERNAL_LOCATION.noun} '{name}' because it has dependent "
                f"{', '.join(counts)}. Use the force option to {action} it anyway",
            )


def _places(metastore: Metastore, kind: Any, field: str) -> Iterator[str]:
    for document in metastore.children(kind):
        if document.body.get(field):
            yield document.body[field]


def _require_apart(metastore: Metastore, name: str, url: str) -> None:
    for document in metastore.children(EXTERNAL_LOCATION):
        if document.key != name and overlaps(url, document.body["url"]):
            raise invalid(
                f"Input path url '{url}' overlaps with an existing external location: "
                f"'{document.key}' has '{document.body['url']}'"
            )


EXTERNAL_LOCATIONS = ExternalLocations()
