"""PostgreSQL projects and what is in them. No PostgreSQL runs.

Source: https://docs.databricks.com/api/workspace/postgres. Each change answers an operation that is
done already. A project comes with a branch, an endpoint, a role and a database, as the original's.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Answer, Fidelity, Route
from bricklane_local.permissions.levels import MANAGE, USE
from bricklane_local.resources.kind import EVERYBODY, MAKER, Act, Body, Guard, Kind
from bricklane_local.resources.operations import Create, Delete, Get, List, Own, routes
from bricklane_local.resources.postgres.names import (
    PREFIX,
    check_id,
    masked,
    parent_of,
    project_of,
)
from bricklane_local.resources.records import CREATED_BY, Records

if TYPE_CHECKING:
    from bricklane_local.cloud import Workspace

STATE = Fidelity.STATE_ONLY
OPERATION = "postgres_operation"
NOTE = "no PostgreSQL runs; the operation is done at once"
SDK = "postgres.PostgresAPI"
Status = Callable[["Workspace", Body], Body]


def _nothing_more(_workspace: Workspace, _body: Body) -> Body:
    return {}


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the hierarchy.

    Args:
        name: for people.
        collection: last part but one of the names, such as ``branches``.
        pattern: names, with ``{parameters}``.
        id: the parameter and the field of the status that has the last part.
        type: class of the SDK that a body is.
        defaults: values of the status where the specification has none.
        status: what else the status says.
        free: the id may have other forms than :func:`check_id` takes.
        changeable: there is a call that changes one.
    """

    name: str
    collection: str
    pattern: str
    id: str
    type: str
    defaults: Body
    status: Status = _nothing_more
    free: bool = False
    changeable: bool = True

    @property
    def document(self) -> str:
        """The kind of its documents."""
        return f"postgres_{self.id.removesuffix('_id')}"


def _host(_workspace: Workspace, body: Body) -> Body:
    host = f"{body['uid']}.database.localhost"
    return {"current_state": "ACTIVE", "hosts": {"host": host}}


def _branch_status(_workspace: Workspace, body: Body) -> Body:
    return {"current_state": "READY", "default": body.get("_default", False)}


def _owner(_workspace: Workspace, body: Body) -> Body:
    return {"owner": body[CREATED_BY]}


def _synced(_workspace: Workspace, body: Body) -> Body:
    branch = (body.get("spec") or {}).get("branch") or ""
    return {
        "detailed_state": "SYNCED_TABLE_ONLINE",
        "message": "The local workspace synchronizes no data",
        "project": parent_of(branch),
        "unity_catalog_provisioning_state": "ACTIVE",
    }


def _catalog_project(_workspace: Workspace, body: Body) -> Body:
    return {"project": parent_of((body.get("spec") or {}).get("branch") or "")}


BRANCH = "projects/{project}/branches/{branch}"
LEVELS = (
    Level(
        "database project",
        "projects",
        "projects/{project}",
        "project_id",
        "postgres.Project",
        {"pg_version": 17, "enable_pg_native_login": False},
        _owner,
    ),
    Level(
        "database branch",
        "branches",
        BRANCH,
        "branch_id",
        "postgres.Branch",
        {"is_protected": False},
        _branch_status,
    ),
    Level(
        "database endpoint",
        "endpoints",
        f"{BRANCH}/endpoints/{{endpoint}}",
        "endpoint_id",
        "postgres.Endpoint",
        {"autoscaling_limit_min_cu": 1.0, "autoscaling_limit_max_cu": 1.0, "disabled": False},
        _host,
    ),
    Level(
        "database role",
        "roles",
        f"{BRANCH}/roles/{{role}}",
        "role_id",
        "postgres.Role",
        {},
        free=True,
    ),
    Level(
        "database of a branch",
        "databases",
        f"{BRANCH}/databases/{{database}}",
        "database_id",
        "postgres.Database",
        {},
        free=True,
    ),
    Level(
        "catalog of a database",
        "catalogs",
        "catalogs/{catalog}",
        "catalog_id",
        "postgres.Catalog",
        {},
        _catalog_project,
        free=True,
        changeable=False,
    ),
    Level(
        "synced table of a database",
        "synced_tables",
        "synced_tables/{table}",
        "synced_table_id",
        "postgres.SyncedTable",
        {},
        _synced,
        free=True,
        changeable=False,
    ),
)


def _operation(call: Call, name: str, response: Body) -> Body:
    """Store and return an operation that is done.

    Args:
        call: the request that asked for it.
        name: of the resource.
        response: the resource as it is now, empty when it was deleted.
    """
    key = f"{name}/operations/{uuid.uuid4()}"
    operation = {"name": key, "done": True, "metadata": {}, "response": response}
    call.workspace.space.insert(OPERATION, key, operation, parent=name)
    return operation


def get_operation(call: Call) -> Body:
    """Return an operation."""
    name = call.request.scope["path"].removeprefix(PREFIX)
    found = call.workspace.space.get(OPERATION, name)
    if found is None:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"There is no operation {name}")
    records, project = Records(call.workspace, KINDS[LEVELS[0].document]), project_of(name)
    if project and records.find(f"projects/{project}") is not None:
        records.wanted(f"projects/{project}", call.caller, USE)
    return found


class _Create(Create):
    """Make a resource below the one that the path names."""

    def answer(self, call: Call, records: Records, kind: Kind) -> Answer:
        """Make one, and for a project what it comes with."""
        level = BY_DOCUMENT[kind.document]
        parent = parent_of(call.request.scope["path"].removeprefix(PREFIX) + "/x")
        identifier = str(call.query.get(level.id) or call.body.get(level.id) or "")
        if not identifier and level.free:
            identifier = uuid.uuid4().hex[:12]
        if not level.free:
            check_id(level.id, identifier)
        name = "/".join(part for part in (parent, level.collection, identifier) if part)
        with call.cloud.database.transaction():
            body = records.create({**call.body, "name": name}, call.caller)
            if level is LEVELS[0]:
                _furnish(call, name)
            return _operation(call, name, records.show(body))


def _furnish(call: Call, project: str) -> None:
    """Make what a new project comes with."""
    branch = f"{project}/branches/production"
    role = f"{branch}/roles/owner"
    spec = {"endpoint_type": "ENDPOINT_TYPE_READ_WRITE"}
    database = {"postgres_database": "databricks_postgres", "role": role}
    for document, name, wanted in (
        ("postgres_branch", branch, {"no_expiry": True}),
        ("postgres_endpoint", f"{branch}/endpoints/primary", spec),
        ("postgres_role", role, {"postgres_role": call.caller.user_name}),
        ("postgres_database", f"{branch}/databases/databricks-postgres", database),
    ):
        records = Records(call.workspace, KINDS[document])
        made = records.create({"name": name, "spec": wanted}, call.caller)
        if document == "postgres_branch":
            records.put({**made, "_default": True})


def change(call: Call, records: Records, body: Body) -> Body:
    """Change those fields of a resource that the mask names."""
    mask = str(call.query.get("update_mask") or call.body.get("update_mask") or "*")
    wanted = masked(body, call.body, mask)
    changed = records.save(body, {**body, "spec": wanted.get("spec") or {}}, call.caller)
    return _operation(call, str(body["name"]), records.show(changed))


class _Delete(Delete):
    """Delete a resource and all below it."""

    def answer(self, call: Call, records: Records, _kind: Kind) -> Answer:
        """Delete one."""
        body, space = self.found(call, records), call.workspace.space
        name = str(body["name"])
        with call.cloud.database.transaction():
            for kind in KINDS.values():
                for key in space.keys_under(kind.document, f"{name}/"):
                    Records(call.workspace, kind).forget({"name": key})
            records.delete(body, call.caller)
            return _operation(call, name, {})


def _shown(level: Level) -> Callable[[Workspace, Body], Body]:
    def shown(workspace: Workspace, body: Body) -> Body:
        spec, name = body.get("spec") or {}, str(body["name"])
        own = {level.id: name.rpartition("/")[2]}
        status = {**level.defaults, **spec, **own, **level.status(workspace, body)}
        return {**body, **own, "status": status}

    return shown


def _made(act: Act, body: Body) -> Body:
    parent = parent_of(str(body["name"]))
    if parent:
        document = next(row.document for row in LEVELS if _fits(row, parent))
        Records(act.workspace, KINDS[document]).wanted(parent, act.caller, MANAGE)
    made: Body = {"uid": str(uuid.uuid4()), "create_time": act.iso}
    return made | ({"parent": parent} if parent else {})


def _fits(level: Level, name: str) -> bool:
    parts, wanted = name.split("/"), level.pattern.split("/")
    return len(parts) == len(wanted) and parts[0::2] == wanted[0::2]


def _kind(level: Level) -> Kind:
    path, own = f"{PREFIX}{level.pattern}", level.pattern.startswith("projects/")
    collection = path.rpartition("/")[0]
    guard = Guard("database-projects", EVERYBODY, USE)
    operations: list[Any] = [
        _Create(f"POST {collection}", level.type, fidelity=STATE, note=NOTE),
        List(
            f"GET {collection}",
            items=level.collection,
            size="page_size",
            where=_below,
            fidelity=STATE,
        ),
        Get(f"GET {path}", fidelity=STATE, prefix=PREFIX),
        _Delete(f"DELETE {path}", fidelity=STATE, prefix=PREFIX),
    ]
    if level.changeable:
        patch = f"PATCH {path}"
        operations.append(
            Own(patch, level.type, prefix=PREFIX, level=MANAGE, fidelity=STATE, do=change)
        )
    return Kind(
        name=level.name,
        document=level.document,
        key="name",
        new_key=lambda _act, body, _number: body["name"],
        guard=guard if own else Guard("", EVERYBODY, EVERYBODY, MAKER, MAKER),
        acl_id=(lambda body: project_of(str(body["name"]))) if own else None,
        own_list=level is LEVELS[0],
        required=("name",),
        outputs=("create_time", "parent", "status", "uid", "update_time"),
        made=_made,
        changed=lambda act, _body: {"update_time": act.iso},
        shown=_shown(level),
        operations=tuple(operations),
        proved_by="databricks bundle deploy",
    )


def _below(call: Call) -> Callable[[Body], bool]:
    parent = parent_of(call.request.scope["path"].removeprefix(PREFIX) + "/x")
    return lambda body: parent_of(str(body["name"])) == parent


BY_DOCUMENT = {level.document: level for level in LEVELS}
KINDS = {level.document: _kind(level) for level in LEVELS}
ROUTES = [
    *(
        Route(
            "GET",
            f"{PREFIX}{level.pattern}/operations/{{operation}}",
            get_operation,
            fidelity=STATE,
            proved_by="databricks bundle deploy",
        )
        for level in LEVELS
    ),
    *routes(KINDS.values()),
]
