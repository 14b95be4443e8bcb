"""Projects with tests that use the plugin, run by a pytest and with a Spark of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECONDS = 300
SETTINGS = """\
[tool.pytest.ini_options]
pythonpath = ["src"]
filterwarnings = ["error"]
"""
# What would lead the tests of the tests elsewhere.
FOREIGN = ("BRICKLANE_", "DATABRICKS_", "SPARK_", "PYTEST_")


@dataclass(frozen=True)
class Project:
    """A project whose tests use the plugin.

    Args:
        root: its folder.
        environment: of its test runs.
    """

    root: Path
    environment: dict[str, str] = field(repr=False)

    def write(self, path: str, text: str) -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]

    def pytest(
        self, *arguments: str, code: int = 0, variables: Mapping[str, str] | None = None
    ) -> str:
        """Run its tests and return what they print."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.root,
            env=self.environment | dict(variables or {}),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def bricklane(self, *arguments: str, code: int = 0) -> str:
        """Run a command of bricklane in its folder and return what it prints."""
        done = subprocess.run(
            [str(Path(sys.executable).with_name("bricklane")), *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr


def plain_environment(**more: str) -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}
    return {**kept, "COLUMNS": "80", **more}


def kill(process: subprocess.Popen[str]) -> None:
    """End a test run as an operating system that needs memory does."""
    process.send_signal(signal.SIGKILL)
    process.wait(30)
