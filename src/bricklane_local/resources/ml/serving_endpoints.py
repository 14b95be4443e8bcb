"""Model serving endpoints. They become ready, and nothing answers a query.

Source: https://docs.databricks.com/api/workspace/servingendpoints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.kinds import KINDS
from bricklane_local.permissions.levels import MANAGE, VIEW
from bricklane_local.resources.kind import EVERYBODY, Act, Body, Guard, Kind, hexadecimal
from bricklane_local.resources.ml.tags import without_tags
from bricklane_local.resources.operations import Create, Delete, List, Own, routes
from bricklane_local.resources.records import Records
from bricklane_local.resources.states import Machine, Move

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

CREATING, READY, UPDATING = "CREATING", "READY", "UPDATING"
ENDPOINTS = Machine(
    "serving endpoint",
    actions={"update": {READY: UPDATING}},
    moves={CREATING: Move(READY), UPDATING: Move(READY)},
)
# State → whether it serves, whether its configuration is being changed.
SHAPES = {
    CREATING: {"ready": "NOT_READY", "config_update": "IN_PROGRESS"},
    UPDATING: {"ready": "READY", "config_update": "IN_PROGRESS"},
    READY: {"ready": "READY", "config_update": "NOT_UPDATING"},
}
ENTITIES, MODELS, TRAFFIC = "served_entities", "served_models", "traffic_config"
# Fields by which one entity is also shown as a model of the older shape.
AS_MODEL = {"model_name": "entity_name", "model_version": "entity_version"}
PLAINTEXT = "_plaintext"


def _entity(sent: Body) -> Body:
    """Return a served entity with what a client may leave out."""
    renamed = {AS_MODEL.get(name, name): value for name, value in sent.items()}
    name = renamed.get("name")
    if not name:
        external = renamed.get("external_model") or {}
        parts = (renamed.get("entity_name") or external.get("name"), renamed.get("entity_version"))
        name = "-".join(str(part).replace(".", "-") for part in parts if part)
    if "external_model" in renamed:
        return {**renamed, "name": name}
    return {"workload_type": "CPU", "scale_to_zero_enabled": False, **renamed, "name": name}


def _configured(sent: Body, version: int) -> Body:
    """Return the configuration of an endpoint.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE when its routes do not fit its entities.
    """
    if sent.get(ENTITIES) and sent.get(MODELS):
        raise invalid(f"config has {ENTITIES} or {MODELS}, not both")
    entities = [_entity(item) for item in sent.get(ENTITIES) or sent.get(MODELS) or []]
    names = [entity["name"] for entity in entities]
    for name in names:
        if names.count(name) > 1:
            raise invalid(f"The names of {ENTITIES} must be unique; {name} is not")
    routes_sent = (sent.get(TRAFFIC) or {}).get("routes") or [
        {"served_model_name": name, "traffic_percentage": 100 if len(names) == 1 else 0}
        for name in names[:1]
    ]
    for route in routes_sent:
        wanted = route.get("served_entity_name") or route.get("served_model_name")
        if wanted not in names:
            raise invalid(f"A route of {TRAFFIC} names {wanted}; there are {', '.join(names)}")
    config = {name: value for name, value in sent.items() if name not in (MODELS, "name")}
    config |= {ENTITIES: entities, "config_version": version}
    return config | ({TRAFFIC: {"routes": routes_sent}} if routes_sent else {})


def _made(act: Act, body: Body) -> Body:
    made = {
        **ENDPOINTS.begin(CREATING if body.get("config") else READY, act.time),
        "creation_timestamp": act.time,
        "creator": act.caller.user_name,
    }
    return made | ({"config": _configured(body["config"], 1)} if body.get("config") else {})


def _changed(act: Act, _body: Body) -> Body:
    return {"last_updated_timestamp": act.time}


def _without_secrets(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    if isinstance(value, dict):
        return {
            name: _without_secrets(item)
            for name, item in value.items()
            if not name.endswith(PLAINTEXT)
        }
    return value


def _shown(workspace: Workspace, body: Body) -> Body:
    state, since = ENDPOINTS.now(body, workspace.cloud.clock.now())
    shown = {**body, "state": SHAPES[state]}
    if not body.get("config"):
        return shown
    config = _without_secrets(body["config"])
    deployed = "DEPLOYMENT_READY" if state == READY else "DEPLOYMENT_CREATING"
    entities = [
        {
            **entity,
            "creator": body["creator"],
            "creation_timestamp": since,
            "state": {"deployment": deployed, "deployment_state_message": ""},
        }
        for entity in config[ENTITIES]
    ]
    shown["config"] = {**config, ENTITIES: entities}
    models = [_as_model(entity) for entity in entities if "external_model" not in entity]
    if models:
        shown["config"][MODELS] = models
    return shown


def _as_model(entity: Body) -> Body:
    older = {new: old for old, new in AS_MODEL.items()}
    return {older.get(name, name): value for name, value in entity.items()}


def get(call: Call, records: Records, body: Body) -> Body:
    """Return an endpoint, with what the caller may do with it."""
    kind = KINDS["serving-endpoints"]
    level = call.workspace.access.level(call.caller, kind, str(body["id"]))
    return {**records.show(body), "permission_level": level}


def configure(call: Call, records: Records, body: Body) -> Body:
    """Replace the configuration of an endpoint; one change at a time."""
    try:
        moved = ENDPOINTS.act("update", body, call.cloud.clock.now())
    except ApiError as error:
        raise ApiError("RESOURCE_CONFLICT", error.message) from None
    version = int((body.get("config") or {}).get("config_version") or 0) + 1
    config = _configured(call.body, version)
    changed = records.save(body, {**body, **moved, "config": config}, call.caller)
    return records.show(changed)


def tag(call: Call, records: Records, body: Body) -> Body:
    """Add and remove tags of an endpoint."""
    added = call.body.get("add_tags") or []
    gone = [*(item["key"] for item in added), *(call.body.get("delete_tags") or [])]
    tags = [*without_tags(body.get("tags"), gone), *added]
    records.save(body, {**body, "tags": tags}, call.caller)
    return {"tags": tags}


def _setting(field: str, *, whole: bool) -> Any:
    """Return what sets one field of an endpoint.

    Args:
        field: its name.
        whole: the body is its value; else has it.
    """

    def set_field(call: Call, records: Records, body: Body) -> Body:
        value = call.body if whole else call.body.get(field)
        records.save(body, {**body, field: value}, call.caller)
        return dict(value or {}) if whole else {field: value}

    return set_field


API, SDK = "/api/2.0/serving-endpoints", "serving.ServingEndpointsAPI"
STATE = Fidelity.STATE_ONLY
# Method, end of the path, method of the SDK, what does it.
SETTINGS = (
    ("PUT", "config", "update_config", configure),
    ("PATCH", "tags", "patch", tag),
    ("PUT", "rate-limits", "put", _setting("rate_limits", whole=False)),
    ("PUT", "ai-gateway", "put_ai_gateway", _setting("ai_gateway", whole=True)),
    (
        "PATCH",
        "notifications",
        "update_notifications",
        _setting("email_notifications", whole=False),
    ),
    (
        "PATCH",
        "telemetry-config",
        "patch_telemetry_config",
        _setting("telemetry_config", whole=False),
    ),
)
ENDPOINT = Kind(
    name="serving endpoint",
    document="serving_endpoint",
    key="id",
    new_key=hexadecimal(32),
    guard=Guard("serving-endpoints", EVERYBODY, VIEW),
    required=("name",),
    unique=("name",),
    defaults={"route_optimized": False},
    outputs=("creation_timestamp", "creator", "last_updated_timestamp", "state"),
    made=_made,
    changed=_changed,
    shown=_shown,
    taken="RESOURCE_ALREADY_EXISTS",
    missing_text="Endpoint with {field} '{value}' does not exist.",
    operations=(
        Create(f"POST {API}", f"{SDK}.create", fidelity=STATE, note="nothing answers a query"),
        List(f"GET {API}", items="endpoints", fidelity=STATE),
        Own(f"GET {API}/{{name}}", by="name", fidelity=STATE, do=get),
        *(
            Own(
                f"{method} {API}/{{name}}/{end}",
                f"{SDK}.{sdk}",
                by="name",
                level=MANAGE,
                fidelity=STATE,
                do=do,
            )
            for method, end, sdk, do in SETTINGS
        ),
        Delete(f"DELETE {API}/{{name}}", by="name", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([ENDPOINT])
