"""What a CI runner of one's own keeps from one job to the next.

A runner of GitHub is a new machine for each job. One that lasts says by a variable which folder
belongs to it alone: it runs one job at a time, so who finds the variable has the folder to itself.
There the environment of a project and the Spark of its tests stay for the next job, which has the
same project in another folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = "BRICKLANE_RUNNER_DIR"
WORKSPACE = "GITHUB_WORKSPACE"
UV_ENVIRONMENT = "UV_PROJECT_ENVIRONMENT"


@dataclass(frozen=True, slots=True)
class Kept:
    """What a runner keeps for the project in one folder of its workspace.

    Args:
        runner: the runner's own folder.
        workspace: of this job.
        root: where the project is in this job.
        name: of the project's place in the workspace, the same in each job.
    """

    runner: Path
    workspace: Path
    root: Path
    name: str

    @property
    def environment(self) -> Path:
        """The project's Python environment."""
        return self.runner / "environments" / self.name

    @property
    def link(self) -> Path:
        """A path of the project that is the same in each job."""
        return self.runner / "projects" / self.name

    def lead_here(self) -> None:
        """Let :attr:`link` lead to the project of this job."""
        self.link.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.link.with_name(f".{self.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.root)
        fresh.replace(self.link)


def kept_for(root: Path, environment: Mapping[str, str]) -> Kept | None:
    """Return what the runner keeps for a project.

    Args:
        root: the project's folder.
        environment: of this process.

    Returns:
        None on a machine that lasts for one job, and for a project outside the job's workspace,
        which no later job will have.
    """
    folder, workspace = environment.get(FOLDER), environment.get(WORKSPACE)
    if not folder or not workspace:
        return None
    here, whole = root.resolve(), Path(workspace).resolve()
    if not here.is_relative_to(whole):
        return None
    name = hashlib.sha256(here.relative_to(whole).as_posix().encode()).hexdigest()[:12]
    return Kept(Path(folder).resolve(), whole, here, name)


def project_environment(root: Path, environment: Mapping[str, str]) -> Mapping[str, str]:
    """Return what leads uv to the project's environment that the runner keeps, if it does.

    Args:
        root: the project's folder.
        environment: of this process; where it names an environment itself, that one is used.
    """
    kept = kept_for(root, environment)
    if kept is None or environment.get(UV_ENVIRONMENT):
        return {}
    return {UV_ENVIRONMENT: str(kept.environment)}
