"""Models of the workspace's registry; those of Unity Catalog are elsewhere. No versions are kept.

Source: https://docs.databricks.com/api/workspace/modelregistry.
"""

from __future__ import annotations

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.kinds import KINDS
from bricklane_local.permissions.levels import EDIT, MANAGE, READ
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, hexadecimal
from bricklane_local.resources.ml.tags import with_tag, without_tags
from bricklane_local.resources.operations import Change, Create, Delete, Get, List, Own, routes
from bricklane_local.resources.records import Records


def _made(act: Act, _body: Body) -> Body:
    return {"creation_timestamp": act.time, "user_id": act.caller.user_name}


def _changed(act: Act, _body: Body) -> Body:
    return {"last_updated_timestamp": act.time}


def get_with_id(call: Call, records: Records, body: Body) -> Body:
    """Return a model with its id and what the caller may do with it."""
    kind = KINDS["registered-models"]
    level = call.workspace.access.level(call.caller, kind, str(body["id"]))
    return {"registered_model_databricks": {**records.show(body), "permission_level": level}}


def rename(call: Call, records: Records, body: Body) -> Body:
    """Give a model another name."""
    renamed = records.save(body, {**body, "name": call.text("new_name")}, call.caller)
    return {"registered_model": records.show(renamed)}


def set_tag(call: Call, records: Records, body: Body) -> None:
    """Set a tag of a model."""
    tags = with_tag(body.get("tags"), call.text("key"), str(call.body.get("value") or ""))
    records.save(body, {**body, "tags": tags}, call.caller)


def delete_tag(call: Call, records: Records, body: Body) -> None:
    """Remove a tag of a model."""
    tags = without_tags(body.get("tags"), [call.text("key")])
    records.save(body, {**body, "tags": tags}, call.caller)


def _refuse_filter(call: Call) -> None:
    if call.query.get("filter") or call.query.get("order_by"):
        raise ApiError("NOT_IMPLEMENTED", "The local workspace does not filter registered models")


API, SDK = "/api/2.0/mlflow/registered-models", "ml.ModelRegistryAPI"
STATE = Fidelity.STATE_ONLY
MODEL = Kind(
    name="registered model",
    document="registered_model",
    key="id",
    new_key=hexadecimal(32),
    guard=Guard("registered-models", EVERYBODY, READ, EDIT),
    required=("name",),
    unique=("name",),
    outputs=("creation_timestamp", "last_updated_timestamp", "latest_versions", "user_id"),
    made=_made,
    changed=_changed,
    shown_in="registered_model",
    operations=(
        Create(
            f"POST {API}/create",
            f"{SDK}.create_model",
            fidelity=STATE,
            note="no versions can be added",
        ),
        Get(f"GET {API}/get", by="name", fidelity=STATE),
        Own(
            "GET /api/2.0/mlflow/databricks/registered-models/get",
            by="name",
            level=READ,
            fidelity=STATE,
            do=get_with_id,
        ),
        *(
            List(
                f"GET {API}/{name}",
                items="registered_models",
                size="max_results",
                where=_refuse_filter,
                fidelity=STATE,
            )
            for name in ("list", "search")
        ),
        Change(f"PATCH {API}/update", f"{SDK}.update_model", by="name", fidelity=STATE),
        Delete(f"DELETE {API}/delete", by="name", fidelity=STATE),
        *(
            Own(
                f"{method} {API}/{name}",
                sdk and f"{SDK}.{sdk}",
                by="name",
                level=level,
                fidelity=STATE,
                do=do,
            )
            for method, name, sdk, level, do in (
                ("POST", "rename", "rename_model", MANAGE, rename),
                ("POST", "set-tag", "set_model_tag", EDIT, set_tag),
                ("DELETE", "delete-tag", None, EDIT, delete_tag),
            )
        ),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([MODEL])
