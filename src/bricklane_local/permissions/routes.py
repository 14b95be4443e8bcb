"""Routes of permissions."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Fidelity, Route
from bricklane_local.permissions.service import kind_named

NOTE = "kept and answered; not enforced yet"


def get(call: Call) -> dict[str, Any]:
    """Return an access control list."""
    return call.workspace.permissions.describe(call.path["kind"], call.path["id"])


def put(call: Call) -> dict[str, Any]:
    """Replace an access control list."""
    entries = call.body.get("access_control_list") or []
    call.workspace.permissions.replace(call.path["kind"], call.path["id"], entries)
    return get(call)


def patch(call: Call) -> dict[str, Any]:
    """Change some entries of an access control list."""
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
    Route("GET", PATH, get, fidelity=Fidelity.STATE_ONLY, proved_by=PROOF, note=NOTE),
    *(
        Route(
            method,
            PATH,
            handler,
            sdk=f"iam.PermissionsAPI.{name}",
            fidelity=Fidelity.STATE_ONLY,
            proved_by=PROOF,
            note=NOTE,
        )
        for method, handler, name in (("PUT", put, "set"), ("PATCH", patch, "update"))
    ),
]
