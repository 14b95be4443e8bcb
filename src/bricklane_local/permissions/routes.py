"""Routes of permissions."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.permissions.service import kind_named

PREFIX, SQL = "/api/2.0/permissions", "sql"


def _name(call: Call) -> str:
    """Return the name of the kind, which has two parts for objects of Databricks SQL."""
    kind = call.path["kind"]
    in_sql = call.request.scope["path"].startswith(f"{PREFIX}/{SQL}/")
    return f"{SQL}/{kind}" if in_sql else kind


def _require(call: Call, *, manage: bool) -> None:
    kind = kind_named(_name(call))
    call.workspace.access.require_object(call.caller, kind, call.path["id"], manage=manage)


def get(call: Call) -> dict[str, Any]:
    """Return an access control list."""
    _require(call, manage=False)
    return call.workspace.permissions.describe(_name(call), call.path["id"])


def put(call: Call) -> dict[str, Any]:
    """Replace an access control list."""
    _require(call, manage=True)
    entries = call.body.get("access_control_list") or []
    call.workspace.permissions.replace(_name(call), call.path["id"], entries)
    return call.workspace.permissions.describe(_name(call), call.path["id"])


def patch(call: Call) -> dict[str, Any]:
    """Change some entries of an access control list."""
    _require(call, manage=True)
    entries = call.body.get("access_control_list") or []
    call.workspace.permissions.change(_name(call), call.path["id"], entries)
    return call.workspace.permissions.describe(_name(call), call.path["id"])


def levels(call: Call) -> dict[str, Any]:
    """Return the levels that an object's kind has."""
    kind = kind_named(_name(call))
    return {
        "permission_levels": [
            {"permission_level": level, "description": description}
            for level, description in kind.levels.items()
        ]
    }


PROOF = "databricks bundle deploy"
ROUTES = [
    route
    for path in (f"{PREFIX}/{SQL}/{{kind}}/{{id}}", f"{PREFIX}/{{kind}}/{{id}}")
    for route in (
        Route("GET", f"{path}/permissionLevels", levels, proved_by="databricks permissions"),
        Route("GET", path, get, proved_by=PROOF),
        *(
            Route(
                method,
                path,
                handler,
                sdk=f"iam.PermissionsAPI.{name}",
                proved_by=PROOF,
            )
            for method, handler, name in (("PUT", put, "set"), ("PATCH", patch, "update"))
        ),
    )
]
