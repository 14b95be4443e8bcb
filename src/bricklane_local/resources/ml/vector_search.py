"""Vector search endpoints and indexes. They come online, and find nothing.

Source: https://docs.databricks.com/api/workspace/vectorsearchendpoints and …/vectorsearchindexes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Fidelity
from bricklane_local.permissions.levels import MANAGE, USE
from bricklane_local.resources.kind import (
    EVERYBODY,
    MAKER,
    Act,
    Body,
    Guard,
    Kind,
    named_by,
    uuid_key,
)
from bricklane_local.resources.operations import Create, Delete, Get, List, Own, routes
from bricklane_local.resources.records import Records
from bricklane_local.resources.states import Machine, Move

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

PROVISIONING, ONLINE = "PROVISIONING", "ONLINE"
ENDPOINTS = Machine("vector search endpoint", actions={}, moves={PROVISIONING: Move(ONLINE)})
STATE = Fidelity.STATE_ONLY
SPECS = {"DELTA_SYNC": "delta_sync_index_spec", "DIRECT_ACCESS": "direct_access_index_spec"}


def _made(act: Act, _body: Body) -> Body:
    return {
        **ENDPOINTS.begin(PROVISIONING, act.time),
        "creator": act.caller.user_name,
        "creation_timestamp": act.time,
    }


def _changed(act: Act, body: Body) -> Body:
    changed: Body = {"last_updated_timestamp": act.time, "last_updated_user": act.caller.user_name}
    if body.get("target_qps") is not None:
        changed["scaling_info"] = {"requested_target_qps": body["target_qps"]}
    return changed


def _shown(workspace: Workspace, body: Body) -> Body:
    state, _since = ENDPOINTS.now(body, workspace.cloud.clock.now())
    return {
        **{name: value for name, value in body.items() if name != "target_qps"},
        "endpoint_status": {"state": state, "message": ""},
        "effective_budget_policy_id": body.get("budget_policy_id"),
        "num_indexes": workspace.space.count(f"{INDEX_DOCUMENT}.endpoint/{body['name']}"),
    }


def _removed(act: Act, body: Body) -> Any:
    left = act.workspace.space.select(f"{INDEX_DOCUMENT}.endpoint/{body['name']}", limit=1)
    if left:
        raise ApiError(
            "INVALID_STATE",
            f"The vector search endpoint {body['name']} has indexes, such as {left[0].key}: delete "
            "them first",
        )


def _set(*fields: str) -> Any:
    def set_fields(call: Call, records: Records, body: Body) -> Body:
        sent = {name: call.body[name] for name in fields if name in call.body}
        changed = records.save(body, {**body, **sent}, call.caller)
        return records.show(changed)

    return set_fields


API, SDK = "/api/2.0/vector-search/endpoints", "vectorsearch.VectorSearchEndpointsAPI"
ENDPOINT = Kind(
    name="vector search endpoint",
    document="vector_search_endpoint",
    key="id",
    new_key=uuid_key,
    guard=Guard("vector-search-endpoints", EVERYBODY, USE),
    required=("name", "endpoint_type"),
    unique=("name",),
    outputs=("creation_timestamp", "creator", "endpoint_status", "num_indexes"),
    made=_made,
    changed=_changed,
    shown=_shown,
    removed=_removed,
    operations=(
        Create(f"POST {API}", f"{SDK}.create_endpoint", fidelity=STATE, note="finds nothing"),
        List(f"GET {API}", items="endpoints", size="page_size", fidelity=STATE),
        Get(f"GET {API}/{{name}}", by="name", fidelity=STATE),
        *(
            Own(
                f"PATCH {API}/{{name}}{end}",
                f"{SDK}.{sdk}",
                by="name",
                level=MANAGE,
                fidelity=STATE,
                do=_set(field),
            )
            for end, sdk, field in (
                ("", "patch_endpoint", "target_qps"),
                ("/budget-policy", "update_endpoint_budget_policy", "budget_policy_id"),
                ("/tags", "update_endpoint_custom_tags", "custom_tags"),
            )
        ),
        Delete(f"DELETE {API}/{{name}}", by="name", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)
INDEX_DOCUMENT = "vector_search_index"


def _index_made(act: Act, body: Body) -> Body:
    endpoint = Records(act.workspace, ENDPOINT).wanted(
        str(body["endpoint_name"]), act.caller, USE, "name"
    )
    index = f"{INDEX_DOCUMENT}.endpoint/{body['endpoint_name']}"
    act.workspace.space.put(index, str(body["name"]), {})
    return {"creator": act.caller.user_name, "endpoint_id": endpoint["id"]}


def _index_check(_act: Act, body: Body, _old: Body | None) -> None:
    if str(body["name"]).count(".") != 2:
        raise invalid(f"name must be catalog.schema.index, got {body['name']!r}")
    spec = SPECS.get(str(body["index_type"]))
    if spec is None or not body.get(spec):
        raise invalid(f"An index of the type {body['index_type']} needs {spec or 'another type'}")


def _index_shown(_workspace: Workspace, body: Body) -> Body:
    return {**body, "status": {"ready": True, "indexed_row_count": 0, "message": "Nothing is kept"}}


def _index_removed(act: Act, body: Body) -> None:
    index = f"{INDEX_DOCUMENT}.endpoint/{body['endpoint_name']}"
    act.workspace.space.delete(index, str(body["name"]))


def _of_endpoint(call: Call) -> Callable[[Body], bool]:
    wanted = call.text("endpoint_name")
    return lambda body: bool(body["endpoint_name"] == wanted)


INDEXES, INDEX_SDK = "/api/2.0/vector-search/indexes", "vectorsearch.VectorSearchIndexesAPI"
INDEX = Kind(
    name="vector search index",
    document=INDEX_DOCUMENT,
    key="name",
    new_key=named_by("name"),
    guard=Guard("", EVERYBODY, EVERYBODY, MAKER, MAKER),
    required=("name", "endpoint_name", "primary_key", "index_type"),
    outputs=("creator", "endpoint_id", "status"),
    made=_index_made,
    check=_index_check,
    shown=_index_shown,
    removed=_index_removed,
    brief=("delta_sync_index_spec", "direct_access_index_spec", "status"),
    operations=(
        Create(f"POST {INDEXES}", f"{INDEX_SDK}.create_index", fidelity=STATE, note="stays empty"),
        List(
            f"GET {INDEXES}",
            items="vector_indexes",
            size="page_size",
            where=_of_endpoint,
            fidelity=STATE,
        ),
        Get(f"GET {INDEXES}/{{name}}", fidelity=STATE),
        Delete(f"DELETE {INDEXES}/{{name}}", fidelity=STATE),
    ),
    proved_by="databricks bundle deploy",
)
ROUTES = routes([ENDPOINT, INDEX])
