"""What can be done with quality monitors: they are kept and answered, and compute nothing.

Source: https://docs.databricks.com/api/workspace/qualitymonitors.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import ApiError
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import SCHEMA, TABLE
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.names import full_name_of
from bricklane_local.catalog.privileges import CREATE_TABLE, SELECT
from bricklane_local.catalog.securables import Securable

MONITOR = "quality_monitor"
FIELDS = (
    "assets_dir",
    "output_schema_name",
    "baseline_table_name",
    "custom_metrics",
    "data_classification_config",
    "inference_log",
    "notifications",
    "schedule",
    "slicing_exprs",
    "snapshot",
    "time_series",
)


class Monitors:
    """The quality monitors of a metastore's tables, at most one of each.

    Args:
        metastore: that has the tables.
    """

    def __init__(self, metastore: Metastore) -> None:
        self._metastore = metastore
        self._space = metastore.space

    def get(self, table: str, caller: Caller) -> dict[str, Any]:
        """Return the ``MonitorInfo`` of a table's monitor.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST without one, TABLE_DOES_NOT_EXIST, PERMISSION_DENIED.
        """
        table = full_name_of(table, TABLE)
        standing = self._metastore.standing(caller, TABLE, table)
        if not standing.manages():
            standing.require(SELECT)
        return self._info(table, self._body(table, standing.securable))

    def create(self, table: str, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Give a table a monitor.

        Raises:
            ApiError: RESOURCE_ALREADY_EXISTS, TABLE_DOES_NOT_EXIST, SCHEMA_DOES_NOT_EXIST,
                PERMISSION_DENIED.
        """
        table = full_name_of(table, TABLE)
        standing = self._metastore.standing(caller, TABLE, table)
        standing.require_management()
        standing.require(SELECT)
        self._require_output(fields["output_schema_name"], caller)
        if self._space.get(MONITOR, standing.securable.id) is not None:
            raise ApiError("RESOURCE_ALREADY_EXISTS", f"The table '{table}' has a monitor already")
        stored = _given(fields)
        self._space.insert(MONITOR, standing.securable.id, stored)
        return self._info(table, stored)

    def update(self, table: str, fields: dict[str, Any], caller: Caller) -> dict[str, Any]:
        """Replace what a monitor does; its assets stay where they are."""
        table = full_name_of(table, TABLE)
        standing = self._metastore.standing(caller, TABLE, table)
        standing.require_management()
        before = self._body(table, standing.securable)
        self._require_output(fields["output_schema_name"], caller)
        stored = {"assets_dir": before.get("assets_dir")} | _given(fields)
        self._space.update(MONITOR, standing.securable.id, stored)
        return self._info(table, stored)

    def delete(self, table: str, caller: Caller) -> None:
        """Delete the monitor of a table."""
        table = full_name_of(table, TABLE)
        standing = self._metastore.standing(caller, TABLE, table)
        standing.require_management()
        self._body(table, standing.securable)
        self._space.delete(MONITOR, standing.securable.id)

    def _require_output(self, schema: str, caller: Caller) -> None:
        self._metastore.standing(caller, SCHEMA, schema).require(CREATE_TABLE)

    def _body(self, table: str, securable: Securable) -> dict[str, Any]:
        found = self._space.get(MONITOR, securable.id)
        if found is None:
            raise ApiError("RESOURCE_DOES_NOT_EXIST", f"The table '{table}' has no monitor.")
        return found

    def _info(self, table: str, stored: dict[str, Any]) -> dict[str, Any]:
        name = table.rpartition(".")[2]
        output = f"{stored['output_schema_name']}.{name}"
        return {
            **stored,
            "table_name": table,
            "status": "MONITOR_STATUS_ACTIVE",
            "monitor_version": 1,
            "profile_metrics_table_name": f"{output}_profile_metrics",
            "drift_metrics_table_name": f"{output}_drift_metrics",
        }


def _given(fields: dict[str, Any]) -> dict[str, Any]:
    return {key: fields[key] for key in FIELDS if fields.get(key) is not None}


def remove(metastore: Metastore, table_id: str) -> None:
    """Remove the monitor of a table that is being dropped, if it has one."""
    metastore.space.delete(MONITOR, table_id)
