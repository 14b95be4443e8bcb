"""Offers a Python of this machine, as actions/setup-python offers a fresh one."""

import os
import subprocess
import sys
from pathlib import Path


def append(variable: str, line: str) -> None:
    """Add a line to one of the runner's command files."""
    with Path(os.environ[variable]).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def wanted() -> str:
    """Return the version that the inputs ask for; empty for any."""
    version = os.environ.get("INPUT_PYTHON-VERSION", "").strip()
    file = os.environ.get("INPUT_PYTHON-VERSION-FILE", "").strip()
    if not version and file:
        path = Path(os.environ["GITHUB_WORKSPACE"]) / file
        version = path.read_text("utf-8").split()[0]
    return version.removesuffix(".x")


def main() -> None:
    """Find the interpreter, and put an environment of it on PATH."""
    print(f"This is a stand-in for {sys.argv[1]}, a part of the local forge.", flush=True)
    version = wanted()
    found = subprocess.run(
        ["uv", "python", "find", "--no-project", *([version] if version else [])],
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode != 0:
        sys.exit(f"::error::Python {version} is not on this machine: {found.stderr.strip()}")
    folder = Path(os.environ["RUNNER_TEMP"]) / "python"
    subprocess.run([found.stdout.strip(), "-m", "venv", "--clear", str(folder)], check=True)
    python = folder / "bin" / "python"
    printed = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout
    print(f"{printed.strip()}: {found.stdout.strip()}")
    if os.environ.get("INPUT_UPDATE-ENVIRONMENT", "true").lower() == "true":
        append("GITHUB_PATH", str(folder / "bin"))
        append("GITHUB_ENV", f"pythonLocation={folder}")
    append("GITHUB_OUTPUT", f"python-version={printed.split()[1]}")
    append("GITHUB_OUTPUT", f"python-path={python}")


main()
