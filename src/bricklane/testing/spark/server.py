"""The warm Spark: a process of its own that outlives test runs, and ends when nobody uses it.

It is started as a file, by the Python that has the pyspark to serve, with the standard library and
that pyspark only. The JVM ends with it, for it reads a pipe from here until that closes.

The lock on ``server.lock`` is held as long as the process lives, so what ``server.json`` says is
believed only while it is; nothing needs to be cleaned up after ``kill -9``. Test runs share the
lock on ``use.lock`` as long as they have a session; whoever ends the process takes it first.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

RECORD = "server.json"
SERVER_LOCK = "server.lock"
START_LOCK = "start.lock"
USE_LOCK = "use.lock"
SCRATCH = "scratch"

SERVICE = "org.apache.spark.sql.connect.service.SparkConnectService$"
LOOK_SECONDS = 0.5


class Ended(Exception):  # noqa: N818  (an event, not a fault)
    """The process was told to end."""


def main(folder: Path) -> None:
    """Serve until nobody has used Spark for a while, it has died, or a signal comes.

    Args:
        folder: has ``start.json``: the settings, the token, and seconds until it is idle.
    """
    lock = open_lock(folder / SERVER_LOCK)
    if not take(lock):
        sys.exit("another Spark serves this folder")
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the test run.
    start = json.loads((folder / "start.json").read_text("utf-8"))
    (folder / RECORD).unlink(missing_ok=True)
    shutil.rmtree(folder / SCRATCH, ignore_errors=True)
    (folder / SCRATCH).mkdir(mode=0o700)
    try:
        serve(folder, start)
    except Ended:
        pass
    finally:
        (folder / RECORD).unlink(missing_ok=True)
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)


def _end(*_: object) -> None:
    raise Ended


def serve(folder: Path, start: Mapping[str, Any]) -> None:
    """Start Spark, tell where it is, and wait for its end."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    conf = SparkConf(loadDefaults=False).setAll(list(start["settings"].items()))
    context: Any = SparkContext(conf=conf)
    session = SparkSession(context)  # Spark Connect begins its own from this one.
    service = connect_service(context)
    record = {
        **start["about"],
        "pid": os.getpid(),
        "port": service.localPort(),
        "token": os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"],
        "idle_seconds": start["idle_seconds"],
        "started": time.time(),
    }
    write(folder / RECORD, record)
    process = context._gateway.proc
    watch(folder, service, context._jvm, process.poll, start["idle_seconds"])
    if process.poll() is None:
        session.stop()


def connect_service(context: Any) -> Any:
    """Return the one object of Spark Connect in the JVM."""
    loaded = context._jvm.java.lang.Class.forName(SERVICE)
    return loaded.getField("MODULE$").get(None)


def watch(folder: Path, service: Any, jvm: Any, poll: Callable[[], Any], idle: float) -> None:
    """Return when the JVM has ended, or nobody has used Spark for ``idle`` seconds."""
    while poll() is None:
        time.sleep(LOOK_SECONDS)
        if unused_seconds(folder, service, jvm) < idle:
            continue
        use = open_lock(folder / USE_LOCK)
        if take(use) and unused_seconds(folder, service, jvm) >= idle:
            # Held until this process ends: who comes now waits for that, and starts another.
            (folder / RECORD).unlink(missing_ok=True)
            return
        os.close(use)


def unused_seconds(folder: Path, service: Any, jvm: Any) -> float:
    """Return for how many seconds nothing ran and no test run came."""
    try:
        came = time.time() - (folder / RECORD).stat().st_mtime
    except OSError:
        return float("inf")  # Somebody removed the record: nobody can find this server any more.
    running = service.listActiveExecutions()
    if running.isRight():
        return 0.0
    ran = (jvm.java.lang.System.nanoTime() - running.left().toOption().get()) / 1e9
    return float(min(came, ran))


def open_lock(path: Path) -> int:
    """Open a file to lock; programs that are started from here do not inherit it."""
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def take(descriptor: int) -> bool:
    """Take the lock on an open file without waiting; return whether it was free."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def write(path: Path, content: object) -> None:
    """Write JSON that only this user can read, in place of what was there."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(content, stream, indent=1)
    part.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
