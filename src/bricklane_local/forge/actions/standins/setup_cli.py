"""Offers the Databricks CLI of this machine, as databricks/setup-cli offers a fresh one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def version_of(program: str) -> str:
    """Return the version that a CLI says it has; empty when it does not run."""
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    return done.stdout.strip().removeprefix("Databricks CLI v") if done.returncode == 0 else ""


def candidates() -> list[str]:
    """Return the CLIs of this machine: those that bricklane has installed, newest first."""
    cache = Path(os.environ["BRICKLANE_CACHE_DIR"]) / "tools" / "databricks"
    installed = sorted(cache.glob("*/databricks"), key=lambda path: path.stat().st_mtime)
    found = [str(path) for path in reversed(installed)]
    present = shutil.which("databricks")
    return [*found, present] if present else found


def main() -> None:
    """Find the CLI and put it on PATH."""
    print(f"This is a stand-in for {sys.argv[1]}, a part of the local forge.", flush=True)
    wanted = os.environ.get("INPUT_VERSION", "latest").removeprefix("v")
    for program in candidates():
        version = version_of(program)
        # The old CLI in Python prints another line.
        if version and "Version" not in version:
            break
    else:
        sys.exit(
            "::error::the Databricks CLI is not on this machine; "
            "install it: bricklane tools install databricks"
        )
    if wanted not in ("latest", "", version):
        print(f"::warning::version {wanted} was asked for; this machine has {version}")
    print(f"Databricks CLI v{version}: {program}")
    with Path(os.environ["GITHUB_PATH"]).open("a", encoding="utf-8") as file:
        file.write(f"{Path(program).parent}\n")


main()
