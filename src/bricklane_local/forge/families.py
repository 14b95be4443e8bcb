"""The list of the forge's API families: adding one is a folder and a line here."""

from __future__ import annotations

from bricklane_local.forge.routing import ForgeRoute

FAMILIES: dict[str, list[ForgeRoute]] = {}


def all_routes() -> list[ForgeRoute]:
    """Return the routes of all families, in the order in which they are tried."""
    return [route for routes in FAMILIES.values() for route in routes]
