"""All routes of Actions."""

from __future__ import annotations

from bricklane_local.forge.actions.api.artifacts import ROUTES as ARTIFACTS
from bricklane_local.forge.actions.api.permissions import ROUTES as PERMISSIONS
from bricklane_local.forge.actions.api.reviews import ROUTES as REVIEWS
from bricklane_local.forge.actions.api.runs import ROUTES as RUNS
from bricklane_local.forge.actions.api.workflows import ROUTES as WORKFLOWS
from bricklane_local.forge.actions.pages.routes import ROUTES as PAGES

ROUTES = [*WORKFLOWS, *PERMISSIONS, *RUNS, *REVIEWS, *ARTIFACTS, *PAGES]
