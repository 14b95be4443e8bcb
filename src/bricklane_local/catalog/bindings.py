"""Which workspaces a catalog, location or credential is kept to.

Source: https://docs.databricks.com/api/workspace/workspacebindings.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.errors import ApiError, invalid
from bricklane_local.catalog.access import denied
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import BINDABLE, CATALOG, Kind
from bricklane_local.catalog.metastore import Metastore
from bricklane_local.catalog.metastores.assignments import Assignments
from bricklane_local.catalog.privileges import MANAGE
from bricklane_local.catalog.securables import BINDINGS, ISOLATED, READ_ONLY, READ_WRITE

TYPES = (READ_WRITE, READ_ONLY)


def bindable(name: str) -> Kind:
    """Return the kind that a path of bindings names.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for kinds that are not kept to workspaces.
    """
    kind = BINDABLE.get(name.lower().replace("-", "_"))
    if kind is None:
        raise invalid(f"securable_type must be one of {', '.join(sorted(BINDABLE))}; got {name!r}")
    return kind


def bound_to_maker(isolation_mode: str | None, caller: Caller) -> dict[str, Any]:
    """Return what is stored of a new securable's isolation.

    One that is isolated from the start is bound to the workspace where it was made.
    """
    if isolation_mode not in ISOLATED:
        return {"isolation_mode": isolation_mode}
    return {
        "isolation_mode": isolation_mode,
        BINDINGS: {str(caller.workspace_id): READ_WRITE},
    }


def listed(metastore: Metastore, kind: Kind, name: str, caller: Caller) -> list[dict[str, Any]]:
    """Return the ``WorkspaceBinding`` of each bound workspace, by id.

    Raises:
        ApiError: the kind's own code when it does not exist, PERMISSION_DENIED.
    """
    _require_management(metastore, kind, name, caller)
    bindings = metastore.body(kind, name.lower()).get(BINDINGS) or {}
    return [
        {"workspace_id": int(workspace), "binding_type": bindings[workspace]}
        for workspace in sorted(bindings, key=int)
    ]


def change(
    metastore: Metastore,
    kind: Kind,
    name: str,
    caller: Caller,
    *,
    add: list[dict[str, Any]],
    remove: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    """Bind and unbind workspaces; return the bindings afterwards.

    Args:
        metastore: that the securable belongs to.
        kind: of the securable.
        name: of the securable.
        caller: who may manage it, from whichever workspace: an isolated catalog that is bound
            nowhere could not be bound otherwise.
        add: ``WorkspaceBinding`` objects; one that exists gets the given type.
        remove: as ``add``; those that do not exist are passed over.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a workspace without this metastore or a wrong type.
    """
    _require_management(metastore, kind, name, caller)
    name = name.lower()
    body = metastore.body(kind, name)
    bindings = dict(body.get(BINDINGS) or {})
    for entry in remove:
        bindings.pop(str(_workspace(entry)), None)
    for entry in add:
        workspace = _workspace(entry)
        if Assignments(metastore).find(workspace) is None:
            raise invalid(f"Workspace {workspace} does not have this metastore assigned")
        bindings[str(workspace)] = _binding_type(entry, kind)
    body |= {
        BINDINGS: bindings,
        "updated_at": metastore.clock.now(),
        "updated_by": caller.user_name,
    }
    metastore.space.update(kind.name, name, body)
    return listed(metastore, kind, name, caller)


def _require_management(metastore: Metastore, kind: Kind, name: str, caller: Caller) -> None:
    standing = metastore.standing(caller, kind, name)
    if not standing.manages():
        raise denied(MANAGE, standing.securable)


def _workspace(entry: dict[str, Any]) -> int:
    try:
        return int(entry["workspace_id"])
    except (KeyError, TypeError, ValueError):
        raise invalid("A binding must have a workspace_id, a whole number") from None


def _binding_type(entry: dict[str, Any], kind: Kind) -> str:
    binding_type = str(entry.get("binding_type") or READ_WRITE)
    if binding_type not in TYPES:
        raise invalid(f"binding_type must be one of {', '.join(TYPES)}; got {binding_type!r}")
    if binding_type == READ_ONLY and kind is not CATALOG:
        # https://github.com/databricks/terraform-provider-databricks/pull/5611
        raise ApiError(
            "INVALID_PARAMETER_VALUE", f"{READ_ONLY} applies to catalogs only, not to {kind.noun}s"
        )
    return binding_type
