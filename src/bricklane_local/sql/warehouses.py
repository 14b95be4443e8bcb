"""SQL warehouses: definitions with states. Behind all of them is the cloud's one Spark.

Source: https://docs.databricks.com/api/workspace/warehouses. Each workspace comes with one that
everybody may use. A statement for one that is stopped starts it, as the original does.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from bricklane_local.app.asgi import json_response
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.identity.principals import Principal
from bricklane_local.permissions.kinds import EVERYBODY_USES, OWNER
from bricklane_local.permissions.levels import MANAGE, USE, VIEW
from bricklane_local.resources.kind import Act, Body, Guard, Kind, hexadecimal
from bricklane_local.resources.operations import (
    Change,
    Create,
    Delete,
    Get,
    List,
    Own,
    routes,
)
from bricklane_local.resources.records import CREATED_BY, Records
from bricklane_local.resources.states import STATE, Machine, Move

if TYPE_CHECKING:
    from starlette.responses import Response

    from bricklane_local.app.call import Call
    from bricklane_local.cloud import Workspace

STARTER = "Serverless Starter Warehouse"
SIZES = (
    *("2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large"),
    *("2X-Large", "3X-Large", "4X-Large", "5X-Large"),
)
MOST_CLUSTERS = 40
STARTING, RUNNING, STOPPING, STOPPED = "STARTING", "RUNNING", "STOPPING", "STOPPED"


def _idle(body: Body) -> int | None:
    return int(body.get("auto_stop_mins") or 0) * 60_000 or None


WAREHOUSES = Machine(
    "warehouse",
    actions={
        # Whatever starts one that runs puts off its automatic stop.
        "start": {STOPPED: STARTING, STARTING: STARTING, RUNNING: RUNNING},
        "stop": {RUNNING: STOPPING, STARTING: STOPPING, STOPPING: STOPPING, STOPPED: STOPPED},
    },
    moves={STARTING: Move(RUNNING), STOPPING: Move(STOPPED)},
    idle=_idle,
    idles=(RUNNING, STOPPING),
)
DEFAULTS: Body = {
    "auto_stop_mins": 120,
    "channel": {"name": "CHANNEL_NAME_CURRENT"},
    "enable_photon": True,
    "enable_serverless_compute": False,
    "max_num_clusters": 1,
    "min_num_clusters": 1,
    "spot_instance_policy": "COST_OPTIMIZED",
    "tags": {},
    "warehouse_type": "CLASSIC",
}


def _check(_act: Act, body: Body, _old: Body | None) -> None:
    if body["cluster_size"] not in SIZES:
        raise invalid(
            f"cluster_size must be one of {', '.join(SIZES)}; got {body['cluster_size']!r}"
        )
    low, high = int(body["min_num_clusters"]), int(body["max_num_clusters"])
    if not 1 <= low <= high <= MOST_CLUSTERS:
        raise invalid(
            f"min_num_clusters ({low}) and max_num_clusters ({high}) must be in "
            f"1..{MOST_CLUSTERS}, the first not above the second"
        )
    minutes, least = int(body["auto_stop_mins"]), 1 if body["enable_serverless_compute"] else 10
    if minutes != 0 and minutes < least:
        raise invalid(f"auto_stop_mins must be 0 or at least {least}, got {minutes}")
    if body["enable_serverless_compute"] and body["warehouse_type"] != "PRO":
        raise invalid("enable_serverless_compute needs warehouse_type PRO")


def _made(act: Act, _body: Body) -> Body:
    started = WAREHOUSES.begin(STARTING, act.time)
    return {**started, "creator_name": act.caller.user_name}


def _shown(workspace: Workspace, body: Body) -> Body:
    state = workspace.warehouses.state(body)
    host, _, port = workspace.host.rpartition("//")[2].partition(":")
    path = f"/sql/1.0/warehouses/{body['id']}"
    return {
        **body,
        "state": state,
        "num_clusters": int(state == RUNNING),
        "num_active_sessions": workspace.connections.count_on(str(body["id"])),
        "jdbc_url": f"jdbc:databricks://{host}:{port or 80}/default;httpPath={path}",
        "odbc_params": {
            "hostname": host,
            "port": int(port or 80),
            "path": path,
            "protocol": "http",
        },
        "health": {"status": "HEALTHY" if state == RUNNING else "STATUS_UNSPECIFIED"},
    }


def _start(call: Call, records: Records, body: Body) -> None:
    records.put({**body, **WAREHOUSES.act("start", body, call.cloud.clock.now())})


def _stop(call: Call, records: Records, body: Body) -> None:
    records.put({**body, **WAREHOUSES.act("stop", body, call.cloud.clock.now())})
    call.workspace.statements.cancel_on(str(body["id"]))
    call.workspace.connections.close_on(str(body["id"]))


API, SDK = "/api/2.0/sql/warehouses", "sql.WarehousesAPI"
NOTE = "statements and SQL file tasks run on the cloud's one Spark, whatever the size"
WAREHOUSE = Kind(
    name="warehouse",
    document="sql_warehouse",
    key="id",
    new_key=hexadecimal(16),
    guard=Guard("sql/warehouses", "allow-cluster-create", VIEW),
    required=("name", "cluster_size"),
    unique=("name",),
    defaults=DEFAULTS,
    outputs=("creator_name",),
    made=_made,
    check=_check,
    shown=_shown,
    missing_text="Warehouse {value} does not exist",
    operations=(
        Create(f"POST {API}", f"{SDK}.create", key_only=True, note=NOTE),
        List(f"GET {API}", items="warehouses", size="page_size", always=True),
        Get(f"GET {API}/{{id}}"),
        Change(f"POST {API}/{{id}}/edit", f"{SDK}.edit", silent=True),
        Own(f"POST {API}/{{id}}/start", level=USE, do=_start),
        Own(f"POST {API}/{{id}}/stop", level=MANAGE, do=_stop),
        Delete(f"DELETE {API}/{{id}}"),
    ),
    proved_by="databricks bundle deploy",
)


def founding(workspace: Workspace) -> list[tuple[Body, list[dict[str, str]]]]:
    """Return the warehouse that a new workspace has, which everybody may use."""
    creator = workspace.cloud.administrator.user_name
    starter = {
        **DEFAULTS,
        **WAREHOUSES.begin(RUNNING, workspace.cloud.clock.now()),
        "id": workspace.warehouses.default_id,
        "name": STARTER,
        "cluster_size": "2X-Small",
        "auto_stop_mins": 10,
        "enable_photon": False,
        "enable_serverless_compute": True,
        "warehouse_type": "PRO",
        "creator_name": creator,
        CREATED_BY: creator,
    }
    owner = {"user_name": creator, "permission_level": OWNER}
    return [(starter, [owner, *EVERYBODY_USES])]


class Warehouses:
    """The warehouses of one workspace, for whoever runs statements on them.

    Args:
        workspace: which.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        # 16 hexadecimal digits, as ids of warehouses are.
        self.default_id = f"{workspace.id:016x}"

    def use(self, warehouse_id: str, caller: Principal) -> None:
        """Start a warehouse, unless it runs, for a statement of ``caller``.

        Raises:
            ApiError: RESOURCE_DOES_NOT_EXIST, or PERMISSION_DENIED when the caller may not use it.
        """
        records = Records(self._workspace, WAREHOUSE)
        body = records.wanted(warehouse_id, caller, USE)
        time = self._workspace.cloud.clock.now()
        if WAREHOUSES.now(body, time)[0] == STOPPING:
            body |= WAREHOUSES.begin(STOPPED, time)
        records.put({**body, **WAREHOUSES.act("start", body, time)})

    def touch(self, warehouse_id: str) -> None:
        """Begin the idle time of a warehouse anew, now that a statement has ended."""
        records = Records(self._workspace, WAREHOUSE)
        body = records.find(warehouse_id)
        if body is not None and body[STATE]["name"] in (STARTING, RUNNING):
            time = self._workspace.cloud.clock.now()
            records.put({**body, **WAREHOUSES.begin(RUNNING, time)})

    def state(self, body: Body) -> str:
        """Return the state of a warehouse; one that runs a statement is not idle."""
        state, _since = WAREHOUSES.now(body, self._workspace.cloud.clock.now())
        kept = body[STATE]["name"]
        if (
            state in (STOPPING, STOPPED)
            and kept in (STARTING, RUNNING)
            and self._workspace.statements.running_on(str(body["id"]))
        ):
            return RUNNING
        return state


CONFIG = "sql_warehouse_config"
CONFIG_DEFAULTS: Body = {
    "security_policy": "DATA_ACCESS_CONTROL",
    "data_access_config": [],
    "enable_serverless_compute": True,
}


def get_config(call: Call) -> Body:
    """Return what holds for all warehouses of the workspace."""
    return call.workspace.space.get(CONFIG, CONFIG) or CONFIG_DEFAULTS


def set_config(call: Call) -> None:
    """Set what holds for all warehouses of the workspace."""
    call.workspace.access.require_administrator(call.caller, "configure SQL warehouses")
    call.workspace.space.put(CONFIG, CONFIG, {**CONFIG_DEFAULTS, **call.body})


def list_data_sources(call: Call) -> Response:
    """List the warehouses as the data sources by which older clients name them."""
    found, _token = Records(call.workspace, WAREHOUSE).page(call.caller)
    return json_response([_data_source(body) for body in found])


def _data_source(body: Body) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, str(body["id"]))),
        "name": body["name"],
        "warehouse_id": body["id"],
        "type": "databricks_internal",
        "syntax": "sql",
        "paused": 0,
        "pause_reason": None,
        "supports_auto_limit": True,
        "view_only": False,
    }


CONFIG_API = "/api/2.0/sql/config/warehouses"
ROUTES = [
    *routes([WAREHOUSE]),
    Route(
        "GET",
        CONFIG_API,
        get_config,
        fidelity=Fidelity.STATE_ONLY,
        proved_by="databricks-sdk",
    ),
    Route(
        "PUT",
        CONFIG_API,
        set_config,
        sdk=f"{SDK}.set_workspace_warehouse_config",
        fidelity=Fidelity.STATE_ONLY,
        proved_by="databricks-sdk",
    ),
    Route(
        "GET",
        "/api/2.0/preview/sql/data_sources",
        list_data_sources,
        proved_by="terraform databricks_sql_endpoint",
    ),
]
