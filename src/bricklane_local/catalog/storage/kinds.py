"""The kinds of securables that lie directly below the metastore, beside catalogs."""

from __future__ import annotations

from bricklane_local.catalog.kinds import (
    CONNECTION,
    EXTERNAL_LOCATION,
    SERVICE_CREDENTIAL,
    STORAGE_CREDENTIAL,
)

TOP_LEVEL = (EXTERNAL_LOCATION, STORAGE_CREDENTIAL, SERVICE_CREDENTIAL, CONNECTION)
