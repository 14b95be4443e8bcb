"""The peer of row 1: the in-memory fake workspace that the Databricks CLI's own tests use.

It is built at run time from the module that the CLI is built from, which stays where Go keeps
modules; of this repository is only ``go/main.go``, which starts it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measurement import UnavailableError
from benchmarks.programs import run
from bricklane.tools.gobuild import PINS

MAIN = Path(__file__).parent / "go" / "main.go"
PROFILE = "fake"
# The prefix by which the fake workspace tells a user's token from a service principal's.
TOKEN = "dbapi0benchmark"  # noqa: S105
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class FakeWorkspace:
    """A running fake workspace.

    Args:
        pid: its process.
        config: the file with its profile :data:`PROFILE`, for Databricks clients.
    """

    pid: int
    config: Path


def build(folder: Path) -> Path:
    """Build the fake workspace in ``folder`` and return the program.

    Raises:
        UnavailableError: when Go is missing.
        ProgramError: when the build fails.
    """
    go = shutil.which("go")
    if go is None:
        raise UnavailableError(
            "go is not on PATH: the CLI's fake server is built from its Go module"
        )
    folder.mkdir()
    for file in (MAIN, PINS / "databricks" / "go.mod", PINS / "databricks" / "go.sum"):
        shutil.copy(file, folder)
    # ``-mod=mod`` lets Go add the few modules that the fake needs beyond the CLI, at the versions
    # which the CLI's own go.mod names.
    command = (go, "build", "-mod=mod", "-trimpath", "-buildvcs=false", "-o", "fakeworkspace", ".")
    run(*command, folder=folder, environment=os.environ | {"GOWORK": "off", "CGO_ENABLED": "0"})
    return folder / "fakeworkspace"


@contextmanager
def fake_workspace(program: Path, folder: Path) -> Iterator[FakeWorkspace]:
    """Serve a fake workspace, in a folder that is made here."""
    folder.mkdir()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program],
            cwd=folder,
            env=os.environ | {"TMPDIR": str(folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        assert process.stdout is not None
        host = process.stdout.readline().decode().strip()
        config = folder / "config"
        config.touch(mode=0o600)
        # Without the limit of 15 requests a second, as the local cloud's profiles.
        config.write_text(f"[{PROFILE}]\nhost = {host}\ntoken = {TOKEN}\nrate_limit = 1000\n")
        yield FakeWorkspace(process.pid, config)
    finally:
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
