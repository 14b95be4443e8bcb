"""Routes of permissions."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.permissions.service import kind_named


def _require(call: Call, *, manage: bool) -> None:
    kind = kind_named(call.path["kind"])
    call.workspace.access.require_object(call.caller, kind, call.path["id"], manage=manage)


def get(call: Call) -> dict[str, Any]:
    """Return an access control list."""
    _require(call, manage=False)
    return call.workspace.permissions.describe(call.path["kind"], call.path["id"])


def put(call: Call) -> dict[str, Any]:
    """Replace an access control list."""
    _require(call, manage=True)
    entries = call.body.get("access_control_list") or []
    call.workspace.permissions.replace(call.path["kind"], call.path["id"], entries)
    return get(call)


def patch(call: Call) -> dict[str, Any]:
    """Change some entries of an access control list."""
    _require(call, manage=True)
    entries = call.body.get("access_control_list") or []
    call.workspace.permissions.change(call.path["kind"], call.path["id"], entries)
    return get(call)


def levels(call: Call) -> dict[str, Any]:
    """Return the levels that an object's kind has."""
    kind = kind_named(call.path["kind"])
    return {
        "permission_levels": [
            {"permission_level": level, "description": description}
            for level, description in kind.levels.items()
        ]
    }


PATH = "/api/2.0/permissions/{kind}/{id}"
PROOF = "databricks bundle deploy"
ROUTES = [
    Route("GET", f"{PATH}/permissionLevels", levels, proved_by="databricks permissions"),
    Route("GET", PATH, get, proved_by=PROOF),
    *(
        Route(
            method,
            PATH,
            handler,
            sdk=f"iam.PermissionsAPI.{name}",
            proved_by=PROOF,
        )
        for method, handler, name in (("PUT", put, "set"), ("PATCH", patch, "update"))
    ),
]
