"""What the routes of Unity Catalog take from a request."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import invalid
from bricklane_local.catalog import listing
from bricklane_local.catalog.callers import Caller
from bricklane_local.catalog.kinds import Kind
from bricklane_local.catalog.listing import DEFAULT_SIZE, MAXIMUM_SIZE, Item, Wanted
from bricklane_local.catalog.metastores.assignments import Assignments

UNITY = "/api/2.1/unity-catalog"


def caller_of(call: Call) -> Caller:
    """Return who calls, from a workspace that has the metastore.

    Raises:
        ApiError: METASTORE_DOES_NOT_EXIST when the workspace has none.
    """
    Assignments(call.cloud.metastore).get(call.workspace.id)
    return call.cloud.metastore.principals.caller(call.caller, call.workspace.id)


def page_size(call: Call, parameter: str = "max_results") -> int | None:
    """Return how many items a page may have at most, None for all of them.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE for a negative number.
    """
    if call.query.get(parameter) in (None, ""):
        return None
    return min(call.integer(parameter, low=0) or DEFAULT_SIZE, MAXIMUM_SIZE)


def wanted(call: Call) -> Wanted:
    """Return which page of which securables a request for a list asks for."""
    return Wanted(
        size=page_size(call),
        after=listing.after(call.query.get("page_token", "")),
        browse=call.flag("include_browse"),
        unbound=call.flag("include_unbound"),
    )


def answer(kind: Kind, found: list[dict[str, Any]], token: str) -> dict[str, Any]:
    """Return a page of securables as the API answers it; an empty one has no list."""
    body: dict[str, Any] = {kind.listed or kind.plural: found} if found else {}
    return body | ({"next_page_token": token} if token else {})


def shown(item: Item, info: dict[str, Any]) -> dict[str, Any]:
    """Return what is answered of a listed securable."""
    return browsed(info) if item.browse_only else info


def browsed(info: dict[str, Any]) -> dict[str, Any]:
    """Return what is answered of a securable that the caller sees by BROWSE alone."""
    hidden = ("storage_location", "storage_root", "view_definition", "properties", "options")
    return {k: v for k, v in info.items() if k not in hidden} | {"browse_only": True}


def whole_number(text: str, name: str) -> int:
    """Return a path parameter that must be a whole number.

    Raises:
        ApiError: INVALID_PARAMETER_VALUE.
    """
    if not text.isdigit():
        raise invalid(f"{name} must be a whole number, got {text!r}")
    return int(text)
