"""The listeners of a cloud, as rows: one for each workspace, and those of its other services.

All are served by the one process and its one event loop. A service that is not a workspace adds a
row to :data:`SERVICES` with a function that imports and opens it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from bricklane_local.account.registry import WorkspaceRow
    from bricklane_local.cloud import Cloud


async def _nothing() -> None:
    """Start or stop what has nothing to start or stop."""


@dataclass(frozen=True, slots=True)
class Service:
    """What answers on a listener.

    Args:
        app: its ASGI application; one HTTP scope per request, no lifespan, no web sockets.
        start: awaited once, before the first request is answered; what it raises ends the server.
        stop: awaited once when the server ends, while the workspaces still work; it ends every
            process and task that the service has started.
    """

    app: ASGIApp
    start: Callable[[], Awaitable[None]] = _nothing
    stop: Callable[[], Awaitable[None]] = _nothing


@dataclass(frozen=True, slots=True)
class Listener:
    """A port on loopback and what answers there.

    Args:
        name: its key in ``server.json`` and in ``bricklane local status --json``.
        title: how messages call it.
        port: the port it takes unless told otherwise.
        open: makes the service of a cloud; the second argument is the listener's URL, without a
            slash at the end. It must not touch the network: nothing listens yet.
        kept: whether it takes ``port`` whatever ``bricklane local up --port`` says.
        called_back: whether Spark asks there what sessions may do.
    """

    name: str
    title: str
    port: int
    open: Callable[[Cloud, str], Service]
    kept: bool = False
    called_back: bool = False


def logged(cloud: Cloud, name: str, app: ASGIApp) -> ASGIApp:
    """Wrap ``app`` in what every listener has: the request log, and planted faults."""
    from bricklane_local.app.asgi import with_middleware

    return with_middleware(
        app, [lambda inner: cloud.request_log.layer(name, inner), cloud.faults.layer]
    )


def _workspace(name: str, cloud: Cloud, url: str) -> Service:
    from bricklane_local.app.asgi import ApiApp
    from bricklane_local.app.families import ALL_ROUTES
    from bricklane_local.app.headers import naming_workspace

    workspace = cloud.workspaces[name]
    workspace.host = url
    app = naming_workspace(workspace.id, ApiApp(workspace, ALL_ROUTES))
    return Service(logged(cloud, name, app))


def _account(cloud: Cloud, url: str) -> Service:
    from bricklane_local.account.families import ROUTES
    from bricklane_local.app.asgi import ApiApp

    cloud.account.host = url
    return Service(logged(cloud, "account", ApiApp(cloud.account, ROUTES)))


def _forge(cloud: Cloud, url: str) -> Service:
    from bricklane_local.forge.opening import open_forge

    return open_forge(cloud, url)


SERVICES = (
    Listener("forge", "forge", 8700, _forge),
    Listener("account", "account", 8704, _account),
)


def workspace_listener(row: WorkspaceRow) -> Listener:
    """Return the listener of a workspace."""
    open_it = partial(_workspace, row.name)
    return Listener(row.name, title_of(row.name), row.port, open_it, row.kept, called_back=True)


def listeners_of(cloud: Cloud) -> list[Listener]:
    """Return the listeners of a cloud, in the order in which they take ports."""
    return [*(workspace_listener(row) for row in cloud.registry.rows()), *SERVICES]


def title_of(name: str) -> str:
    """Return how messages call the listener ``name``."""
    return name if name in {row.name for row in SERVICES} else f"workspace {name}"
