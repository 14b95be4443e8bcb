"""Temporary credentials: whether a caller may read or write the data of a table or volume.

Source: https://docs.databricks.com/api/workspace/temporarytablecredentials and
https://docs.databricks.com/api/workspace/temporaryvolumecredentials. The data is on this machine
and needs no credential; what is real is that who may not have one is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.access import refused
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import TABLE, VOLUME, Kind
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.privileges import MODIFY, READ_VOLUME, SELECT, WRITE_VOLUME
from bricklane_local.catalog.tables import MATERIALIZED_VIEW, VIEW, type_of

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

WRITE = "READ_WRITE"
MILLISECONDS = 3_600_000
# The privileges that an operation on the data of each kind needs.
OPERATIONS: dict[Kind, dict[str, tuple[str, ...]]] = {
    TABLE: {"READ": (SELECT,), WRITE: (SELECT, MODIFY)},
    VOLUME: {"READ_VOLUME": (READ_VOLUME,), "WRITE_VOLUME": (READ_VOLUME, WRITE_VOLUME)},
}


def issue(
    metastore: Metastore, kind: Kind, identifier: str, operation: str, caller: Caller
) -> dict[str, Any]:
    """Allow reading or writing the data of a table or volume.

    Args:
        metastore: that it belongs to.
        kind: of the two.
        identifier: its id.
        operation: a key of :data:`OPERATIONS` of this kind.
        caller: who asks.

    Raises:
        ApiError: PERMISSION_DENIED naming the privilege, INVALID_PARAMETER_VALUE, or the kind's
            own code when nothing has this id.
    """
    known = OPERATIONS[kind]
    if operation not in known:
        raise invalid(f"operation must be one of {', '.join(known)}; got {operation}")
    full_name = metastore.name_by_id(kind, identifier)
    metastore.standing(caller, kind, full_name).require(*known[operation])
    answer: dict[str, Any] = {"expiration_time": metastore.clock.now() + MILLISECONDS}
    location = metastore.body(kind, full_name).get("storage_location")
    return answer | ({"url": location} if location else {})


def require_writable(metastore: Metastore, table_id: str, pipeline_id: str) -> None:
    """Refuse to write to a materialized view, which only the updates of its pipeline do.

    Args:
        metastore: that it belongs to.
        table_id: of the table.
        pipeline_id: of the pipeline whose update asks, "" for none.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE naming the view and its pipeline.
    """
    full_name = metastore.name_by_id(TABLE, table_id)
    body = metastore.body(TABLE, full_name)
    if type_of(body) == MATERIALIZED_VIEW and body["pipeline_id"] != pipeline_id:
        raise invalid(
            f"'{full_name}' is a materialized view: its query, in the pipeline "
            f"{body['pipeline_id']}, says what it holds, and no other statement can change it"
        )


def reader_of(metastore: Metastore, view: str, workspace: Workspace) -> Caller:
    """Return as whom a view reads: its owner.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for what is no view.
    """
    body = metastore.body(TABLE, view)
    if body["table_type"] != VIEW:
        raise invalid(f"'{view}' is no view")
    return metastore.principals.owner(body["owner"], workspace)


def issue_in_view(
    metastore: Metastore, table_id: str, view: str, workspace: Workspace
) -> dict[str, Any]:
    """Allow reading a table inside of a view, which reads with the privileges of its owner.

    Source: https://docs.databricks.com/en/views/dynamic.html#requirements. Whether the caller may
    read the view is asked for by itself, as for any table.

    Args:
        metastore: that both belong to.
        table_id: of the table or view that the view's text names.
        view: full name of the view.
        workspace: in which the view is read.

    Raises:
        ApiError: PERMISSION_DENIED naming the owner of the view and the privilege it lacks.
    """
    owner = reader_of(metastore, view, workspace)
    try:
        return issue(metastore, TABLE, table_id, "READ", owner)
    except ApiError as error:
        if error.code != "PERMISSION_DENIED":
            raise
        raise refused(
            f"The view '{view}' reads as its owner {owner.user_name}, and: {error.message}"
        ) from None
