"""Octokit's own calls, unmodified, against the real server."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from bricklane.tools.cache import cache_root
from tests.bricklane_local.forge.desk import Desk

pytestmark = pytest.mark.real
SCRIPTS = Path(__file__).with_name("octokit")
NODE = 20


def program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not on PATH: install Node.js {NODE} or newer, which brings it")
    return found


@pytest.fixture(scope="module")
def modules() -> Path:
    """The folder of Octokit's packages, installed from the lock file on first use."""
    command = [program("node"), "--version"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if int(said.lstrip("v").split(".")[0]) < NODE:
        pytest.fail(f"node is {said}: install Node.js {NODE} or newer")
    digest = hashlib.sha256((SCRIPTS / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = cache_root(os.environ) / "tests" / f"octokit-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SCRIPTS / name, folder)
            command = [program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode:
                pytest.fail(f"npm could not install Octokit:\n{done.stdout}{done.stderr}")
            (folder / "complete").touch()
    return folder / "node_modules"


@pytest.fixture(scope="module")
def acting(start: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A forge that runs workflows by act, which ``make test`` has installed before."""
    command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", "act"]
    act = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    server = start(tmp_path_factory.mktemp("acting") / "state", "--act", act)
    yield Desk.of(server)
    server.local("down")


@pytest.mark.parametrize("script", ["actions", "delivery", "git", "pulls"])
def test_octokit_works_unmodified(acting: Desk, modules: Path, tmp_path: Path, script: str) -> None:
    for path in SCRIPTS.glob("*.mjs"):
        shutil.copy(path, tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    environment = os.environ | {
        "FORGE_API": acting.api,
        "FORGE_TOKEN": acting.tokens["developer"],
        "FORGE_REVIEWER_TOKEN": acting.tokens["release-manager"],
    }
    done = subprocess.run(
        [program("node"), f"{script}.mjs"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
