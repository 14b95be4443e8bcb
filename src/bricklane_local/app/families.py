"""The list of API families: adding one is a folder and a line here."""

from __future__ import annotations

from bricklane_local.app.faults import ROUTES as CONTROLS
from bricklane_local.app.routing import Route
from bricklane_local.catalog.routes import ROUTES as CATALOG
from bricklane_local.commands.routes import ROUTES as COMMANDS
from bricklane_local.compute.routes import ROUTES as COMPUTE
from bricklane_local.dbfs.routes import ROUTES as DBFS
from bricklane_local.files_api.routes import ROUTES as FILES
from bricklane_local.identity.routes import ROUTES as IDENTITY
from bricklane_local.jobs.routes import ROUTES as JOBS
from bricklane_local.pages.routes import ROUTES as PAGES
from bricklane_local.permissions.routes import ROUTES as PERMISSIONS
from bricklane_local.pipelines.routes import ROUTES as PIPELINES
from bricklane_local.resources.families import FAMILIES as RESOURCES
from bricklane_local.secrets.routes import ROUTES as SECRETS
from bricklane_local.sql.routes import ROUTES as SQL
from bricklane_local.workspace.routes import ROUTES as WORKSPACE

FAMILIES: dict[str, list[Route]] = {
    "Identity": IDENTITY,
    "Workspace": WORKSPACE,
    "Unity Catalog": CATALOG,
    "Files": FILES,
    "DBFS": DBFS,
    "Jobs": JOBS,
    "Pipelines": PIPELINES,
    "SQL warehouses": SQL,
    "Command execution": COMMANDS,
    "Permissions": PERMISSIONS,
    "Secrets": SECRETS,
    **RESOURCES,
    "Pages": PAGES,
    "Test controls": [*CONTROLS, *COMPUTE],
}
ALL_ROUTES = [route for routes in FAMILIES.values() for route in routes]
