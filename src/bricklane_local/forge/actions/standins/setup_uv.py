"""Offers the uv of this machine, as astral-sh/setup-uv offers a fresh one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def append(variable: str, line: str) -> None:
    """Add a line to one of the runner's command files."""
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def main() -> None:
    """Find uv, and say which it is."""
    print(f"This is a stand-in for {sys.argv[1]}, a part of the local forge.", flush=True)
    uv = shutil.which("uv")
    if uv is None:
        sys.exit("::error::uv is not on this machine; install it: https://docs.astral.sh/uv")
    printed = subprocess.run([uv, "--version"], capture_output=True, text=True, check=True).stdout
    version = printed.split()[1]
    wanted = os.environ.get("INPUT_VERSION", "").strip()
    if wanted and wanted not in ("latest", version):
        print(f"::warning::uv {wanted} was asked for; this machine has {version}, which is used")
    print(f"uv {version}: {uv}")
    python = os.environ.get("INPUT_PYTHON-VERSION", "").strip()
    if python:
        append("GITHUB_ENV", f"UV_PYTHON={python}")
    if os.environ.get("INPUT_ACTIVATE-ENVIRONMENT", "").lower() == "true":
        folder = Path(os.environ["GITHUB_WORKSPACE"]) / ".venv"
        subprocess.run([uv, "venv", str(folder)], check=True)
        append("GITHUB_PATH", str(folder / "bin"))
        append("GITHUB_ENV", f"VIRTUAL_ENV={folder}")
    append("GITHUB_OUTPUT", f"uv-version={version}")
    append("GITHUB_OUTPUT", f"uv-path={uv}")
    append("GITHUB_OUTPUT", "cache-hit=false")


main()
