"""Routes of workspace bindings.

Source: https://docs.databricks.com/api/workspace/workspacebindings.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.catalog import bindings
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.kinds import CATALOG
from bricklane_local.catalog.pages import page


def get_bindings(call: Call) -> dict[str, Any]:
    """Return which workspaces a securable is bound to, and how."""
    kind = bindings.bindable(call.path["kind"])
    found = bindings.listed(call.cloud.metastore, kind, call.path["name"], caller_of(call))
    return page(call, "bindings", found)


def change_bindings(call: Call) -> dict[str, Any]:
    """Bind a securable to workspaces, and unbind it."""
    found = bindings.change(
        call.cloud.metastore,
        bindings.bindable(call.path["kind"]),
        call.path["name"],
        caller_of(call),
        add=call.body.get("add") or [],
        remove=call.body.get("remove") or [],
    )
    return {"bindings": found}


def get_catalog_bindings(call: Call) -> dict[str, Any]:
    """Return the ids of the workspaces that a catalog is bound to."""
    found = bindings.listed(call.cloud.metastore, CATALOG, call.path["name"], caller_of(call))
    return {"workspaces": [binding["workspace_id"] for binding in found]}


def change_catalog_bindings(call: Call) -> dict[str, Any]:
    """Bind a catalog to workspaces by their ids, and unbind it."""
    add, remove = (
        [{"workspace_id": workspace} for workspace in call.body.get(field) or ()]
        for field in ("assign_workspaces", "unassign_workspaces")
    )
    name = call.path["name"]
    found = bindings.change(
        call.cloud.metastore, CATALOG, name, caller_of(call), add=add, remove=remove
    )
    return {"workspaces": [binding["workspace_id"] for binding in found]}


OLDER = f"{UNITY}/workspace-bindings/catalogs/{{name}}"
NEWER = f"{UNITY}/bindings/{{kind}}/{{name}}"
API = "catalog.WorkspaceBindingsAPI"
ROUTES = [
    Route("GET", NEWER, get_bindings, proved_by="databricks workspace-bindings get-bindings"),
    Route(
        "PATCH",
        NEWER,
        change_bindings,
        sdk=f"{API}.update_bindings",
        proved_by="databricks workspace-bindings update-bindings",
    ),
    Route("GET", OLDER, get_catalog_bindings, proved_by="databricks workspace-bindings get"),
    Route(
        "PATCH",
        OLDER,
        change_catalog_bindings,
        sdk=f"{API}.update",
        proved_by="databricks workspace-bindings update",
    ),
]
