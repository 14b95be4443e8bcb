"""The list of the account's API families: adding one is a file and a line here."""

from __future__ import annotations

from bricklane_local.account.identity_routes import ROUTES as IDENTITY
from bricklane_local.account.metastore_routes import ROUTES as METASTORES
from bricklane_local.account.records import ROUTES as RECORDS
from bricklane_local.account.routes import ROUTES as WORKSPACES
from bricklane_local.app.faults import ROUTES as CONTROLS
from bricklane_local.app.routing import Route

FAMILIES: dict[str, list[Route]] = {
    "Workspaces": WORKSPACES,
    "Identity": IDENTITY,
    "Metastores": METASTORES,
    "Budget policies, networks, IP access lists": RECORDS,
    "Test controls": CONTROLS,
}
ROUTES = [route for routes in FAMILIES.values() for route in routes]
