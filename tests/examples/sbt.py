"""sbt, with which projects in Scala are built: its launcher by checksum, which fetches the rest."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from filelock import FileLock

from bricklane.tools.cache import cache_root
from bricklane.tools.ivy import REPOSITORY_VARIABLE, proxy_options

VERSION = "1.10.7"
SHA256 = "3cca02818047327a83efde776103a1ef92f76f72c062badbbb062499a3270c07"
CENTRAL = "https://repo1.maven.org/maven2"
LAUNCHER = f"org/scala-sbt/sbt-launch/{VERSION}/sbt-launch-{VERSION}.jar"


def sbt_environment() -> dict[str, str]:
    """Return variables with which a program called ``sbt`` is on PATH, fetched on first use."""
    root = cache_root(os.environ) / "tests" / f"sbt-{VERSION}"
    root.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{root}.lock"):
        launcher = root / "sbt-launch.jar"
        if not launcher.exists():
            _fetch(launcher)
        _write_program(root, launcher)
    return {
        "PATH": f"{root}{os.pathsep}{os.environ['PATH']}",
        "COURSIER_CACHE": str(root / "coursier"),
    }


def _fetch(launcher: Path) -> None:
    repository = os.environ.get(REPOSITORY_VARIABLE) or CENTRAL
    answer = requests.get(f"{repository.rstrip('/')}/{LAUNCHER}", timeout=120)
    answer.raise_for_status()
    found = hashlib.sha256(answer.content).hexdigest()
    if found != SHA256:
        pytest.fail(f"{LAUNCHER} has the SHA-256 {found}, and {SHA256} was expected")
    draft = launcher.with_suffix(".part")
    draft.write_bytes(answer.content)
    draft.replace(launcher)


def _write_program(root: Path, launcher: Path) -> None:
    command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", "java"]
    java = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    # A file: a proxy's URL may carry a password.
    options = root / "java.options"
    options.touch(0o600)
    options.write_text(
        proxy_options(os.environ)
        + f'-Xmx1200m\n-Dsbt.ci=true\n"-Dsbt.boot.directory={root / "boot"}"\n'
        f'"-Dsbt.global.base={root / "global"}"\n"-Dsbt.ivy.home={root / "ivy"}"\n'
    )
    words = [str(Path(java) / "bin" / "java"), f"@{options}", "-jar", str(launcher)]
    program = root / "sbt"
    program.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    program.chmod(0o755)
