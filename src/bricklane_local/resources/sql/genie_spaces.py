"""Genie spaces. Nothing answers questions in them.

Source: https://docs.databricks.com/api/workspace/genie.
"""

from __future__ import annotations

from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.levels import EDIT, MANAGE, READ
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, hexadecimal
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, routes
from bricklane_local.resources.records import FOLDER
from bricklane_local.resources.sql.common import (
    PARENT,
    WAREHOUSE_ID,
    check_etag,
    check_json,
    in_workspace,
    parent_folder,
)

CONTENT = "serialized_space"


def _made(act: Act, _body: Body) -> Body:
    return {"create_time": act.iso, "etag": "0"}


def _changed(act: Act, body: Body) -> Body:
    """Move a space to the folder that a client names."""
    folder = parent_folder(act, body)
    if folder != body[FOLDER]:
        act.workspace.access.require_path(act.caller, folder, MANAGE)
    return {FOLDER: folder, PARENT: in_workspace(folder)}


def _check(act: Act, body: Body, old: Body | None) -> None:
    check_json(body, CONTENT)
    check_etag(body, old)
    body["etag"] = str(int("0" if old is None else old["etag"]) + 1)
    body["update_time"] = act.iso


API, SDK = "/api/2.0/genie/spaces", "dashboards.GenieAPI"
STATE = Fidelity.STATE_ONLY
SPACE = Kind(
    name="Genie space",
    document="genie_space",
    key="space_id",
    new_key=hexadecimal(32),
    guard=Guard("genie", EVERYBODY, READ, EDIT),
    required=(WAREHOUSE_ID, CONTENT),
    defaults={"title": "New Space"},
    outputs=("create_time", "update_time"),
    folder=parent_folder,
    made=_made,
    changed=_changed,
    check=_check,
    brief=(CONTENT,),
    operations=(
        Create(f"POST {API}", f"{SDK}.create_space", fidelity=STATE, note="nothing answers in it"),
        List(f"GET {API}", items="spaces", size="page_size", fidelity=STATE),
        Get(f"GET {API}/{{id}}", fidelity=STATE),
        Change(f"PATCH {API}/{{id}}", f"{SDK}.update_space", fidelity=STATE),
        Delete(f"DELETE {API}/{{id}}", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([SPACE])
