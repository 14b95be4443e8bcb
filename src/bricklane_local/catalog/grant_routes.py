"""Routes of grants.

Source: https://docs.databricks.com/api/workspace/grants.
"""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.routing import Route
from bricklane_local.catalog.access import Standing
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.kinds import FUNCTION, MODEL, kind_of
from bricklane_local.catalog.pages import page


def _standing(call: Call) -> Standing:
    metastore, kind, name = call.cloud.metastore, kind_of(call.path["kind"]), call.path["name"]
    # Models and functions are one kind to this API, and have each name only once.
    if kind is MODEL and metastore.space.get(FUNCTION.name, name.lower()) is not None:
        kind = FUNCTION
    return metastore.standing(caller_of(call), kind, name)


def _shown_to(standing: Standing, call: Call, granted: dict[str, Any]) -> list[dict[str, Any]]:
    """Return assignments: all to who manages the securable, to others those that reach them."""
    standing.require_bound(writing=False)
    wanted = call.query.get("principal")
    everybody = standing.manages()
    if not everybody:
        standing.require_seen(browse=True)
    return [
        {"principal": principal, "privileges": privileges}
        for principal, privileges in granted.items()
        if (everybody or principal in standing.caller.names)
        and (not wanted or wanted.lower() == principal.lower())
    ]


def _direct(call: Call, size: str = "max_results") -> dict[str, Any]:
    standing = _standing(call)
    granted = call.cloud.metastore.grants.direct(standing.securable)
    return page(call, "privilege_assignments", _shown_to(standing, call, granted), size)


def _effective(call: Call, field: str, size: str) -> dict[str, Any]:
    standing = _standing(call)
    chain = tuple(holding.securable for holding in standing.holdings)
    granted = call.cloud.metastore.grants.effective(chain)
    return page(call, field, _shown_to(standing, call, granted), size)


def get_grants(call: Call) -> dict[str, Any]:
    """Return the grants on a securable itself."""
    return _direct(call)


def list_grants(call: Call) -> dict[str, Any]:
    """Return the grants on a securable itself, as newer clients ask for them."""
    return _direct(call, "page_size")


def effective_grants(call: Call) -> dict[str, Any]:
    """Return the grants on a securable, inherited ones included."""
    return _effective(call, "privilege_assignments", "max_results")


def list_effective_grants(call: Call) -> dict[str, Any]:
    """Return the grants on a securable and inherited ones, as newer clients ask for them."""
    return _effective(call, "effective_privilege_assignments", "page_size")


def change_grants(call: Call) -> dict[str, Any]:
    """Add and remove grants on a securable."""
    metastore, standing = call.cloud.metastore, _standing(call)
    standing.require_management(writing=False)
    with metastore.database.transaction():
        metastore.grants.change(standing.securable, call.body.get("changes") or [])
    return {} if call.flag("omit_permissions_in_response") else get_grants(call)


ONE = "{kind}/{name}"
ROUTES = [
    Route("GET", f"{UNITY}/permissions/{ONE}", get_grants, proved_by="databricks grants get"),
    Route(
        "PATCH",
        f"{UNITY}/permissions/{ONE}",
        change_grants,
        sdk="catalog.GrantsAPI.update",
        proved_by="databricks grants update",
    ),
    Route(
        "GET",
        f"{UNITY}/effective-permissions/{ONE}",
        effective_grants,
        proved_by="databricks grants get-effective",
    ),
    Route(
        "GET",
        f"{UNITY}/privilege-assignments/{ONE}",
        list_grants,
        proved_by="databricks grants list",
    ),
    Route(
        "GET",
        f"{UNITY}/effective-privilege-assignments/{ONE}",
        list_effective_grants,
        proved_by="databricks grants list-effective",
    ),
]
