"""The server process: opens a cloud's state and serves each workspace on a listener of its own."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import orjson
import uvicorn
import uvloop

from bricklane_local import __version__
from bricklane_local.app.asgi import WorkspaceApp, with_middleware
from bricklane_local.app.families import ALL_ROUTES
from bricklane_local.clientconfig import write_client_config
from bricklane_local.cloud import WORKSPACES, Cloud, Workspace
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically

LOOPBACK = "127.0.0.1"
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """What a running server says of itself in ``server.json``.

    Args:
        pid: its process id.
        version: of the program.
        hosts: URL of each workspace, by name.
    """

    pid: int
    version: str
    hosts: dict[str, str]


def locked(path: Path) -> IO[bytes]:
    """Take the lock that says a server uses this state; it is freed however the process ends.

    Raises:
        LocalError: when another server holds it.
    """
    file = path.open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise LocalError(
            f"another server is running on the state in {path.parent}",
            hint="see it with: bricklane local status\nstop it with: bricklane local down",
        ) from None
    return file


def bind(workspace: str, port: int) -> socket.socket:
    """Return a listening socket on loopback.

    Raises:
        LocalError: when the port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise LocalError(
            f"port {port} for workspace {workspace} cannot be used: {error.strerror}",
            hint="free the port, or choose another with: bricklane local up --port NUMBER "
            "(0 picks a free one)",
        ) from None
    listener.listen(512)
    return listener


def serve(root: Path, compute: ComputeSettings, port: int | None) -> None:
    """Serve the cloud in ``root`` until SIGTERM or SIGINT.

    Args:
        root: state folder.
        compute: where Spark and Java are.
        port: of the first workspace, the others take the ones after it; 0 picks free ones; None
            takes the ports of :data:`WORKSPACES`.

    Raises:
        LocalError: when the state is in use or newer, or a port is taken.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with contextlib.closing(locked(root / "server.lock")):
        sockets = [
            bind(row.name, row.port if port is None else port and port + number)
            for number, row in enumerate(WORKSPACES)
        ]
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(root, compute, sockets))


async def _serve(root: Path, compute: ComputeSettings, sockets: list[socket.socket]) -> None:
    cloud = Cloud(root, compute)
    for workspace, listener in zip(cloud.workspaces.values(), sockets, strict=True):
        workspace.host = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    await cloud.start()
    servers = [
        _server(workspace, listener)
        for workspace, listener in zip(cloud.workspaces.values(), sockets, strict=True)
    ]
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    tasks = [asyncio.create_task(server) for server, _ in servers]
    write_client_config(cloud)
    write_record(cloud)
    LOGGER.info("serving %s", ", ".join(w.host for w in cloud.workspaces.values()))
    await stopping.wait()
    LOGGER.info("stopping")
    for _, handle in servers:
        handle.should_exit = True
    await cloud.stop()
    await asyncio.gather(*tasks)
    cloud.paths.server_record.unlink(missing_ok=True)


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to us: there are several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(workspace: Workspace, listener: socket.socket) -> tuple[Any, _Server]:
    cloud = workspace.cloud
    app = with_middleware(
        WorkspaceApp(workspace, ALL_ROUTES),
        [lambda inner: cloud.request_log.layer(workspace.name, inner), cloud.faults.layer],
    )
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=2,
        timeout_keep_alive=75,
    )
    server = _Server(config)
    return server.serve(sockets=[listener]), server


def write_record(cloud: Cloud) -> None:
    """Write ``server.json``, by which others find this server."""
    hosts = {workspace.name: workspace.host for workspace in cloud.workspaces.values()}
    record = ServerRecord(os.getpid(), __version__, hosts)
    write_atomically(cloud.paths.server_record, orjson.dumps(asdict(record)))
