"""The list of resource kinds by family: adding one is a file and a line here."""

from __future__ import annotations

from bricklane_local.app.routing import Route
from bricklane_local.resources.apps import apps
from bricklane_local.resources.clusters import (
    clusters,
    init_scripts,
    libraries,
    policies,
    pools,
    runtimes,
)
from bricklane_local.resources.database import instances
from bricklane_local.resources.ml import (
    experiments,
    registered_models,
    serving_endpoints,
    vector_search,
)
from bricklane_local.resources.postgres import projects
from bricklane_local.resources.repos import repos
from bricklane_local.resources.settings import (
    git_credentials,
    ip_access_lists,
    notification_destinations,
    tokens,
    workspace_conf,
)
from bricklane_local.resources.sql import alerts, dashboards, genie_spaces, queries

FAMILIES: dict[str, list[Route]] = {
    "Cluster policies": policies.ROUTES,
    "Clusters": [*clusters.ROUTES, *runtimes.ROUTES],
    "Instance pools": pools.ROUTES,
    "Libraries": libraries.ROUTES,
    "Global init scripts": init_scripts.ROUTES,
    "Workspace configuration": workspace_conf.ROUTES,
    "IP access lists": ip_access_lists.ROUTES,
    "Personal access tokens": tokens.ROUTES,
    "Git credentials": git_credentials.ROUTES,
    "Repos": repos.ROUTES,
    "Notification destinations": notification_destinations.ROUTES,
    "MLflow experiments": experiments.ROUTES,
    "MLflow registered models": registered_models.ROUTES,
    "Serving endpoints": serving_endpoints.ROUTES,
    "Vector search": vector_search.ROUTES,
    "Apps": apps.ROUTES,
    "Database instances": instances.ROUTES,
    "PostgreSQL projects": projects.ROUTES,
    "Dashboards": dashboards.ROUTES,
    "Genie spaces": genie_spaces.ROUTES,
    "Queries": queries.ROUTES,
    "Alerts": alerts.ROUTES,
}
