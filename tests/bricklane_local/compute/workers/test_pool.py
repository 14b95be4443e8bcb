from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bricklane_local.compute.workers import Exit, WorkerError, Workers
from bricklane_local.compute.workers.modules import runtime_folder
from bricklane_local.compute.workers.pool import write_specification

Case = Callable[[Workers], Coroutine[Any, Any, None]]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Case], None]:
    """Runs an asynchronous test with workers of this environment."""

    @asynccontextmanager
    async def workers() -> AsyncIterator[Workers]:
        made = Workers(
            Path(sys.executable),
            partial(runtime_folder, tmp_path / "workers"),
            tmp_path / "logs" / "log",
        )
        try:
            yield made
        finally:
            await made.stop()

    def run(case: Case) -> None:
        async def main() -> None:
            async with workers() as made:
                await case(made)

        asyncio.run(main())

    return run


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Makes the specification of a Python program."""

    def make(source: str, name: str = "run") -> dict[str, Any]:
        file = tmp_path / f"{name}.py"
        file.write_text(source)
        return {
            "kind": "spark_python",
            "run_directory": str(tmp_path / name),
            "host": "http://127.0.0.1:9",
            "token": "secret-token",
            "python_file": {"path": file.name, "file": str(file)},
        }

    return make


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came true"
        await asyncio.sleep(0.02)


def test_runs_tasks_side_by_side(
    run: Callable[[Case], None], program: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    async def case(workers: Workers) -> None:
        names = [f"run{number}" for number in range(6)]
        started = [await workers.start(program(f"print({name!r})", name)) for name in names]
        assert len({worker.pid for worker in started}) == 6
        ends = await asyncio.gather(*(worker.wait() for worker in started))
        assert ends == [Exit(0, None)] * 6
        assert await started[0].wait() == Exit(0, None)
        for name in names:
            assert (tmp_path / name / "stdout.log").read_text() == f"{name}\n"
            result = json.loads((tmp_path / name / "result.json").read_text())
            assert result["state"] == "SUCCESS"

    run(case)


def test_a_cold_task_sees_its_own_versions_of_preloaded_packages(
    run: Callable[[Case], None], program: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    (tmp_path / "overlay").mkdir()
    (tmp_path / "overlay/requests.py").write_text("__version__ = 'mine'\nSession = None")
    source = "import requests; print(requests.__version__)"

    async def case(workers: Workers) -> None:
        specification = program(source) | {"sys_path": [str(tmp_path / "overlay")]}
        await (await workers.start(specification, cold=True)).wait()
        assert (tmp_path / "run/stdout.log").read_text() == "mine\n"

    run(case)


def test_a_killed_task_ends_in_its_own_way_or_by_force(
    run: Callable[[Case], None], program: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    stubborn = "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    waiting = "print('on')\nimport time\ntime.sleep(60)"

    async def case(workers: Workers) -> None:
        polite = await workers.start(program(waiting, "polite"))
        forced = await workers.start(program(stubborn + waiting, "forced"))
        sudden = await workers.start(program(waiting, "sudden"))
        for name in ("polite", "forced", "sudden"):
            log = tmp_path / name / "stdout.log"
            await until(lambda log=log: log.exists() and "on" in log.read_text())  # type: ignore[misc]
        await polite.kill(grace_seconds=20)
        await forced.kill(grace_seconds=0.3)
        await sudden.kill(grace_seconds=0)
        assert await polite.wait() == Exit(143, None)
        assert await forced.wait() == Exit(None, signal.SIGKILL)
        assert await sudden.wait() == Exit(None, signal.SIGKILL)
        assert not list(tmp_path.glob("*/result.json"))
        await polite.kill()  # of one that has ended: nothing to do

    run(case)


def test_a_waiter_that_gives_up_does_not_disturb_the_others(
    run: Callable[[Case], None], program: Callable[..., dict[str, Any]]
) -> None:
    async def case(workers: Workers) -> None:
        worker = await workers.start(program("import time; time.sleep(0.5)"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(worker.wait(), 0.05)
        assert await worker.wait() == Exit(0, None)

    run(case)


def test_a_dead_zygote_takes_its_workers_along_and_is_replaced(
    run: Callable[[Case], None], program: Callable[..., dict[str, Any]]
) -> None:
    async def case(workers: Workers) -> None:
        worker = await workers.start(program("import time; time.sleep(60)"))
        zygote = int(Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[1])
        os.kill(zygote, signal.SIGKILL)
        assert await worker.wait() == Exit(None, signal.SIGKILL)
        await until(lambda: not is_running(worker.pid))
        again = await workers.start(program("print('again')", "again"))
        assert await again.wait() == Exit(0, None)

    run(case)


def test_a_start_that_is_cancelled_leaves_other_tasks_alone(
    run: Callable[[Case], None], program: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    async def case(workers: Workers) -> None:
        other = await workers.start(program("import time; time.sleep(3)", "other"))
        for number in range(5):
            task = asyncio.create_task(workers.start(program("print(1)", f"cancelled{number}")))
            await asyncio.sleep(0.001 * number)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not (tmp_path / f"cancelled{number}" / "task.json").exists()
        again = await workers.start(program("print('again')", "again"))
        assert await again.wait() == Exit(0, None)
        assert await other.wait() == Exit(0, None)

    run(case)


def test_stopping_leaves_no_process(
    run: Callable[[Case], None], program: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    pids: list[int] = []
    source = "import subprocess, time\nprint(subprocess.Popen(['sleep', '60']).pid, flush=True)\n"

    async def case(workers: Workers) -> None:
        worker = await workers.start(program(source + "time.sleep(60)"))
        log = tmp_path / "run/stdout.log"
        await until(lambda: log.exists() and log.read_text().endswith("\n"))
        zygote = int(Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[1])
        pids.extend([zygote, worker.pid, int(log.read_text())])
        await workers.stop()
        assert await worker.wait() == Exit(None, signal.SIGKILL)
        await until(lambda: not any(is_running(pid) for pid in pids))
        await workers.stop()  # again: nothing to do

    run(case)
    assert len(pids) == 3


def test_the_specification_is_for_this_user_only_and_replaces_an_old_one(tmp_path: Path) -> None:
    specification = {"run_directory": str(tmp_path / "run"), "token": "secret"}
    for _ in range(2):
        path = write_specification(specification)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == specification


def test_an_interpreter_that_cannot_run_is_named(tmp_path: Path) -> None:
    async def main() -> None:
        workers = Workers(
            tmp_path / "none" / "python", partial(runtime_folder, tmp_path / "w"), tmp_path / "log"
        )
        specification = {"run_directory": str(tmp_path / "run"), "token": "secret"}
        with pytest.raises(WorkerError, match=r"Cannot start .*none/python: No such file"):
            await workers.start(specification)
        assert not (tmp_path / "run/task.json").exists()

    asyncio.run(main())


def test_what_a_dying_zygote_said_is_told(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no module named pandas >&2\nexit 3\n")
    python.chmod(0o755)

    async def main() -> None:
        workers = Workers(python, partial(runtime_folder, tmp_path / "w"), tmp_path / "log")
        with pytest.raises(WorkerError, match="The worker process ended: no module named pandas"):
            await workers.warm()
        await workers.stop()

    asyncio.run(main())


def test_runs_do_not_inherit_what_the_server_was_told(
    run: Callable[[Case], None],
    program: Callable[..., dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DATABRICKS_CONFIG_PROFILE", "prod")
    monkeypatch.setenv("SPARK_HOME", "/elsewhere")
    monkeypatch.setenv("KEPT", "yes")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    source = (
        "import os, time; print([os.environ.get(n) for n in "
        "('DATABRICKS_CONFIG_PROFILE', 'SPARK_HOME', 'KEPT')], time.tzname[0])"
    )

    async def case(workers: Workers) -> None:
        await (await workers.start(program(source))).wait()
        assert (tmp_path / "run/stdout.log").read_text() == "[None, None, 'yes'] UTC\n"

    run(case)


def test_only_the_runtime_is_offered_to_other_interpreters(tmp_path: Path) -> None:
    folder = runtime_folder(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["bricklane_runtime"]
    assert runtime_folder(tmp_path) == folder
