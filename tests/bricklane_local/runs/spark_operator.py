"""Who runs a Spark Connect server for others, with Spark's own script."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

MAIN = "org.apache.spark.sql.connect.service.SparkConnectServer"
START_SECONDS = 180
# What an operator says of size, here for a small machine that does other things beside.
SMALL = (
    "spark.ui.enabled=false",
    "spark.log.level=WARN",
    "spark.sql.shuffle.partitions=1",
    "spark.databricks.delta.snapshotPartitions=1",
    "spark.driver.extraJavaOptions=-Xss4m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
    "spark.executor.extraJavaOptions=-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
)


class Operator:
    """Starts and kills a Spark Connect server with Spark's own script.

    Args:
        compute: the options of a cloud that say where Spark and Java are.
        folder: for its log.
    """

    def __init__(self, compute: list[str], folder: Path) -> None:
        options = dict(zip(compute[::2], compute[1::2], strict=True))
        (self.home,) = Path(options["--spark"]).glob("venv/lib/python*/site-packages/pyspark")
        self._python = Path(options["--spark"]) / "venv" / "bin" / "python"
        self._java = options["--java"]
        self._folder = folder
        self.log = folder / "operator.log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def remote(self) -> str:
        """The address without a token."""
        return f"sc://localhost:{self.port}"

    def start(self, *options: str) -> None:
        """Start the server and wait until it listens."""
        words = [*SMALL, f"spark.connect.grpc.binding.port={self.port}"]
        confs = [part for word in words for part in ("--conf", word)]
        kept = {key: value for key, value in os.environ.items() if not key.startswith("SPARK_")}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    self.home / "bin" / "spark-submit",
                    *options,
                    *confs,
                    "--class",
                    MAIN,
                    "spark-internal",
                ],
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=kept
                | {
                    "SPARK_HOME": str(self.home),
                    "JAVA_HOME": self._java,
                    "PYSPARK_PYTHON": str(self._python),
                },
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not listens(self.port):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.2)

    def kill(self) -> None:
        """End it and its executors as ``kill -9`` does."""
        if self._process is not None:
            found = psutil.Process(self._process.pid)
            every = [*found.children(recursive=True), found]
            os.killpg(self._process.pid, signal.SIGKILL)
            for process in every:
                if process.is_running():
                    process.kill()
            psutil.wait_procs(every, timeout=20)
            self._process.wait()
            self._process = None


def free_port() -> int:
    """Return a port of loopback that nobody has."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody listens on a port of loopback."""
    with socket.socket() as found:
        return found.connect_ex(("127.0.0.1", port)) == 0
