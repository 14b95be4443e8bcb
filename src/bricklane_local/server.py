"""The server process: opens a cloud's state and serves each of its listeners."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import orjson
import uvloop

from bricklane_local import __version__
from bricklane_local.clientconfig import write_client_config
from bricklane_local.cloud import Cloud
from bricklane_local.compute.choices import Choices, settled
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.errors import LocalError
from bricklane_local.files import write_atomically
from bricklane_local.listeners import listeners_of
from bricklane_local.listening import Listening
from bricklane_local.paths import StatePaths

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


def serve(root: Path, compute: ComputeSettings, port: int | None, empty: bool) -> None:
    """Serve the cloud in ``root`` until SIGTERM or SIGINT.

    Args:
        root: state folder.
        compute: where Spark and Java are.
        port: of the first listener, the others take the ones after it; 0 picks those of last time
            and else free ones; None takes the usual ports. Workspaces made later keep theirs.
        empty: a new cloud begins with an account without workspaces.

    Raises:
        LocalError: when the state is in use or newer, or a port is taken.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with contextlib.closing(locked(root / "server.lock")):
        compute = settled(StatePaths(root), compute)
        cloud = Cloud(root, compute, empty=empty)
        # Now that there is something in it; the rest of the choices have to prove good first.
        kept = replace(Choices.read(cloud.paths.choices), storage_root=compute.choices.storage_root)
        kept.write(cloud.paths.choices)
        listening = Listening(cloud, partial(announce, cloud))
        for number, listener in enumerate(listeners_of(cloud)):
            chosen = listener.port if port is None else port and port + number
            chosen = 0 if listener.kept else chosen
            listening.bind(listener, chosen)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(cloud, listening))


async def _serve(cloud: Cloud, listening: Listening) -> None:
    cloud.provisioning.doors = listening
    await cloud.start()
    await listening.start()
    try:
        await _look_at_remote(cloud, listening)
    except LocalError:
        await _stop(cloud, listening)
        raise
    cloud.compute_settings.choices.write(cloud.paths.choices)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    announce(cloud, listening.hosts)
    LOGGER.info("serving %s", ", ".join(f"{name} {url}" for name, url in listening.hosts.items()))
    await stopping.wait()
    LOGGER.info("stopping")
    await _stop(cloud, listening)
    cloud.paths.server_record.unlink(missing_ok=True)


async def _stop(cloud: Cloud, listening: Listening) -> None:
    await listening.stop_services()
    await cloud.stop()
    await listening.stop()


async def _look_at_remote(cloud: Cloud, listening: Listening) -> None:
    """Refuse to begin with a remote Spark that cannot serve this cloud."""
    if cloud.pool is not None and cloud.pool.remote is not None:
        announce_to_spark(cloud, listening.hosts)
        await cloud.pool.remote.ensure()


def announce_to_spark(cloud: Cloud, hosts: dict[str, str]) -> None:
    """Write where a remote Spark finds the workspaces, and nothing that is not for it."""
    if cloud.compute_settings.choices.address is None:
        return
    told = {name: cloud.workspaces[name].spark_host for name in hosts if name in cloud.workspaces}
    record = cloud.paths.spark_remote_record
    record.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_atomically(record, orjson.dumps({"hosts": told}))


def announce(cloud: Cloud, hosts: dict[str, str]) -> None:
    """Write where the listeners are: for Spark, for clients, and last for other commands."""
    announce_to_spark(cloud, hosts)
    write_client_config(cloud)
    record = ServerRecord(os.getpid(), __version__, hosts)
    write_atomically(cloud.paths.server_record, orjson.dumps(asdict(record)))
