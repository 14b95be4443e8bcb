"""Artifact allowlists: kept and answered; nothing asks them here.

Source: https://docs.databricks.com/api/workspace/artifactallowlists.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import invalid
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.privileges import MANAGE_ALLOWLIST

ALLOWLIST = "artifact_allowlist"
TYPES = ("INIT_SCRIPT", "LIBRARY_JAR", "LIBRARY_MAVEN")


def get(metastore: Metastore, artifact_type: str, caller: Caller) -> dict[str, Any]:
    """Return the ``ArtifactAllowlistInfo`` of a type of artifacts.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for an unknown type, PERMISSION_DENIED.
    """
    _require(metastore, artifact_type, caller)
    stored = metastore.space.get(ALLOWLIST, artifact_type) or {}
    return {"artifact_matchers": [], **stored, "metastore_id": metastore.id}


def put(
    metastore: Metastore, artifact_type: str, matchers: list[dict[str, Any]], caller: Caller
) -> dict[str, Any]:
    """Replace an allowlist."""
    _require(metastore, artifact_type, caller)
    stored = {
        "artifact_matchers": matchers,
        "created_at": metastore.clock.now(),
        "created_by": caller.user_name,
    }
    metastore.space.put(ALLOWLIST, artifact_type, stored)
    return get(metastore, artifact_type, caller)


def _require(metastore: Metastore, artifact_type: str, caller: Caller) -> None:
    if artifact_type not in TYPES:
        raise invalid(f"artifact_type must be one of {', '.join(TYPES)}; got {artifact_type!r}")
    metastore.access.on_metastore(caller).require(MANAGE_ALLOWLIST)
