"""MLflow experiments as a workspace keeps them; their runs are not implemented.

Source: https://docs.databricks.com/api/workspace/experiments. An experiment's name is its path in
the workspace tree, whose folders decide who sees it.
"""

from __future__ import annotations

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.levels import EDIT, MANAGE, READ
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, number_from
from bricklane_local.resources.ml.tags import with_tag
from bricklane_local.resources.operations import Create, Delete, Get, List, Own, routes
from bricklane_local.resources.records import Records
from bricklane_local.workspace.paths import normal, parent_of

TRASH: Body = {"lifecycle_stage": "deleted"}


def _key(_act: Act, _body: Body, number: int) -> str:
    return str(number_from(1_000_000_000_000_000)(_act, _body, number))


def _folder(act: Act, body: Body) -> str:
    act.workspace.objects.ensure_home(act.caller)
    folder = parent_of(normal(str(body["name"])))
    if not act.workspace.objects.get(folder).is_folder:
        raise invalid(f"{folder}, where the experiment would be, is no folder")
    return folder


def _made(act: Act, body: Body) -> Body:
    own = f"dbfs:/databricks/mlflow-tracking/{body['experiment_id']}"
    return {
        "artifact_location": body.get("artifact_location") or own,
        "creation_time": act.time,
        "lifecycle_stage": "active",
    }


def _changed(act: Act, body: Body) -> Body:
    return {"name": normal(str(body["name"])), "last_update_time": act.time}


def rename(call: Call, records: Records, body: Body) -> None:
    """Give an experiment another name."""
    name = call.body.get("new_name")
    if name:
        act = records.act(call.caller)
        folder = _folder(act, {"name": name})
        call.workspace.access.require_path(call.caller, folder, MANAGE)
        records.save(body, {**body, "name": name, "_folder": folder}, call.caller)


def restore(call: Call, records: Records, body: Body) -> None:
    """Take an experiment out of the trash."""
    records.restore(body, {"lifecycle_stage": "active"}, call.caller)


def set_tag(call: Call, records: Records, body: Body) -> None:
    """Set a tag of an experiment."""
    tags = with_tag(body.get("tags"), call.text("key"), str(call.body.get("value") or ""))
    records.save(body, {**body, "tags": tags}, call.caller)


def get_by_name(call: Call, records: Records, _body: Body) -> Body:
    """Return the experiment with a name."""
    name = normal(call.text("experiment_name"))
    return {"experiment": records.show(records.wanted(name, call.caller, READ, "name"))}


class ByName(Own):
    """What is about an experiment that is not found by its id."""

    def found(self, _call: Call, _records: Records) -> Body:
        """Find nothing: the handler does."""
        return {}


def _refuse_filter(call: Call) -> None:
    if call.body.get("filter") or call.query.get("filter"):
        raise ApiError("NOT_IMPLEMENTED", "The local workspace does not filter experiments")


API, SDK = "/api/2.0/mlflow/experiments", "ml.ExperimentsAPI"
STATE = Fidelity.STATE_ONLY
EXPERIMENT = Kind(
    name="experiment",
    document="experiment",
    key="experiment_id",
    new_key=_key,
    guard=Guard("experiments", EVERYBODY, READ, EDIT),
    required=("name",),
    unique=("name",),
    outputs=("creation_time", "last_update_time", "lifecycle_stage"),
    folder=_folder,
    made=_made,
    changed=_changed,
    trash=TRASH,
    shown_in="experiment",
    operations=(
        Create(
            f"POST {API}/create",
            f"{SDK}.create_experiment",
            fidelity=STATE,
            key_only=True,
            note="no runs can be logged",
        ),
        Get(f"GET {API}/get", fidelity=STATE),
        ByName(f"GET {API}/get-by-name", fidelity=STATE, do=get_by_name),
        List(
            f"GET {API}/list",
            items="experiments",
            size="max_results",
            where=_refuse_filter,
            fidelity=STATE,
        ),
        List(
            f"POST {API}/search",
            f"{SDK}.search_experiments",
            items="experiments",
            size="max_results",
            where=_refuse_filter,
            fidelity=STATE,
            note="without a filter",
        ),
        Own(
            f"POST {API}/update",
            f"{SDK}.update_experiment",
            level=EDIT,
            fidelity=STATE,
            do=rename,
        ),
        Delete(f"POST {API}/delete", f"{SDK}.delete_experiment", fidelity=STATE),
        Own(
            f"POST {API}/restore",
            f"{SDK}.restore_experiment",
            level=MANAGE,
            fidelity=STATE,
            do=restore,
        ),
        Own(
            f"POST {API}/set-experiment-tag",
            f"{SDK}.set_experiment_tag",
            level=EDIT,
            fidelity=STATE,
            do=set_tag,
        ),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([EXPERIMENT])
