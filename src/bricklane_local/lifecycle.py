"""Starting, finding and stopping the server process of a cloud."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import orjson
import psutil

from bricklane_local.compute.choices import CHECK_SECONDS, REMOTE_VARIABLE, Choices, require_same
from bricklane_local.compute.settings import ComputeSettings
from bricklane_local.compute.storage import drop_storage
from bricklane_local.errors import LocalError
from bricklane_local.paths import StatePaths
from bricklane_local.server import ServerRecord

START_SECONDS = 60
STOP_SECONDS, KILL_SECONDS, POLL_SECONDS = 30, 5, 0.02
FOR_REMOTE = ("spark-remote", "spark-remote.token")
# What a state folder may have in it before its first start.
BEFORE_START = ("logs", "server.lock", *FOR_REMOTE)


def find(paths: StatePaths) -> ServerRecord | None:
    """Return the running server of a cloud, or None.

    A record left behind by a server that was killed is recognised by its lock, which the kernel
    freed, and is not believed.
    """
    import fcntl

    try:
        with paths.server_lock.open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return _record(paths)
    return None


def _record(paths: StatePaths) -> ServerRecord | None:
    try:
        return ServerRecord(**orjson.loads(paths.server_record.read_bytes()))
    except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
        return None


def up(
    paths: StatePaths, compute: ComputeSettings, port: int | None, empty: bool
) -> tuple[ServerRecord, bool]:
    """Start the server unless it runs, and wait until it answers.

    Args:
        paths: of the cloud.
        compute: where Spark and Java are.
        port: of the first workspace; None for the usual ones, 0 for free ones.
        empty: a new cloud begins with an account without workspaces.

    Returns:
        The server, and whether it was started by this call.

    Raises:
        LocalError: with what the server printed, when it ends or does not become ready.
    """
    running = find(paths)
    if running is not None:
        require_same(paths, compute.choices)
        return running, False
    try:
        paths.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        paths.logs.mkdir(exist_ok=True)
    except OSError as error:
        raise LocalError(
            f"the state folder {paths.root} cannot be made: {error.strerror}",
            hint="name another with --state, or in the variable BRICKLANE_STATE_DIR",
        ) from None
    paths.server_record.unlink(missing_ok=True)
    process = _spawn(paths, compute, port, empty)
    return _ready(paths, compute, process), True


def _ready(
    paths: StatePaths, compute: ComputeSettings, process: subprocess.Popen[bytes]
) -> ServerRecord:
    remote = compute.choices.spark_remote or Choices.read(paths.choices).spark_remote
    limit = START_SECONDS + (CHECK_SECONDS if remote else 0)
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if (record := _record(paths)) is not None:
            return record
        if process.poll() is not None:
            raise _failure(paths)
        time.sleep(POLL_SECONDS)
    process.terminate()
    raise LocalError(
        f"the server did not become ready within {limit:.0f} s",
        hint=f"read {paths.server_log}",
    )


def _spawn(
    paths: StatePaths, compute: ComputeSettings, port: int | None, empty: bool
) -> subprocess.Popen[bytes]:
    arguments = [sys.executable, "-m", "bricklane_local", "serve", "--state", str(paths.root)]
    if port is not None:
        arguments += ["--port", str(port)]
    if compute.spark is not None:
        arguments += ["--spark", str(compute.spark)]
    if compute.java is not None:
        arguments += ["--java", str(compute.java)]
    if compute.act is not None:
        arguments += ["--act", str(compute.act)]
    arguments += ["--memory", str(compute.memory_megabytes)]
    arguments += ["--run-memory", str(compute.run_memory_megabytes)]
    arguments += ["--run-cores", str(compute.run_cores)]
    if compute.idle_minutes is not None:
        arguments += ["--spark-idle", str(compute.idle_minutes)]
    if compute.choices.callback_host:
        arguments += ["--spark-callback-host", compute.choices.callback_host]
    if compute.choices.storage_root:
        arguments += ["--storage-root", compute.choices.storage_root]
    if empty:
        arguments.append("--empty")
    environment = os.environ | {REMOTE_VARIABLE: compute.choices.connection}
    with paths.server_log.open("wb") as log:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=paths.root,
            env=environment,
            start_new_session=True,
        )


def _failure(paths: StatePaths) -> LocalError:
    lines = paths.server_log.read_text("utf-8", "replace").strip().splitlines()
    message, hints = "", []
    for line in lines:
        if line.startswith("error: "):
            message = line.removeprefix("error: ")
        elif line.startswith("  hint: "):
            hints.append(line.removeprefix("  hint: "))
    if message:
        return LocalError(message, hint="\n".join(hints) or None)
    return LocalError(
        "the server ended while it started: " + (lines[-1] if lines else "it printed nothing"),
        hint=f"read {paths.server_log}",
    )


def down(paths: StatePaths) -> bool:
    """Stop the server and everything it started; say whether there was one.

    Raises:
        LocalError: when processes remain even after SIGKILL.
    """
    record = find(paths)
    if record is None:
        return False
    try:
        server = psutil.Process(record.pid)
        processes = [*server.children(recursive=True), server]
    except psutil.NoSuchProcess:
        return True
    server.send_signal(signal.SIGTERM)
    alive = wait_for_ends(processes, STOP_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    alive = wait_for_ends(alive, KILL_SECONDS)
    if alive:
        names = ", ".join(str(process.pid) for process in alive)
        raise LocalError(f"processes {names} did not end", hint=f"end them with: kill -9 {names}")
    paths.server_record.unlink(missing_ok=True)
    return True


def wait_for_ends(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait for processes to end.

    One that has ended is a zombie until its parent asks how it ended. Of a server in the
    background the parent is the first process of the machine or container, and that may ask late
    or, as some that containers are started with, never.

    Args:
        processes: to wait for.
        seconds: how long at most.

    Returns:
        Those that still run.
    """
    deadline = time.monotonic() + seconds
    alive = list(processes)
    while (alive := [each for each in alive if _runs(each)]) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def drop(paths: StatePaths) -> None:
    """Delete all state of a cloud whose server does not run.

    What was written for a remote Spark stays, for that may be running with it.

    Raises:
        LocalError: when the folder holds something that is no cloud's state.
    """
    if not paths.root.exists():
        return
    if not paths.database.exists() and any(
        name not in BEFORE_START
        for name in os.listdir(paths.root)  # noqa: PTH208
    ):
        raise LocalError(
            f"{paths.root} is not the state of a local cloud: it has no {paths.database.name}",
            hint="name the right folder with --state",
        )
    drop_storage(StatePaths(paths.root, Choices.read(paths.choices).storage))
    for entry in paths.root.iterdir():
        if entry.name in FOR_REMOTE:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    if not any(paths.root.iterdir()):
        paths.root.rmdir()


def default_state(name: str) -> Path:
    """Return the state folder of the cloud called ``name``."""
    from platformdirs import user_state_path

    base = os.environ.get("BRICKLANE_STATE_DIR")
    root = Path(base) if base else user_state_path("bricklane", appauthor=False)
    return root / "clouds" / name
