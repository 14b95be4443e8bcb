"""The open listeners of a running server; those of workspaces come and go with the workspaces."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from bricklane_local.callbacks import Callbacks, address_of, as_spark_sees
from bricklane_local.errors import LocalError
from bricklane_local.listeners import Listener, Service, workspace_listener

if TYPE_CHECKING:
    from bricklane_local.account.registry import WorkspaceRow
    from bricklane_local.cloud import Cloud

LOOPBACK = "127.0.0.1"
LOGGER = logging.getLogger(__name__)


def bind(listener: Listener, port: int, address: str = LOOPBACK) -> socket.socket:
    """Return a socket that listens for ``listener``.

    Args:
        listener: for whom.
        port: of the socket; 0 picks a free one.
        address: of this machine.

    Raises:
        LocalError: when the port is taken.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((address, port))
    except OSError as error:
        found.close()
        hint = "free the port, or choose another with: bricklane local up --port NUMBER "
        raise LocalError(
            f"port {port} for {listener.title} cannot be used: {error.strerror}",
            hint="free the port: clients know this workspace by it"
            if listener.kept
            else hint + "(0 picks free ones)",
        ) from None
    found.listen(512)
    return found


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to us: there are several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(slots=True)
class _Entry:
    socket: socket.socket
    url: str
    service: Service
    server: _Server
    task: asyncio.Task[None] | None = None
    # What Spark on another machine asks, on the same port of an address that it reaches.
    callbacks: _Entry | None = None


class Listening:
    """Opens and closes listeners.

    Args:
        cloud: whose.
        changed: called with the URL of each listener by name when one came or went.
    """

    def __init__(self, cloud: Cloud, changed: Callable[[dict[str, str]], None]) -> None:
        self._cloud = cloud
        self._changed = changed
        self._entries: dict[str, _Entry] = {}

    @property
    def hosts(self) -> dict[str, str]:
        """The URL of each listener, by name."""
        return {name: entry.url for name, entry in self._entries.items()}

    def bind(self, listener: Listener, port: int) -> None:
        """Take the port of a listener and make its service.

        Args:
            listener: which.
            port: 0 for the one that it had last time, so that clients find it again, else any.

        Raises:
            LocalError: when the port is taken.
        """
        found = bind(listener, port) if port else self._bind_again(listener)
        self._cloud.registry.keep_port(listener.name, found.getsockname()[1])
        url = f"http://{LOOPBACK}:{found.getsockname()[1]}"
        service = listener.open(self._cloud, url)
        entry = _Entry(found, url, service, _server(service))
        if listener.called_back:
            entry.callbacks = self._callbacks(listener, entry)
        self._entries[listener.name] = entry

    def _callbacks(self, listener: Listener, entry: _Entry) -> _Entry | None:
        host = self._cloud.compute_settings.choices.callback_host
        address = address_of(host)
        if not address:
            return None
        port = entry.socket.getsockname()[1]
        try:
            found = bind(listener, port, address)
        except LocalError as error:
            entry.socket.close()
            hint = "it must be an address of this machine, with this port free"
            message = f"--spark-callback-host {host} ({address}): {error.message}"
            raise LocalError(message, hint=hint) from None
        service = Service(Callbacks(entry.service.app))
        return _Entry(found, as_spark_sees(entry.url, host), service, _server(service))

    def _bind_again(self, listener: Listener) -> socket.socket:
        last = self._cloud.registry.port_of(listener.name)
        try:
            return bind(listener, last)
        except LocalError:
            if listener.kept:
                raise
            return bind(listener, 0)

    async def start(self) -> None:
        """Serve all that is bound."""
        for entry in self._entries.values():
            await entry.service.start()
        for entry in self._entries.values():
            self._serve(entry)

    def _serve(self, entry: _Entry) -> None:
        entry.task = asyncio.create_task(entry.server.serve(sockets=[entry.socket]))
        if entry.callbacks is not None:
            self._serve(entry.callbacks)

    async def open_workspace(self, row: WorkspaceRow) -> None:
        """Listen for a workspace, on the port it had before or on a free one that it keeps."""
        self.bind(workspace_listener(row), 0)
        entry = self._entries[row.name]
        await entry.service.start()
        self._serve(entry)
        self._changed(self.hosts)

    async def close_workspace(self, name: str) -> None:
        """Stop listening for a workspace, once requests under way are answered."""
        entry = self._entries.pop(name, None)
        if entry is None:
            return
        self._changed(self.hosts)
        await entry.service.stop()
        await _end(entry)

    async def stop_services(self) -> None:
        """Stop the services, while the workspaces still work."""
        for name, entry in self._entries.items():
            try:
                await entry.service.stop()
            except Exception:
                # One that cannot stop must not keep the others, and their processes, from it.
                LOGGER.exception("stopping %s", name)
        for entry in self._entries.values():
            entry.server.should_exit = True

    async def stop(self) -> None:
        """Close all listeners."""
        await asyncio.gather(*(_end(entry) for entry in self._entries.values()))


async def _end(entry: _Entry) -> None:
    if entry.callbacks is not None:
        await _end(entry.callbacks)
    entry.server.should_exit = True
    if entry.task is not None:
        await entry.task


def _server(service: Service) -> _Server:
    config = uvicorn.Config(
        service.app,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
    )
    return _Server(config)
