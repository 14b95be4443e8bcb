"""What the cloud's Spark does, in a file for other commands."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import psutil

from bricklane_local.files import write_atomically

STARTING, RUNNING, IDLE, STOPPED = "STARTING", "RUNNING", "IDLE", "STOPPED"
# Of a Spark that somebody else runs.
REACHABLE, LOST = "REACHABLE", "LOST"
_SHOWN = {
    STARTING: "starting",
    RUNNING: "running (process {pid}, port {port})",
    IDLE: "stopped because nobody used it; the next use starts it",
    STOPPED: "not running; the next use starts it",
    REACHABLE: "the remote {remote}, which can be used",
    LOST: "the remote {remote}, which cannot be used: {problem}",
}


@dataclass(frozen=True, slots=True)
class SparkStatus:
    """What Spark does.

    Args:
        state: one of the states above.
        pid: of its process, 0 for none.
        port: of Spark Connect, which a stopped Spark keeps; 0 before the first start.
        remote: address of a Spark that somebody else runs; "" for the cloud's own.
        problem: why a remote Spark cannot be used; "" when it can.
    """

    state: str = STOPPED
    pid: int = 0
    port: int = 0
    remote: str = ""
    problem: str = ""

    def write(self, file: Path) -> None:
        """Write it down."""
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(file, orjson.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> SparkStatus:
        """Return what was written down last, unless the process has ended since by itself."""
        try:
            found = cls(**orjson.loads(file.read_bytes()))
        except FileNotFoundError:
            return cls()
        gone = found.pid and not psutil.pid_exists(found.pid)
        return cls(STOPPED, 0, found.port) if gone else found

    def __str__(self) -> str:
        return _SHOWN[self.state].format(**asdict(self))
