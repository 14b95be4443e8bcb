"""The list of the forge's API families: adding one is a folder and a line here."""

from __future__ import annotations

from bricklane_local.forge.actions.routes import ROUTES as ACTIONS
from bricklane_local.forge.checks.routes import ROUTES as CHECKS
from bricklane_local.forge.deployments.routes import ROUTES as DEPLOYMENTS
from bricklane_local.forge.environments.routes import ROUTES as ENVIRONMENTS
from bricklane_local.forge.git.routes import ROUTES as GIT
from bricklane_local.forge.graphql.routes import ROUTES as GRAPHQL
from bricklane_local.forge.issues.routes import ROUTES as ISSUES
from bricklane_local.forge.oidc.routes import ROUTES as OIDC
from bricklane_local.forge.pages.routes import ROUTES as PAGES
from bricklane_local.forge.pulls.routes import ROUTES as PULLS
from bricklane_local.forge.releases.routes import ROUTES as RELEASES
from bricklane_local.forge.repositories.routes import ROUTES as REPOSITORIES
from bricklane_local.forge.routing import ForgeRoute
from bricklane_local.forge.rules.routes import ROUTES as RULES
from bricklane_local.forge.secrets.routes import ROUTES as SECRETS
from bricklane_local.forge.users.routes import ROUTES as USERS
from bricklane_local.forge.webhooks.routes import ROUTES as WEBHOOKS

# Of the routes that match a path, the first wins: `commits/{ref}` and `environments/{name}`
# take any path, so what is more particular comes before Git and Environments.
FAMILIES: dict[str, list[ForgeRoute]] = {
    "Users": USERS,
    "Repositories": REPOSITORIES,
    "Issues": ISSUES,
    "Pull requests": PULLS,
    "Statuses and checks": CHECKS,
    "Rules": RULES,
    "Releases": RELEASES,
    "Deployments": DEPLOYMENTS,
    "Secrets and variables": SECRETS,
    "Environments": ENVIRONMENTS,
    "Actions": ACTIONS,
    "OpenID Connect": OIDC,
    "Webhooks": WEBHOOKS,
    "GraphQL": GRAPHQL,
    "Pages": PAGES,
    "Git": GIT,
}


def all_routes() -> list[ForgeRoute]:
    """Return the routes of all families, in the order in which they are tried."""
    return [route for routes in FAMILIES.values() for route in routes]
