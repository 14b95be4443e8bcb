"""Saved queries. They are kept; SQL tasks run them, with parameters.

Source: https://docs.databricks.com/api/workspace/queries. Deleting one moves it to the trash.
"""

from __future__ import annotations

from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.levels import EDIT, READ
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, uuid_key
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, routes
from bricklane_local.resources.records import FOLDER
from bricklane_local.resources.sql.common import PARENT, in_workspace, parent_folder

OWNER = "owner_user_name"


def made(act: Act, _body: Body) -> Body:
    """Return the fields of a new query or alert."""
    return {
        "create_time": act.iso,
        "lifecycle_state": "ACTIVE",
        OWNER: act.caller.user_name,
    }


def changed(act: Act, body: Body) -> Body:
    """Return the fields of a query that has changed."""
    return {
        "update_time": act.iso,
        "last_modifier_user_name": act.caller.user_name,
        PARENT: in_workspace(body[FOLDER]),
    }


def check_owner(act: Act, body: Body, old: Body | None) -> None:
    """Refuse an owner that the workspace does not have."""
    if old is not None and body[OWNER] != old[OWNER]:
        act.workspace.cloud.directory.named(act.workspace.name, str(body[OWNER]))


API, SDK = "/api/2.0/sql/queries", "sql.QueriesAPI"
STATE = Fidelity.STATE_ONLY
QUERY = Kind(
    name="query",
    document="query",
    key="id",
    new_key=uuid_key,
    guard=Guard("sql/queries", EVERYBODY, READ, EDIT),
    defaults={"display_name": "New Query", "query_text": "", "run_as_mode": "OWNER"},
    outputs=("create_time", "last_modifier_user_name", "lifecycle_state", "update_time"),
    folder=parent_folder,
    made=made,
    changed=changed,
    check=check_owner,
    trash={"lifecycle_state": "TRASHED"},
    brief=(PARENT,),
    sent_in="query",
    operations=(
        Create(f"POST {API}", f"{SDK}.create", fidelity=STATE),
        List(f"GET {API}", items="results", size="page_size", fidelity=STATE),
        Get(f"GET {API}/{{id}}", fidelity=STATE),
        Change(f"PATCH {API}/{{id}}", f"{SDK}.update", fidelity=STATE),
        Delete(f"DELETE {API}/{{id}}", fidelity=STATE, note="moves it to the trash"),
    ),
    proved_by="terraform databricks_query",
)
ROUTES = routes([QUERY])
