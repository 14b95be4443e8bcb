"""Finding the warm Spark of this project, and starting it when there is none."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bricklane import runner
from bricklane.errors import BricklaneError, ExitCode
from bricklane.testing.spark import server
from bricklane.testing.spark.installation import (
    Installation,
    environment_stamp,
    lasting_environment,
)
from bricklane.testing.spark.java import java_command
from bricklane.testing.spark.settings import SERVER, local_settings

STATE = "BRICKLANE_STATE_DIR"
IDLE = "BRICKLANE_SPARK_IDLE"
MEMORY = "BRICKLANE_SPARK_MEMORY"
TOKEN = "SPARK_CONNECT_AUTHENTICATE_TOKEN"  # noqa: S105  (a name, not a token)

# Nobody comes back to the machine of a workflow's job; a runner that lasts has the next one soon.
JOB_IDLE = "20s"
RUNNER_IDLE = "15m"
DEFAULT_IDLE = "30m"
DEFAULT_MEMORY = "2g"
START_SECONDS = 120.0
POLL_SECONDS = 0.05
END_SECONDS = 10.0
LOG_LINES = 15
OPTIONS = "spark.driver.extraJavaOptions"
# Spark's own variables and options of every Java would change what is started here.
FOREIGN = ("SPARK_", "PYSPARK_", "DATABRICKS_", "JAVA_TOOL_OPTIONS")
# What a Spark gets that outlives the job which needed it first: no secret of that job, and nothing
# by which the runner knows the job's processes to end them.
LASTING = ("LANG", "LC_ALL", "PATH", "PYTHONPATH", "TMPDIR", "TZ", "USER", runner.FOLDER)


@dataclass(frozen=True, slots=True)
class WarmSpark:
    """A running warm Spark.

    Args:
        folder: its state.
        pid: of its process.
        port: of Spark Connect on loopback.
        token: what a client must present.
        about: versions, root and environment that it serves.
        fresh: whether this call has started it.
        lease: an open file; while it is open, Spark does not end for want of use. None when it was
            only looked at.
    """

    folder: Path
    pid: int
    port: int
    token: str
    about: Mapping[str, Any]
    fresh: bool = False
    lease: int | None = None

    def release(self) -> None:
        """Let Spark end when nobody else uses it."""
        if self.lease is not None:
            os.close(self.lease)

    @property
    def remote(self) -> str:
        """The connection string, without the token; pyspark sends one in clear to this name."""
        return f"sc://localhost:{self.port}"

    def __repr__(self) -> str:
        return f"WarmSpark(pid={self.pid}, port={self.port})"


def state_root(environment: Mapping[str, str]) -> Path:
    """Return the folder with the state of all warm Sparks of this user, or of this runner."""
    from platformdirs import user_state_path

    base = environment.get(STATE) or environment.get(runner.FOLDER)
    root = Path(base) if base else user_state_path("bricklane", appauthor=False)
    return root / "spark"


def acquire(
    installation: Installation,
    root: Path,
    chosen: Mapping[str, str],
    environment: Mapping[str, str],
) -> WarmSpark:
    """Return the warm Spark of a project, started when there is none; the caller releases it.

    Args:
        installation: the Spark to serve.
        root: the project's folder, in which relative paths of tests begin.
        chosen: the project's own settings of Spark.
        environment: of this process; says idle time and memory.

    Raises:
        BricklaneError: when it does not come up; the message has the end of its log.
    """
    kept = _kept(root, environment)
    usual = RUNNER_IDLE if kept else JOB_IDLE if environment.get("CI") else DEFAULT_IDLE
    idle = seconds(environment.get(IDLE) or usual, IDLE)
    memory = environment.get(MEMORY) or DEFAULT_MEMORY
    if kept:
        kept.lead_here()
    about = {
        "root": str(kept.link if kept else root),
        "environment": str(lasting_environment()),
        "pyspark": installation.version,
        "python": str(installation.python),
        "delta": bool(installation.jars),
        "memory": memory,
        "settings": dict(chosen),
    }
    key = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()[:12]
    folder = state_root(environment) / key
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _locked(folder / server.START_LOCK):
        _note_folders(folder, root)
        lease = server.open_lock(folder / server.USE_LOCK)
        fcntl.flock(lease, fcntl.LOCK_SH)  # Waits for one that is just ending.
        try:
            about["stamp"] = environment_stamp()
            found = running(folder)
            if found and found.about.get("stamp") != about["stamp"]:
                end(found)  # It runs user-defined functions with what was installed before.
                found = None
            found = found or _start(folder, installation, about, idle, environment, kept)
            os.utime(folder / server.RECORD)
        except BaseException:
            os.close(lease)
            raise
        return replace(found, lease=lease)


def _kept(root: Path, environment: Mapping[str, str]) -> runner.Kept | None:
    """Return what the runner keeps for a project, unless the environment goes with the job."""
    kept = runner.kept_for(root, environment)
    return kept if kept and not lasting_environment().is_relative_to(kept.workspace) else None


def running(folder: Path) -> WarmSpark | None:
    """Return the warm Spark of a folder; waits for one that is starting or ending."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and _held(folder / server.SERVER_LOCK):
        found = read(folder)
        if found and _answers(found.port):
            return found
        time.sleep(POLL_SECONDS)
    return None


def read(folder: Path) -> WarmSpark | None:
    """Return what the record in a folder says, whether or not it is true."""
    try:
        record = json.loads((folder / server.RECORD).read_text("utf-8"))
        return WarmSpark(folder, record["pid"], record["port"], record["token"], record)
    except (OSError, ValueError, KeyError):
        return None


def all_running(environment: Mapping[str, str]) -> list[WarmSpark]:
    """Return the warm Sparks of this user."""
    folders = sorted(state_root(environment).glob(f"*/{server.RECORD}"))
    found = (read(file.parent) for file in folders if _held(file.parent / server.SERVER_LOCK))
    return [each for each in found if each]


def end(spark: WarmSpark) -> None:
    """End a warm Spark and its JVM; by force when it does not end itself."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(spark.pid, number)
        until = time.monotonic() + END_SECONDS
        while time.monotonic() < until:
            if not _held(spark.folder / server.SERVER_LOCK):
                (spark.folder / server.RECORD).unlink(missing_ok=True)
                return
            time.sleep(POLL_SECONDS)


def seconds(text: str, name: str) -> float:
    """Return a length of time such as ``90s``, ``30m``, ``6h`` or ``2d`` in seconds.

    Raises:
        BricklaneError: naming ``name``, when it is none.
    """
    units = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
    number, unit = text.strip()[:-1], text.strip()[-1:]
    try:
        value = float(number) * units[unit]
    except (KeyError, ValueError):
        value = -1.0
    if not 0 <= value < float("inf"):
        raise BricklaneError(
            f"{name}: expected a length of time such as 90s, 30m or 6h, found {text!r}",
            exit_code=ExitCode.USAGE,
        )
    return value


def _start(
    folder: Path,
    installation: Installation,
    about: Mapping[str, Any],
    idle: float,
    environment: Mapping[str, str],
    kept: runner.Kept | None,
) -> WarmSpark:
    settings = local_settings(
        folder / server.SCRATCH, about["memory"], installation.jars, about["settings"]
    )
    settings = {**settings, **SERVER}
    if kept:
        # Where relative paths begin: the folder of this job is gone when the next one comes.
        settings[OPTIONS] = f"{settings[OPTIONS]} -Duser.dir={kept.link}"
    variables = _environment(folder, installation, environment, kept)
    java = java_command(installation, settings, variables)
    start = {
        "settings": settings,
        "about": about,
        "idle_seconds": idle,
        "java": java.words,
        "archive": str(java.archive) if java.archive else None,
    }
    server.write(folder / "start.json", start)
    log = folder / "log"
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:  # noqa: PTH123
        process = subprocess.Popen(
            [str(installation.python), "-P", server.__file__, str(folder)],
            cwd=kept.runner if kept else about["root"],
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # It outlives the run that needed it first, and its terminal.
        )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        found = read(folder)
        if found and found.pid == process.pid:
            process.returncode = 0  # It shall go on: Python warns of programs that were forgotten.
            return WarmSpark(folder, found.pid, found.port, found.token, found.about, fresh=True)
        if process.poll() is not None:
            break
        time.sleep(POLL_SECONDS)
    process.kill()
    process.wait()
    raise _did_not_start(log)


def _did_not_start(log: Path) -> BricklaneError:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    said = "\n".join(lines[-LOG_LINES:]) or "it printed nothing"
    return BricklaneError(
        f"Spark for the tests did not start; it said last:\n{said}",
        hint=f"the whole log is {log}\nwith a Spark of another place: pytest --spark sc://HOST:PORT",
        exit_code=ExitCode.TOOL,
    )


def _environment(
    folder: Path,
    installation: Installation,
    environment: Mapping[str, str],
    kept: runner.Kept | None,
) -> dict[str, str]:
    if kept:
        own = {name: environment[name] for name in LASTING if name in environment}
        own |= {"HOME": str(kept.runner), "BRICKLANE_SPARK_ROOT": str(kept.link)}
    else:
        own = {name: text for name, text in environment.items() if not name.startswith(FOREIGN)}
    modules = Path(server.__file__).with_name("pythonpath")
    return {
        **own,
        "JAVA_HOME": str(installation.java_home),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(modules), own.get("PYTHONPATH")))),
        "PYSPARK_PYTHON": str(installation.python),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "BRICKLANE_SPARK_FOLDERS": str(folder / "folders.json"),
        TOKEN: secrets.token_urlsafe(32),
    }


def _note_folders(folder: Path, root: Path) -> None:
    """Tell the workers of user-defined functions where this run imports the project from."""
    file = folder / "folders.json"
    try:
        known = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        known = []
    together = list(dict.fromkeys([*import_folders(root), *known]))
    if together != known:
        server.write(file, together)


def import_folders(root: Path) -> list[str]:
    """Return the folders of a project that this process imports its modules from."""
    places = [str(root / "src"), str(root), *map(os.path.abspath, sys.path)]
    inside = [place for place in places if Path(place).is_relative_to(root)]
    installed = (sys.prefix, lasting_environment())
    return [
        place for place in inside if not any(Path(place).is_relative_to(it) for it in installed)
    ]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock, which the system releases whatever ends this process."""
    descriptor = server.open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _held(path: Path) -> bool:
    """Return whether some process holds a lock."""
    if not path.exists():
        return False
    descriptor = server.open_lock(path)
    try:
        return not server.take(descriptor)
    finally:
        os.close(descriptor)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
