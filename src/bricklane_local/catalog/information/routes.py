"""The route by which Spark reads ``information_schema``."""

from __future__ import annotations

from typing import Any

from bricklane_local.app.call import Call
from bricklane_local.app.errors import ApiError
from bricklane_local.app.routing import Route
from bricklane_local.catalog.calls import UNITY, caller_of
from bricklane_local.catalog.information.scope import SCHEMA_NAME, SYSTEM_CATALOG, Scope
from bricklane_local.catalog.information.views import VIEWS
from bricklane_local.catalog.kinds import CATALOG


def names(call: Call) -> dict[str, Any]:
    """Return the names of the views."""
    caller_of(call)
    return {"views": sorted(VIEWS)}


def rows(call: Call) -> dict[str, Any]:
    """Return the columns of a view, and those of its rows that the caller may see."""
    catalog, name = call.text("catalog_name").lower(), call.path["view"].lower()
    metastore, caller = call.cloud.metastore, caller_of(call)
    view = VIEWS.get(name)
    if view is None:
        raise ApiError(
            "TABLE_DOES_NOT_EXIST", f"Table '{catalog}.{SCHEMA_NAME}.{name}' does not exist."
        )
    if catalog != SYSTEM_CATALOG:
        metastore.standing(caller, CATALOG, catalog).require_seen(browse=True)
    scope = Scope(metastore, caller, "" if catalog == SYSTEM_CATALOG else catalog)
    columns = view.described()
    found = [[row.get(column["name"]) for column in columns] for row in view.rows(scope)]
    return {"columns": columns, "rows": found}


ALL = f"{UNITY}/information-schema"
ROUTES = [
    Route("GET", ALL, names, proved_by="Spark", note="of the local cloud alone"),
    Route("GET", f"{ALL}/{{view}}", rows, proved_by="Spark", note="of the local cloud alone"),
]
