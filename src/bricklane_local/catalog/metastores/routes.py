"""Routes of a workspace about the metastore itself.

Source: https://docs.databricks.com/api/workspace/metastores.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.catalog.access import refused
from bricklane_local.catalog.calls import UNITY, caller_of, whole_number
from bricklane_local.catalog.metastores import allowlists, systemschemas
from bricklane_local.catalog.metastores.service import Metastores
from bricklane_local.catalog.pages import page


def _metastores(call: Call) -> Metastores:
    return Metastores(call.cloud.metastore)


def _require_administrator(call: Call) -> None:
    """Refuse who administers neither the metastore nor this workspace."""
    owners = {found["owner"] for found in _metastores(call).list()}
    if not call.caller.is_admin and not owners.intersection(
        (call.caller.user_name, *call.caller.groups)
    ):
        raise refused("User is not a metastore admin.")


def current(call: Call) -> dict[str, Any]:
    """Return which metastore the workspace has."""
    return _metastores(call).assignments.get(call.workspace.id)


def summary(call: Call) -> dict[str, Any]:
    """Describe the workspace's metastore."""
    service = _metastores(call)
    return service.get(service.assignments.get(call.workspace.id)["metastore_id"])


def list_all(call: Call) -> dict[str, Any]:
    """List the metastores of the account."""
    _require_administrator(call)
    return page(call, "metastores", _metastores(call).list())


def get(call: Call) -> dict[str, Any]:
    """Return one metastore."""
    _require_administrator(call)
    return _metastores(call).get(call.path["id"])


def create(call: Call) -> dict[str, Any]:
    """Make a metastore; a cloud has one at most."""
    _require_administrator(call)
    return _metastores(call).create(call.body, call.caller.user_name)


def update(call: Call) -> dict[str, Any]:
    """Change the metastore."""
    _require_administrator(call)
    return _metastores(call).update(call.path["id"], call.body, call.caller.user_name)


def delete(call: Call) -> None:
    """Delete the metastore."""
    _require_administrator(call)
    _metastores(call).delete(call.path["id"], force=call.flag("force"))


def _workspace(call: Call) -> int:
    workspace_id = whole_number(call.path["workspace_id"], "workspace_id")
    if workspace_id not in {found.id for found in call.cloud.workspaces.values()}:
        raise ApiError("RESOURCE_DOES_NOT_EXIST", f"Workspace {workspace_id} does not exist.")
    return workspace_id


def assign(call: Call) -> None:
    """Assign the metastore to a workspace."""
    _require_administrator(call)
    catalog = call.body.get("default_catalog_name")
    _metastores(call).assignments.assign(_workspace(call), call.text("metastore_id"), catalog)


def update_assignment(call: Call) -> None:
    """Change the metastore of a workspace, or its default catalog."""
    _require_administrator(call)
    assignments, workspace_id = _metastores(call).assignments, _workspace(call)
    present = assignments.get(workspace_id)
    metastore_id = call.body.get("metastore_id") or present["metastore_id"]
    assignments.assign(workspace_id, metastore_id, call.body.get("default_catalog_name"))


def unassign(call: Call) -> None:
    """Take the metastore from a workspace."""
    _require_administrator(call)
    _metastores(call).assignments.unassign(_workspace(call), call.text("metastore_id"))


def list_system_schemas(call: Call) -> dict[str, Any]:
    """List the system schemas, and whether each is enabled."""
    caller_of(call)
    _metastores(call).get(call.path["id"])
    return page(call, "schemas", systemschemas.states(call.cloud.metastore))


def enable_system_schema(call: Call) -> None:
    """Switch a system schema on."""
    _switch(call, systemschemas.enable)


def disable_system_schema(call: Call) -> None:
    """Switch a system schema off."""
    _switch(call, systemschemas.disable)


def _switch(call: Call, change: Any) -> None:
    _require_administrator(call)
    _metastores(call).get(call.path["id"])
    change(call.cloud.metastore, call.path["schema"])


def get_allowlist(call: Call) -> dict[str, Any]:
    """Return the allowlist of a type of artifacts."""
    return allowlists.get(call.cloud.metastore, call.path["type"], caller_of(call))


def put_allowlist(call: Call) -> dict[str, Any]:
    """Replace the allowlist of a type of artifacts."""
    matchers = call.body.get("artifact_matchers")
    if not isinstance(matchers, list):
        raise invalid("Missing required field: artifact_matchers")
    return allowlists.put(call.cloud.metastore, call.path["type"], matchers, caller_of(call))


def _state(method: str, path: str, handler: Any, proof: str, sdk: str | None = None) -> Route:
    return Route(
        method,
        path,
        handler,
        sdk=sdk,
        fidelity=Fidelity.STATE_ONLY,
        proved_by=f"databricks {proof}",
    )


METASTORES = f"{UNITY}/metastores"
ONE, ASSIGNMENT = f"{METASTORES}/{{id}}", f"{UNITY}/workspaces/{{workspace_id}}/metastore"
SYSTEM, ALLOWLIST = f"{ONE}/systemschemas", f"{UNITY}/artifact-allowlists/{{type}}"
API = "catalog.MetastoresAPI"
ROUTES = [
    *(
        Route(method, path, handler, sdk=sdk, proved_by=f"databricks metastores {proof}")
        for method, path, handler, sdk, proof in (
            ("GET", f"{UNITY}/current-metastore-assignment", current, None, "current"),
            ("GET", f"{UNITY}/metastore_summary", summary, None, "summary"),
            ("GET", METASTORES, list_all, None, "list"),
            ("POST", METASTORES, create, f"{API}.create", "create"),
            ("GET", ONE, get, None, "get"),
            ("PATCH", ONE, update, f"{API}.update", "update"),
            ("DELETE", ONE, delete, None, "delete"),
            ("PUT", ASSIGNMENT, assign, f"{API}.assign", "assign"),
            (
                "PATCH",
                ASSIGNMENT,
                update_assignment,
                f"{API}.update_assignment",
                "update-assignment",
            ),
            ("DELETE", ASSIGNMENT, unassign, None, "unassign"),
        )
    ),
    _state("GET", SYSTEM, list_system_schemas, "system-schemas list"),
    _state("PUT", f"{SYSTEM}/{{schema}}", enable_system_schema, "system-schemas enable"),
    _state("DELETE", f"{SYSTEM}/{{schema}}", disable_system_schema, "system-schemas disable"),
    _state("GET", ALLOWLIST, get_allowlist, "artifact-allowlists get"),
    _state(
        "PUT",
        ALLOWLIST,
        put_allowlist,
        "artifact-allowlists update",
        "catalog.ArtifactAllowlistsAPI.update",
    ),
]
