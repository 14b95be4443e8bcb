"""A local cloud of the benchmark's own, in a temporary state folder."""

from __future__ import annotations

import configparser
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.programs import run

LOCAL = (sys.executable, "-m", "bricklane_local")
PROFILE = "dev"


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """A running cloud.

    Args:
        pid: process id of its server.
        host: URL of its first workspace.
        token: of that workspace's administrator.
        config: the file with both, for Databricks clients.
    """

    pid: int
    host: str
    token: str = field(repr=False)
    config: Path


@contextmanager
def local_cloud(state: Path, *options: str | Path) -> Iterator[LocalCloud]:
    """Start a cloud on a free port; stop it in the end.

    Args:
        state: folder of its state.
        options: of ``bricklane local up``, such as ``--spark``.

    Raises:
        ProgramError: when it does not start or stop.
    """
    run(*LOCAL, "up", "--state", state, "--port", "0", *options)
    try:
        status = json.loads(run(*LOCAL, "status", "--state", state, "--json"))
        config = configparser.ConfigParser()
        config.read(status["config_file"], encoding="utf-8")
        profile = config[PROFILE]
        path = Path(status["config_file"])
        yield LocalCloud(status["pid"], profile["host"], profile["token"], path)
    finally:
        run(*LOCAL, "down", "--state", state)
