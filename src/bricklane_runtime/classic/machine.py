"""The Java virtual machine behind a task on classic Spark, reached as PySpark reaches any.

It ends with the task: its standard input, which it reads until it ends, is held by the task alone,
and it is in the task's process group.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark import java_gateway

from bricklane_runtime.jvm import REMOVED, SETTINGS

if TYPE_CHECKING:
    from py4j.clientserver import ClientServer  # type: ignore[import-untyped]

_PYSPARK: Any = java_gateway  # it has no hints
SERVER = "org.apache.spark.api.python.PythonGatewayServer"
# A run that is cancelled signals its process group. What the task still does then, such as in a
# `finally`, needs Spark, so that Java must not obey; it ends when the task does.
DEAF = ("/bin/sh", "-c", "trap '' TERM INT; exec \"$@\"", "sh")
WRITTEN, REACHED = "_PYSPARK_DRIVER_CONN_INFO_PATH", "PYSPARK_GATEWAY_"
SCRATCH = "spark-scratch"
POLL_SECONDS = 0.05
START_SECONDS = 120.0
STOP_SECONDS = 10.0


class ClassicStartError(Exception):
    """The Java virtual machine of classic Spark did not start."""


class Machine:
    """A Java virtual machine with Spark's classes, started when this is made.

    Args:
        command: command line up to the name of a class.
        folder: of the run, which has its settings.

    Raises:
        ClassicStartError: it ended at once, or took too long.
    """

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self._folder = folder
        written = folder / "gateway"
        written.unlink(missing_ok=True)
        kept = {name: value for name, value in os.environ.items() if name not in REMOVED}
        self._process = subprocess.Popen(
            [*DEAF, *command, SERVER],
            stdin=subprocess.PIPE,
            env={**kept, WRITTEN: str(written), "TMPDIR": str(folder / SCRATCH)},
        )
        self._await(written)
        self.gateway = self._connect(written)
        jvm = self.gateway.jvm
        jvm.bricklane.spark.ProcessSettings.take(jvm.java.io.File(str(folder / SETTINGS)).toPath())

    def _await(self, written: Path) -> None:
        begun = time.monotonic()
        while not written.exists():
            code = self._process.poll()
            if code is not None:
                raise ClassicStartError(
                    f"The Java virtual machine of classic Spark ended with exit code {code} while "
                    "it started; the run's log has what it said"
                )
            if time.monotonic() - begun > START_SECONDS:
                self.stop()
                raise ClassicStartError(
                    "The Java virtual machine of classic Spark was not ready after "
                    f"{START_SECONDS:.0f} s"
                )
            time.sleep(POLL_SECONDS)

    def _connect(self, written: Path) -> ClientServer:
        with written.open("rb") as stream:
            port, secret = _PYSPARK.read_int(stream), _PYSPARK.UTF8Deserializer().loads(stream)
        written.unlink()
        # PySpark takes them from there only; programs that the task starts shall not find them.
        os.environ |= {f"{REACHED}PORT": str(port), f"{REACHED}SECRET": secret}
        try:
            gateway = _PYSPARK.launch_gateway()
        finally:
            for name in ("PORT", "SECRET"):
                del os.environ[f"{REACHED}{name}"]
        _give_up_interrupted(gateway._gateway_client)
        return gateway

    def stop(self) -> None:
        """End the process; it stops Spark itself, unless that takes too long."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _give_up_interrupted(client: Any) -> None:
    """Have a call that is cancelled close its connection.

    Py4J does so for a KeyboardInterrupt only; after another, what the task still does would read
    the answer to the call that was given up as the one to its own.
    """
    send = client.send_command

    def send_or_close(*arguments: Any, **named: Any) -> Any:
        try:
            return send(*arguments, **named)
        except Exception:
            raise
        except BaseException:
            connection = client.get_thread_connection()
            if connection is not None:
                connection.close()
            raise

    client.send_command = send_or_close
