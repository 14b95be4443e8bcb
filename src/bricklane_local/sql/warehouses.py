"""The SQL warehouse of a workspace.

Source: https://docs.databricks.com/api/workspace/warehouses. Each workspace has the one warehouse
that a new workspace comes with; behind it is the cloud's Spark, so its state only says whether it
takes statements, and a statement for a stopped one starts it, as serverless warehouses do.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from bricklane_local.app.errors import ApiError
from bricklane_local.identity.principals import Principal

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

KIND = "warehouse"
NAME = "Serverless Starter Warehouse"
AUTO_STOP_MINUTES = 10


class WarehouseState(StrEnum):
    """States of a warehouse; here a start or stop takes no time, so there are none between."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"


class Warehouses:
    """The warehouses of one workspace.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        # 16 hexadecimal digits, as ids of warehouses are.
        self.default_id = f"{workspace.id:016x}"

    def all(self) -> list[dict[str, Any]]:
        """Return all warehouses as the API shows them."""
        return [self.get(self.default_id)]

    def get(self, warehouse_id: str) -> dict[str, Any]:
        """Return a warehouse as the API shows it.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST when there is none with this id.
        """
        state = self._state(warehouse_id)
        running = state is WarehouseState.RUNNING
        host, _, port = self._workspace.host.rpartition("//")[2].partition(":")
        return {
            "id": warehouse_id,
            "name": NAME,
            "state": state,
            "cluster_size": "2X-Small",
            "min_num_clusters": 1,
            "max_num_clusters": 1,
            "num_clusters": int(running),
            "num_active_sessions": 0,
            "auto_stop_mins": AUTO_STOP_MINUTES,
            "creator_name": self._workspace.cloud.administrator.user_name,
            "enable_photon": False,
            "enable_serverless_compute": True,
            "warehouse_type": "PRO",
            "spot_instance_policy": "COST_OPTIMIZED",
            "channel": {"name": "CHANNEL_NAME_CURRENT"},
            "tags": {},
            "odbc_params": {
                "hostname": host,
                "port": int(port or 80),
                "path": f"/sql/1.0/warehouses/{warehouse_id}",
                "protocol": "http",
            },
            "health": {"status": "HEALTHY" if running else "STATUS_UNSPECIFIED"},
        }

    def _state(self, warehouse_id: str) -> WarehouseState:
        if warehouse_id != self.default_id:
            raise ApiError(
                "RESOURCE_DOES_NOT_EXIST",
                f"Warehouse {warehouse_id} does not exist; the workspace {self._workspace.name} "
                f"has {self.default_id} ({NAME})",
            )
        body = self._workspace.space.get(KIND, warehouse_id) or {"state": WarehouseState.RUNNING}
        return WarehouseState(body["state"])

    def start(self, warehouse_id: str) -> None:
        """Make a warehouse take statements; anybody who may use it may start it."""
        self._state(warehouse_id)
        self._workspace.space.put(KIND, warehouse_id, {"state": WarehouseState.RUNNING})

    def stop(self, warehouse_id: str, caller: Principal) -> None:
        """Make a warehouse take no statements until it is started.

        Raises:
            ApiError: PERMISSION_DENIED when the caller is no administrator.
        """
        self._state(warehouse_id)
        if not caller.is_admin:
            raise ApiError(
                "PERMISSION_DENIED",
                f"{caller.user_name} cannot stop warehouse {warehouse_id}: that needs CAN_MANAGE",
            )
        self._workspace.space.put(KIND, warehouse_id, {"state": WarehouseState.STOPPED})
