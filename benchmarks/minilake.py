"""The peer of row 6: minilake, a package on PyPI, as its own manual starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import uv

from benchmarks.programs import ProgramError, run
from bricklane.tools.cache import cache_root

VERSION = "1.9.0"
START_SECONDS = 60
STOP_SECONDS = 30


def install() -> Path:
    """Return minilake's program, installed into a virtual environment of its own when absent.

    Raises:
        ProgramError: when the package index does not deliver it.
    """
    folder = cache_root(os.environ) / "benchmarks" / f"minilake-{VERSION}"
    program = folder / "bin" / "minilake"
    if not program.exists():
        installer = uv.find_uv_bin()
        run(installer, "venv", "--clear", "--quiet", folder)
        python = folder / "bin" / "python"
        run(installer, "pip", "install", "--quiet", "--python", python, f"minilake=={VERSION}")
    return program


@contextmanager
def running(program: Path, folder: Path) -> Iterator[int]:
    """Start minilake on loopback; yield its process id once it answers.

    Args:
        program: as :func:`install` returns it.
        folder: for its data and log; made here.

    Raises:
        ProgramError: when it does not answer.
    """
    folder.mkdir()
    port = free_port()
    # It keeps extensions of its database in the home folder, which shall stay as it is.
    home = program.parents[1] / "home"
    home.mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "--port", str(port)],
            cwd=folder,
            env=os.environ | {"HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait(f"http://127.0.0.1:{port}/_minilake/health", process, folder / "log")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port on loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until ``url`` answers.

    Raises:
        ProgramError: when the process ends first, or takes too long.
    """
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.RequestException:
            time.sleep(0.1)
        else:
            return
    raise ProgramError(f"minilake does not answer:\n{log.read_text('utf-8', 'replace')}")
