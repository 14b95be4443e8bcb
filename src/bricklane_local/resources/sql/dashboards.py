"""AI/BI dashboards, files of the workspace tree too. Nothing draws them; tasks run their datasets.

Source: https://docs.databricks.com/api/workspace/lakeview. Deleting one moves it to the trash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.levels import EDIT, READ
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, hexadecimal
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, Own, routes
from bricklane_local.resources.records import FOLDER, Records
from bricklane_local.resources.sql.common import (
    PARENT,
    WAREHOUSE_ID,
    check_etag,
    check_json,
    parent_folder,
)
from bricklane_local.workspace.objects import ObjectType, WorkspaceObject

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

EXTENSION = ".lvdash.json"
CONTENT, PUBLISHED = "serialized_dashboard", "_published"
# Parameters of requests → the field of each dataset that they set.
DATASET_DEFAULTS = {"dataset_catalog": "catalog", "dataset_schema": "schema"}


def _path(body: Body) -> str:
    return f"{body[FOLDER].rstrip('/')}/{body['display_name']}{EXTENSION}"


def _made(act: Act, _body: Body) -> Body:
    return {
        "create_time": act.iso,
        "lifecycle_state": "ACTIVE",
        "etag": "0",
        PUBLISHED: None,
    }


def _changed(_act: Act, body: Body) -> Body:
    return {PARENT: body[FOLDER], "path": _path(body)}


def _check(act: Act, body: Body, old: Body | None) -> None:
    """Check a dashboard, and put its file where it belongs."""
    check_json(body, CONTENT)
    check_etag(body, old)
    _set_defaults(body)
    body["etag"] = str(int("0" if old is None else old["etag"]) + 1)
    body["update_time"] = act.iso
    objects, moved = act.workspace.objects, old is None or old["path"] != body["path"]
    objects.write(
        body["path"],
        act.workspace.cloud.blobs.put(str(body[CONTENT]).encode()),
        act.caller,
        object_type=ObjectType.DASHBOARD,
        resource_id=str(body["dashboard_id"]),
        overwrite=not moved,
    )
    if old is not None and moved:
        objects.forget(old["path"])


def _set_defaults(body: Body) -> None:
    """Put the catalog and schema of a request into all datasets, in place of their own."""
    given = {field: body.pop(name, None) for name, field in DATASET_DEFAULTS.items()}
    wanted = {field: value for field, value in given.items() if value}
    content = orjson.loads(body[CONTENT])
    if not wanted or not content.get("datasets"):
        return
    content["datasets"] = [{**dataset, **wanted} for dataset in content["datasets"]]
    body[CONTENT] = orjson.dumps(content).decode()


def _removed(act: Act, body: Body) -> None:
    act.workspace.objects.forget(body["path"])


def publish(call: Call, records: Records, body: Body) -> Body:
    """Publish a dashboard as it is now."""
    published = {
        "display_name": body["display_name"],
        "embed_credentials": call.flag("embed_credentials", default=True),
        "revision_create_time": records.act(call.caller).iso,
        WAREHOUSE_ID: call.body.get(WAREHOUSE_ID) or body.get(WAREHOUSE_ID),
    }
    records.put({**body, PUBLISHED: published})
    return published


def published(_call: Call, _records: Records, body: Body) -> Body:
    """Return a dashboard as it was published last."""
    if body[PUBLISHED] is None:
        raise ApiError(
            "RESOURCE_DOES_NOT_EXIST", f"The dashboard {body['dashboard_id']} is not published"
        )
    return dict(body[PUBLISHED])


def unpublish(call: Call, records: Records, body: Body) -> None:
    """Take back the publication of a dashboard."""
    published(call, records, body)
    records.put({**body, PUBLISHED: None})


API, SDK = "/api/2.0/lakeview/dashboards", "dashboards.LakeviewAPI"
STATE = Fidelity.STATE_ONLY
DASHBOARD = Kind(
    name="dashboard",
    document="dashboard",
    key="dashboard_id",
    new_key=hexadecimal(32),
    guard=Guard("dashboards", EVERYBODY, READ, EDIT),
    required=("display_name",),
    defaults={CONTENT: "{}"},
    outputs=("create_time", "lifecycle_state", "path", "update_time"),
    queried=tuple(DATASET_DEFAULTS),
    folder=parent_folder,
    made=_made,
    changed=_changed,
    check=_check,
    removed=_removed,
    trash={"lifecycle_state": "TRASHED"},
    brief=(CONTENT, PARENT, "path", "etag"),
    operations=(
        Create(f"POST {API}", "dashboards.Dashboard", fidelity=STATE, note="nothing draws it"),
        List(
            f"GET {API}",
            items="dashboards",
            size="page_size",
            trashed="show_trashed",
            fidelity=STATE,
        ),
        Get(f"GET {API}/{{id}}", fidelity=STATE),
        Change(f"PATCH {API}/{{id}}", "dashboards.Dashboard", fidelity=STATE),
        Delete(f"DELETE {API}/{{id}}", fidelity=STATE, note="moves it to the trash"),
        Own(
            f"POST {API}/{{id}}/published",
            f"{SDK}.publish",
            level=EDIT,
            fidelity=STATE,
            do=publish,
        ),
        Own(f"GET {API}/{{id}}/published", level=READ, fidelity=STATE, do=published),
        Own(f"DELETE {API}/{{id}}/published", level=EDIT, fidelity=STATE, do=unpublish),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([DASHBOARD])


def follow_tree(workspace: Workspace) -> None:
    """Move to the trash each dashboard whose file is deleted from the workspace tree."""

    def deleted(item: WorkspaceObject) -> None:
        records = Records(workspace, DASHBOARD)
        body = records.find(item.resource_id) if item.resource_id else None
        if item.object_type is ObjectType.DASHBOARD and body is not None:
            records.put({**body, **(DASHBOARD.trash or {})})

    workspace.objects.on_deletion.append(deleted)
