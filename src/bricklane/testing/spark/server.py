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
import struct
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

RECORD = "server.json"
SERVER_LOCK = "server.lock"
START_LOCK = "start.lock"
USE_LOCK = "use.lock"
SCRATCH = "scratch"

SERVICE = "org.apache.spark.sql.connect.service.SparkConnectService$"
LOOK_SECONDS = 0.5
# After the first tests: all they need is loaded, and writing it takes the JVM some seconds.
PAUSE_SECONDS = 3.0
# Nobody takes so long to write one.
ABANDONED_SECONDS = 3600.0


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
    archive = Path(start["archive"]) if start["archive"] else None
    java = Java(start["java"], archive)
    try:
        java.start(folder / SCRATCH / "gateway")
        serve(folder, start, java)
    except Ended:
        pass
    finally:
        (folder / RECORD).unlink(missing_ok=True)
        shutil.rmtree(folder / SCRATCH, ignore_errors=True)


def _end(*_: object) -> None:
    raise Ended


class Java:
    """The Java of Spark, which ends with this process.

    Args:
        command: its command line.
        archive: the file with the classes that it loads, from which the next one starts in half
            the time; None when there is no place for it.
    """

    def __init__(self, command: Sequence[str], archive: Path | None) -> None:
        self.command = list(command)
        self.archive = archive
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, told: Path) -> None:
        """Start it, and let pyspark in this process find it.

        Args:
            told: the file in which it tells where it is, and the secret to be let in.
        """
        self.command[1:1] = self.options()
        environment = {**os.environ, "_PYSPARK_DRIVER_CONN_INFO_PATH": str(told)}
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, env=environment)
        while not told.exists():
            if not self.alive():
                sys.exit("Java ended before Spark was ready")
            time.sleep(0.02)
        content = told.read_bytes()
        told.unlink()
        port, length = struct.unpack(">ii", content[:8])
        os.environ["PYSPARK_GATEWAY_PORT"] = str(port)
        os.environ["PYSPARK_GATEWAY_SECRET"] = content[8 : 8 + length].decode()

    def alive(self) -> bool:
        """Say whether it runs."""
        return self.process is not None and self.process.poll() is None

    def options(self) -> list[str]:
        """Return the options to read the archive, or to be able to write it."""
        if self.archive is None:
            return []
        if self.archive.is_file():
            return [f"-XX:SharedArchiveFile={self.archive}"]
        return ["-XX:+RecordDynamicDumpInfo"]

    def archive_classes(self, gateway: Any) -> None:
        """Write the classes that are loaded now, unless that was done before.

        The command is ``VM.cds`` of
        https://docs.oracle.com/en/java/javase/17/docs/specs/man/jcmd.html

        Args:
            gateway: of py4j, into the JVM.
        """
        if self.archive is None or self.archive.is_file():
            return
        from py4j.protocol import Py4JError  # type: ignore[import-untyped]

        self.archive.parent.mkdir(parents=True, exist_ok=True)
        for part in self.archive.parent.glob(f"{self.archive.name}.*"):
            if part.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                part.unlink(missing_ok=True)  # Of one that was killed.
        part = self.archive.with_name(f"{self.archive.name}.{os.getpid()}")
        jvm, lang = gateway.jvm, gateway.jvm.java.lang
        beans = jvm.java.lang.management.ManagementFactory.getPlatformMBeanServer()
        name = jvm.javax.management.ObjectName("com.sun.management:type=DiagnosticCommand")
        words = _array(gateway, lang.String, "dynamic_dump", str(part))
        signature = _array(gateway, lang.String, "[Ljava.lang.String;")
        call = (name, "vmCds", _array(gateway, lang.Object, words), signature)
        # By its interface: py4j calls no methods of a class that its module keeps to itself.
        methods = lang.Class.forName("javax.management.MBeanServer").getMethods()
        (invoke,) = (method for method in methods if method.getName() == "invoke")
        try:
            invoke.invoke(beans, _array(gateway, lang.Object, *call))
            part.replace(self.archive)
        except (Py4JError, OSError) as error:  # Spark serves without it as well.
            sys.stderr.write(f"classes were not archived: {error}\n")
            self.archive = None


def _array(gateway: Any, kind: Any, *values: object) -> Any:
    """Return a Java array."""
    array = gateway.new_array(kind, len(values))
    for place, value in enumerate(values):
        array[place] = value
    return array


def serve(folder: Path, start: Mapping[str, Any], java: Java) -> None:
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
    watch(folder, service, context._gateway, java, start["idle_seconds"])
    if java.alive():
        session.stop()


def connect_service(context: Any) -> Any:
    """Return the one object of Spark Connect in the JVM."""
    loaded = context._jvm.java.lang.Class.forName(SERVICE)
    return loaded.getField("MODULE$").get(None)


def watch(folder: Path, service: Any, gateway: Any, java: Java, idle: float) -> None:
    """Return when the JVM has ended, or nobody has used Spark for ``idle`` seconds."""
    first = last_execution(service)
    while java.alive():
        time.sleep(LOOK_SECONDS)
        unused = unused_seconds(folder, service, gateway.jvm)
        if unused >= PAUSE_SECONDS and last_execution(service) != first:
            java.archive_classes(gateway)
        if unused < idle:
            continue
        use = open_lock(folder / USE_LOCK)
        if take(use) and unused_seconds(folder, service, gateway.jvm) >= idle:
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
    last = last_execution(service)
    if last is None:
        return 0.0
    ran = (jvm.java.lang.System.nanoTime() - last) / 1e9
    return float(min(came, ran))


def last_execution(service: Any) -> int | None:
    """Return when Spark executed something last, in nanoseconds; None while it does."""
    running = service.listActiveExecutions()
    return None if running.isRight() else int(running.left().toOption().get())


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
