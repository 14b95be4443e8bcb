"""Opens a cloud's forge for its listener."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from bricklane_local.forge.actions.settings import (
    SOURCE,
    SOURCE_VARIABLE,
    ActionsSettings,
)
from bricklane_local.forge.app import ForgeApp
from bricklane_local.forge.families import all_routes
from bricklane_local.forge.forge import Forge
from bricklane_local.forge.paths import ForgePaths
from bricklane_local.listeners import Service, logged

if TYPE_CHECKING:
    from bricklane_local.cloud import Cloud


def open_forge(cloud: Cloud, url: str) -> Service:
    """Return what answers on the forge's listener.

    Args:
        cloud: whose forge it is.
        url: of the listener, without a slash at the end.
    """
    paths = ForgePaths(cloud.paths.forge, cloud.paths.forge_credentials)
    machine = cloud.compute_settings
    source = os.environ.get(SOURCE_VARIABLE, SOURCE).rstrip("/")
    actions = ActionsSettings(machine.act, machine.java, source=source)
    forge = Forge(cloud.database, cloud.blobs, cloud.clock, paths, url, actions)
    app = ForgeApp(forge, all_routes())
    return Service(logged(cloud, "forge", app), forge.start, forge.stop)
