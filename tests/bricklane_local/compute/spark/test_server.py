"""The life of the Spark process: started once, restarted, ended, and never left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil
import pytest

from bricklane_local.compute.spark.endpoint import SparkEndpoint
from bricklane_local.compute.spark.errors import SparkError
from bricklane_local.compute.spark.installation import SparkInstallation
from bricklane_local.compute.spark.server import SparkServer
from bricklane_local.paths import StatePaths

pytestmark = pytest.mark.real
Case = Callable[[SparkServer], Coroutine[Any, Any, None]]


def ask(endpoint: SparkEndpoint, remote: str | None = None) -> Any:
    """Run one query in a session that knows no workspace."""
    from pyspark.sql.connect.session import SparkSession

    session = SparkSession.builder.remote(remote or endpoint.remote_with_token).create()
    try:
        return session.sql("SELECT 40 + 2").collect()[0][0]
    finally:
        session.stop()


def gone(pid: int, seconds: float = 15) -> bool:
    """Say whether a process ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.1)
    return False


# pyspark logs that a session could not be released by a method that Python deprecates.
@pytest.mark.filterwarnings("ignore:The 'warn' method is deprecated:DeprecationWarning")
def test_the_life_of_a_spark_process(installation: SparkInstallation, tmp_path: Path) -> None:
    """One process for all these, because each start takes many seconds."""
    server = SparkServer(installation, StatePaths(tmp_path / "state"), memory_megabytes=768)

    async def life() -> None:
        first, second = await asyncio.gather(server.ensure(), server.ensure())
        assert first == second
        pid = server.pid
        assert pid is not None
        assert await asyncio.to_thread(ask, first) == 42
        _keeps_its_secrets(pid, first, tmp_path)
        _listens_on_loopback_only(pid)
        await asyncio.to_thread(_refuses_strangers, first)
        temporary = tmp_path / "state" / "spark" / "scratch" / "tmp"
        left = set(temporary.glob("artifacts-*"))
        assert left, "Spark keeps its temporary files elsewhere"
        await _comes_back(server, first)
        assert not left & set(temporary.iterdir())
        last = server.pid
        assert last is not None
        await server.stop()
        assert not psutil.pid_exists(last)
        assert not (tmp_path / "state" / "spark" / "scratch").exists()
        await server.stop()

    assert server.pid is None
    asyncio.run(life())


def _keeps_its_secrets(pid: int, endpoint: SparkEndpoint, folder: Path) -> None:
    assert endpoint.token not in " ".join(psutil.Process(pid).cmdline())
    assert endpoint.token not in repr(endpoint)
    for file in (folder / "state" / "spark").glob("*.*"):
        if file.is_file():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
            assert endpoint.token not in file.read_text()


def _listens_on_loopback_only(pid: int) -> None:
    listening = [c for c in psutil.Process(pid).net_connections() if c.status == "LISTEN"]
    assert {connection.laddr.ip.removeprefix("::ffff:") for connection in listening} == {
        "127.0.0.1"
    }


def _refuses_strangers(endpoint: SparkEndpoint) -> None:
    from pyspark.errors import PySparkException

    for remote in (endpoint.remote, f"{endpoint.remote}/;token=wrong"):
        with pytest.raises(PySparkException, match=r"UNAUTHENTICATED|Invalid authentication"):
            ask(endpoint, remote)


async def _comes_back(server: SparkServer, before: SparkEndpoint) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    while server.is_running:
        await asyncio.sleep(0.05)
    after = await server.ensure()
    assert after == before
    await server.warm()
    await server.warm()
    assert await asyncio.to_thread(ask, after) == 42


PARENT = """
import asyncio, sys
from pathlib import Path
from bricklane_local.compute.spark.installation import SparkInstallation
from bricklane_local.compute.spark.server import SparkServer
from bricklane_local.paths import StatePaths

async def main():
    installation = SparkInstallation(Path(sys.argv[1]), Path(sys.argv[2]))
    server = SparkServer(installation, StatePaths(Path(sys.argv[3])), memory_megabytes=512)
    await server.ensure()
    print(server.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


def test_spark_ends_when_its_parent_is_killed(
    installation: SparkInstallation, tmp_path: Path
) -> None:
    argv = [sys.executable, "-c", PARENT, installation.directory, installation.java_home, tmp_path]
    with subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        assert gone(pid)


def test_a_start_that_fails_says_why(installation: SparkInstallation, tmp_path: Path) -> None:
    paths = StatePaths(tmp_path / "state")
    server = SparkServer(installation, paths, overrides={"spark.master": "nonsense"})
    with pytest.raises(SparkError, match=r"(?s)ended before it was ready.*nonsense") as caught:
        asyncio.run(server.ensure())
    assert str(paths.logs / "spark.log") in (caught.value.hint or "")
    assert not server.is_running


def test_a_folder_without_spark_is_named(tmp_path: Path) -> None:
    installation = SparkInstallation(tmp_path, Path("/nowhere"))
    with pytest.raises(SparkError, match=f"There is no Spark in {tmp_path}") as caught:
        asyncio.run(SparkServer(installation, StatePaths(tmp_path)).ensure())
    assert caught.value.hint == "Run `bricklane tools install spark`."
