"""Database instances, their catalogs and synced tables. No PostgreSQL runs.

Source: https://docs.databricks.com/api/workspace/database.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.levels import USE
from bricklane_local.resources.kind import EVERYBODY, MAKER, Act, Body, Guard, Kind, named_by
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, routes
from bricklane_local.resources.records import Records
from bricklane_local.resources.states import Machine, Move

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

STARTING, AVAILABLE, STOPPED = "STARTING", "AVAILABLE", "STOPPED"
INSTANCES = Machine("database instance", actions={}, moves={STARTING: Move(AVAILABLE)})
CAPACITIES = ("CU_1", "CU_2", "CU_4", "CU_8")
# What is in effect where nothing is sent; shown under the name with "effective_" before it.
EFFECTIVE: Body = {
    "capacity": "CU_1",
    "enable_pg_native_login": False,
    "enable_readable_secondaries": False,
    "node_count": 1,
    "retention_window_in_days": 7,
    "stopped": False,
}
STATE = Fidelity.STATE_ONLY


def _made(act: Act, _body: Body) -> Body:
    return {
        **INSTANCES.begin(STARTING, act.time),
        "creation_time": act.iso,
        "creator": act.caller.user_name,
        "pg_version": "PG_VERSION_16",
        "uid": str(uuid.uuid4()),
    }


def _check(act: Act, body: Body, old: Body | None) -> None:
    capacity = body.get("capacity")
    if capacity is not None and capacity not in CAPACITIES:
        raise invalid(f"capacity must be one of {', '.join(CAPACITIES)}; got {capacity!r}")
    if old is not None and old.get("stopped") and not body.get("stopped"):
        body |= INSTANCES.begin(STARTING, act.time)


def _shown(workspace: Workspace, body: Body) -> Body:
    state, _since = INSTANCES.now(body, workspace.cloud.clock.now())
    effective = {f"effective_{name}": body.get(name, value) for name, value in EFFECTIVE.items()}
    return {
        **body,
        **effective,
        "capacity": effective["effective_capacity"],
        "state": STOPPED if body.get("stopped") else state,
        "read_write_dns": f"instance-{body['uid']}.database.localhost",
    }


API = "/api/2.0/database"
INSTANCE = Kind(
    name="database instance",
    document="database_instance",
    key="name",
    new_key=named_by("name"),
    guard=Guard("database-instances", EVERYBODY, USE),
    required=("name",),
    outputs=(
        *(f"effective_{name}" for name in EFFECTIVE),
        *("creation_time", "creator", "pg_version", "read_write_dns", "state", "uid"),
    ),
    made=_made,
    check=_check,
    shown=_shown,
    operations=(
        Create(
            f"POST {API}/instances",
            "database.DatabaseInstance",
            fidelity=STATE,
            note="no PostgreSQL runs",
        ),
        List(f"GET {API}/instances", items="database_instances", size="page_size", fidelity=STATE),
        Get(f"GET {API}/instances/{{name}}", fidelity=STATE),
        Change(f"PATCH {API}/instances/{{name}}", "database.DatabaseInstance", fidelity=STATE),
        Delete(f"DELETE {API}/instances/{{name}}", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)


def _instance_exists(field: str) -> Callable[[Act, Body, Body | None], None]:
    """Return a check that the instance named in a field is there and may be used."""

    def check(act: Act, body: Body, _old: Body | None) -> None:
        if body.get(field):
            Records(act.workspace, INSTANCE).wanted(str(body[field]), act.caller, USE)

    return check


def _of_instance(field: str) -> Callable[[Call], Callable[[Body], bool]]:
    """Return what limits a list to those of the instance in the path."""

    def where(call: Call) -> Callable[[Body], bool]:
        wanted = call.path["instance"]
        return lambda body: bool(body.get(field) == wanted)

    return where


def _uid(_act: Act, _body: Body) -> Body:
    return {"uid": str(uuid.uuid4())}


CATALOG = Kind(
    name="database catalog",
    document="database_catalog",
    key="name",
    new_key=named_by("name"),
    guard=Guard("", EVERYBODY, EVERYBODY, MAKER, MAKER),
    required=("name", "database_instance_name", "database_name"),
    outputs=("uid",),
    made=_uid,
    check=_instance_exists("database_instance_name"),
    operations=(
        Create(
            f"POST {API}/catalogs",
            "database.DatabaseCatalog",
            fidelity=STATE,
            note="not registered in Unity Catalog",
        ),
        Get(f"GET {API}/catalogs/{{name}}", fidelity=STATE),
        List(
            f"GET {API}/instances/{{instance}}/catalogs",
            items="database_catalogs",
            size="page_size",
            where=_of_instance("database_instance_name"),
            fidelity=STATE,
        ),
        Delete(f"DELETE {API}/catalogs/{{name}}", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)


def _table_shown(_workspace: Workspace, body: Body) -> Body:
    return {
        **body,
        "effective_database_instance_name": body.get("database_instance_name"),
        "effective_logical_database_name": body.get("logical_database_name"),
        "data_synchronization_status": {
            "detailed_state": "SYNCED_TABLE_ONLINE",
            "message": "The local workspace synchronizes no data",
        },
        "unity_catalog_provisioning_state": "ACTIVE",
    }


TABLE = Kind(
    name="synced database table",
    document="synced_database_table",
    key="name",
    new_key=named_by("name"),
    guard=Guard("", EVERYBODY, EVERYBODY, MAKER, MAKER),
    required=("name",),
    outputs=(
        "data_synchronization_status",
        "effective_database_instance_name",
        "effective_logical_database_name",
        "unity_catalog_provisioning_state",
    ),
    check=_instance_exists("database_instance_name"),
    shown=_table_shown,
    operations=(
        Create(
            f"POST {API}/synced_tables",
            "database.SyncedDatabaseTable",
            fidelity=STATE,
            note="no data is synchronized",
        ),
        Get(f"GET {API}/synced_tables/{{name}}", fidelity=STATE),
        List(
            f"GET {API}/instances/{{instance}}/synced_tables",
            items="synced_tables",
            size="page_size",
            where=_of_instance("database_instance_name"),
            fidelity=STATE,
        ),
        Delete(f"DELETE {API}/synced_tables/{{name}}", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([INSTANCE, CATALOG, TABLE])
