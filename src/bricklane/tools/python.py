"""Python packages of tools: the commands of uv, and where uv is."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bricklane.tools.model import Job, WayFailed
from bricklane.tools.processes import run

PINS = Path(__file__).parent / "pins"


def base_python() -> str:
    """Return the interpreter that environments are made from: not one inside an environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def find_uv(environment: Mapping[str, str]) -> str:
    """Return the path of uv: the one installed with ``bricklane[local]``, or the one on ``PATH``.

    Raises:
        WayFailed: when there is neither.
    """
    try:
        import uv

        return uv.find_uv_bin()
    except (ImportError, FileNotFoundError):
        found = shutil.which("uv", path=environment.get("PATH", ""))
    if found is None:
        raise WayFailed("uv is not installed", hint="pip install 'bricklane[local]'")
    return found


def create_environment(uv: str, folder: Path) -> list[str]:
    """Return the command that makes a virtual environment which can be moved."""
    return [uv, "venv", "--no-project", "--relocatable", "--python", base_python(), str(folder)]


def install_packages(uv: str, requirements: Path, *where: str) -> list[str]:
    """Return the command that installs exactly the packages and hashes of ``requirements``.

    The list is complete, so nothing is resolved: asking pyspark for its dependencies alone would
    unpack its source archive of half a gigabyte. Bytecode is compiled so that the first run after
    an installation is as fast as the next.
    """
    return [
        *(uv, "pip", "install", "--no-deps", "--require-hashes", "--compile-bytecode"),
        *("--requirements", str(requirements), *where),
    ]


@dataclass(frozen=True, slots=True)
class PythonPackage:
    """A tool that a Python package carries.

    Args:
        requirements: the file with its version and hashes.
    """

    requirements: Path
    label: str = "Python package"

    def provide(self, job: Job) -> dict[str, Any]:
        """Install the package into the job's folder.

        Raises:
            WayFailed: when uv is missing or fails.
        """
        uv = find_uv(job.environment)
        where = ("--target", str(job.folder), "--python", base_python())
        with job.reporter.activity(f"{job.tool.name}: downloading") as activity:
            command = install_packages(uv, self.requirements, *where)
            # Run in the folder, so that no uv settings of the project around us apply.
            run(command, job, activity, directory=job.folder, environment={})
        return {"requirements": self.requirements.name}
