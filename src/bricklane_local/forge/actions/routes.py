"""All routes of Actions."""

from __future__ import annotations

from bricklane_local.forge.actions.api.artifacts import ROUTES as ARTIFACTS
from bricklane_local.forge.actions.api.reviews import ROUTES as REVIEWS
from bricklane_local.forge.actions.api.runs import ROUTES as RUNS
from bricklane_local.forge.actions.api.workflows import ROUTES as WORKFLOWS
from bricklane_local.forge.actions.pages.routes import ROUTES as PAGES

ROUTES = [*WORKFLOWS, *RUNS, *REVIEWS, *ARTIFACTS, *PAGES]
