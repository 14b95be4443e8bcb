"""Providing a tool by building it with Go, from versions and checksums pinned in a ``go.mod``."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bricklane.tools.cache import digest
from bricklane.tools.model import Job, WayFailed
from bricklane.tools.processes import run

PINS = Path(__file__).parent / "go"


@dataclass(frozen=True, slots=True)
class GoBuild:
    """A Go program whose module is required by a ``go.mod`` of ours.

    ``go install module@version`` would not do: it ignores ``go.sum``, and fails where a module
    proxy serves no version list.

    Args:
        package: the import path of the program.
        binary: the file to make.
        pins: the folder with ``go.mod`` and ``go.sum``.
        stamp: the string variable that is set at build time, or None.
        stamped: what it is set to, with ``{version}``.
    """

    package: str
    binary: str
    pins: Path
    stamp: str | None = None
    stamped: str = "{version}"
    label: str = "built with Go"

    def provide(self, job: Job) -> dict[str, Any]:
        """Build the program.

        Raises:
            WayFailed: when Go is missing or the build fails.
        """
        go = shutil.which("go", path=job.environment.get("PATH", ""))
        if go is None:
            raise WayFailed(
                "go is not on PATH",
                hint=f"install Go {self.minimum()} or newer (https://go.dev/dl)",
            )
        title = f"{job.tool.name}: building {self.package} {job.tool.version}; this takes minutes"
        with job.reporter.activity(title) as activity:
            run(
                self.command(go, job.folder, job.tool.version),
                job,
                activity,
                directory=self.pins,
                # A go.work above this folder must not change what is built, and a C compiler must
                # not be needed.
                environment={"GOWORK": "off", "CGO_ENABLED": "0"},
            )
        return {"package": self.package, "sha256": digest(job.folder / self.binary)}

    def command(self, go: str, folder: Path, version: str) -> list[str]:
        """Return the command that builds ``version`` into ``folder``."""
        value = self.stamped.format(version=version)
        stamp = f" -X {self.stamp}={value}" if self.stamp else ""
        return [
            *(go, "build", "-mod=readonly", "-trimpath", "-buildvcs=false", "-v"),
            *("-ldflags", f"-s -w{stamp}"),
            *("-o", str(folder / self.binary), self.package),
        ]

    def minimum(self) -> str:
        """Return the Go version that the pins ask for."""
        lines = (self.pins / "go.mod").read_text("utf-8").splitlines()
        return next((line.split()[1] for line in lines if line.startswith("go ")), "of any version")
