"""System schemas: switched on and off, without data.

Source: https://docs.databricks.com/api/workspace/systemschemas.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.metastore import Metastore

ENABLED = "system_schema"
NAMES = ("access", "billing", "compute", "lakeflow", "marketplace", "query", "serving", "storage")
# These are on for everyone and cannot be switched.
FIXED = ("billing",)


def states(metastore: Metastore) -> list[dict[str, Any]]:
    """Return the ``SystemSchemaInfo`` of each system schema."""
    enabled = {document.key for document in metastore.space.select(ENABLED)} | set(FIXED)
    return [
        {"schema": name, "state": "ENABLE_COMPLETED" if name in enabled else "AVAILABLE"}
        for name in NAMES
    ]


def enable(metastore: Metastore, name: str) -> None:
    """Switch a system schema on.

    Raises:
        ApiError: SCHEMA_DOES_NOT_EXIST, SCHEMA_ALREADY_EXISTS when it is on.
    """
    _require_switchable(name)
    if metastore.space.get(ENABLED, name) is not None:
        raise ApiError("SCHEMA_ALREADY_EXISTS", f"Schema '{name}' already exists", status=400)
    metastore.space.put(ENABLED, name, {})


def disable(metastore: Metastore, name: str) -> None:
    """Switch a system schema off.

    Raises:
        ApiError: SCHEMA_DOES_NOT_EXIST when it is not on.
    """
    _require_switchable(name)
    if not metastore.space.delete(ENABLED, name):
        raise ApiError("SCHEMA_DOES_NOT_EXIST", f"System schema '{name}' is not enabled.")


def _require_switchable(name: str) -> None:
    if name not in NAMES:
        raise ApiError(
            "SCHEMA_DOES_NOT_EXIST",
            f"System schema '{name}' does not exist; these do: {', '.join(NAMES)}",
        )
    if name in FIXED:
        raise ApiError("INVALID_STATE", f"{name} system schema can only be enabled by Databricks")
