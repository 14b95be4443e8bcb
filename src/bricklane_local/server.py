"""The server process: opens a cloud's state and serves each of its listeners."""

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
from typing import IO

import orjson
import uvicorn
import uvloop

from bricklane_local import __version__
from bricklane_local.clientconfig import write_client_config
from bricklane_local.cloud import Cloud
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically
from bricklane_local.listeners import LISTENERS, Listener, Service

LOOPBACK = "127.0.0.1"
LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServerRecord:
    """What a running server says of itself in ``server.json``.

    Args:
        pid: its process id.
        version: of the program.
        hosts: URL of each listener, by name: the workspaces, and the other services.
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


def bind(listener: Listener, port: int) -> socket.socket:
    """Return a socket on loopback that listens for ``listener``.

    Args:
        listener: for whom.
        port: of the socket; 0 picks a free one.

    Raises:
        LocalError: when the port is taken.
    """
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((LOOPBACK, port))
    except OSError as error:
        found.close()
        raise LocalError(
            f"port {port} for {listener.title} cannot be used: {error.strerror}",
            hint="free the port, or choose another with: bricklane local up --port NUMBER "
            "(0 picks free ones)",
        ) from None
    found.listen(512)
    return found


def serve(root: Path, compute: ComputeSettings, port: int | None) -> None:
    """Serve the cloud in ``root`` until SIGTERM or SIGINT.

    Args:
        root: state folder.
        compute: where Spark and Java are.
        port: of the first listener, the others take the ones after it; 0 picks free ones; None
            takes the ports of :data:`~bricklane_local.listeners.LISTENERS`.

    Raises:
        LocalError: when the state is in use or newer, or a port is taken.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with contextlib.closing(locked(root / "server.lock")):
        sockets = {
            listener.name: bind(listener, listener.port if port is None else port and port + number)
            for number, listener in enumerate(LISTENERS)
        }
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(root, compute, sockets))


async def _serve(root: Path, compute: ComputeSettings, sockets: dict[str, socket.socket]) -> None:
    cloud = Cloud(root, compute)
    hosts = {name: f"http://{LOOPBACK}:{found.getsockname()[1]}" for name, found in sockets.items()}
    services = {row.name: row.open(cloud, hosts[row.name]) for row in LISTENERS}
    await cloud.start()
    for service in services.values():
        await service.start()
    servers = {name: _server(service) for name, service in services.items()}
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    tasks = [
        asyncio.create_task(server.serve(sockets=[sockets[name]]))
        for name, server in servers.items()
    ]
    write_client_config(cloud)
    write_record(cloud, hosts)
    LOGGER.info("serving %s", ", ".join(f"{name} {url}" for name, url in hosts.items()))
    await stopping.wait()
    LOGGER.info("stopping")
    await _stop(cloud, services, servers, tasks)


async def _stop(
    cloud: Cloud,
    services: dict[str, Service],
    servers: dict[str, _Server],
    tasks: list[asyncio.Task[None]],
) -> None:
    for name, service in services.items():
        try:
            await service.stop()
        except Exception:
            # One that cannot stop must not keep the others, and their processes, from it.
            LOGGER.exception("stopping %s", name)
    for server in servers.values():
        server.should_exit = True
    await cloud.stop()
    await asyncio.gather(*tasks)
    cloud.paths.server_record.unlink(missing_ok=True)


class _Server(uvicorn.Server):
    """A uvicorn server that leaves the process's signals to us: there are several of them."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


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


def write_record(cloud: Cloud, hosts: dict[str, str]) -> None:
    """Write ``server.json``, by which others find this server."""
    record = ServerRecord(os.getpid(), __version__, hosts)
    write_atomically(cloud.paths.server_record, orjson.dumps(asdict(record)))
