"""Running other programs: where they are, and how they end."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measurement import UnavailableError

BRICKLANE = Path(sys.executable).parent / "bricklane"
SHOWN_LINES = 20


class ProgramError(Exception):
    """A program that a benchmark needs failed; the message has its last lines."""


def run(
    *command: str | Path, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> str:
    """Run a program to its end and return what it printed.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: its whole environment; ours when None.

    Raises:
        ProgramError: when its exit code is not 0.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()[-SHOWN_LINES:]
        words = " ".join(map(str, command[:4]))
        raise ProgramError(
            f"`{words}` ended with exit code {done.returncode}:\n" + "\n".join(lines)
        )
    return done.stdout


def tool(name: str) -> Path:
    """Return where the external program ``name`` is, as ``bricklane tools path`` says.

    Raises:
        UnavailableError: when it is not installed.
    """
    try:
        return Path(run(BRICKLANE, "tools", "path", name).strip())
    except ProgramError as error:
        raise UnavailableError(
            f"{name} is not installed (bricklane tools install): {error}"
        ) from None


def client_environment(config: Path, profile: str, cache: Path) -> dict[str, str]:
    """Return an environment in which a Databricks client sees one profile and nothing else.

    Args:
        config: the config file.
        profile: its section.
        cache: folder for what the client caches.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABRICKS_", "BUNDLE_"))
    }
    return inherited | {
        "DATABRICKS_CONFIG_FILE": str(config),
        "DATABRICKS_CONFIG_PROFILE": profile,
        "XDG_CACHE_HOME": str(cache),
    }
