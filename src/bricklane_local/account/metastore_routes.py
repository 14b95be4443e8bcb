"""Routes of the account's metastores, and which workspaces they are assigned to.

Source: https://docs.databricks.com/api/account/metastores and
https://docs.databricks.com/api/account/metastoreassignments.
"""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from bricklane_local.account.routes import ACCOUNT, guarded
from bricklane_local.app.asgi import json_response
from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.catalog.metastores.service import Metastores


def _metastores(call: Call) -> Metastores:
    return Metastores(call.cloud.metastore)


def _workspace(call: Call) -> int:
    registry = call.cloud.registry
    return registry.id_of(registry.named(call.path["workspace"]))


def list_all(call: Call) -> Response:
    """List the metastores: the one that a local cloud has, or none."""
    return json_response({"metastores": _metastores(call).list()})


def create(call: Call) -> dict[str, Any]:
    """Make a metastore; a cloud has one at most."""
    fields = call.body.get("metastore_info") or {}
    return _shown(_metastores(call).create(fields, call.caller.user_name))


def get(call: Call) -> dict[str, Any]:
    """Return one metastore."""
    return _shown(_metastores(call).get(call.path["id"]))


def update(call: Call) -> dict[str, Any]:
    """Change a metastore."""
    fields = call.body.get("metastore_info") or {}
    return _shown(_metastores(call).update(call.path["id"], fields, call.caller.user_name))


def delete(call: Call) -> None:
    """Delete a metastore."""
    _metastores(call).delete(call.path["id"], force=call.flag("force"))


def _shown(info: dict[str, Any]) -> dict[str, Any]:
    return {"metastore_info": info}


def assigned_workspaces(call: Call) -> dict[str, Any]:
    """List the workspaces that a metastore is assigned to."""
    service = _metastores(call)
    service.get(call.path["id"])
    return {"workspace_ids": service.assignments.workspaces(call.path["id"])}


def get_assignment(call: Call) -> dict[str, Any]:
    """Return the metastore of a workspace."""
    return {"metastore_assignment": _metastores(call).assignments.get(_workspace(call))}


def assign(call: Call) -> dict[str, Any]:
    """Assign a metastore to a workspace."""
    fields = call.body.get("metastore_assignment") or {}
    assignments, workspace = _metastores(call).assignments, _workspace(call)
    assignments.assign(workspace, call.path["id"], fields.get("default_catalog_name"))
    return {}


def unassign(call: Call) -> None:
    """Take a metastore from a workspace."""
    _metastores(call).assignments.unassign(_workspace(call), call.path["id"])


def _routes() -> list[Route]:
    many = f"{ACCOUNT}/metastores"
    one = f"{many}/{{id}}"
    assignment = f"{ACCOUNT}/workspaces/{{workspace}}/metastores/{{id}}"
    sdk, proof = "catalog.AccountMetastoresAPI", "databricks_metastore"
    assignments, assigned = "catalog.AccountMetastoreAssignmentsAPI", f"{proof}_assignment"
    return [
        Route("GET", many, list_all, proved_by=proof),
        Route("POST", many, create, sdk=f"{sdk}.create", proved_by=proof),
        Route("GET", one, get, proved_by=proof),
        Route("PUT", one, update, sdk=f"{sdk}.update", proved_by=proof),
        Route("DELETE", one, delete, proved_by=proof),
        Route("GET", f"{one}/workspaces", assigned_workspaces, proved_by=assigned),
        Route(
            "GET",
            f"{ACCOUNT}/workspaces/{{workspace}}/metastore",
            get_assignment,
            proved_by=assigned,
        ),
        Route("POST", assignment, assign, sdk=f"{assignments}.create", proved_by=assigned),
        Route("PUT", assignment, assign, sdk=f"{assignments}.update", proved_by=assigned),
        Route("DELETE", assignment, unassign, proved_by=assigned),
    ]


ROUTES = [guarded(route) for route in _routes()]
