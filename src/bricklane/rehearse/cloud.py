"""The cloud that a rehearsal plays on: started and asked as a user would, by the command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from configparser import ConfigParser, SectionProxy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from bricklane.errors import BricklaneError, ExitCode
from bricklane.process import Command, run

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

FORGE = "forge"
# Listeners of a cloud that are no workspaces.
SERVICES = (FORGE, "account")
# The command line, as a program of its own; -P keeps modules of the working directory out.
BRICKLANE = (sys.executable, "-P", "-m", "bricklane")


@dataclass(frozen=True, slots=True)
class LocalCloud:
    """A running local cloud.

    Args:
        name: of the cloud.
        state: folder of its state.
        workspaces: name → URL.
        forge: URL of the forge's pages.
        api: URL of the forge's REST API.
        tokens: login → token of the forge's users.
        config: the config file with a profile for each workspace.
    """

    name: str
    state: Path
    workspaces: Mapping[str, str]
    forge: str
    api: str
    tokens: Mapping[str, str] = field(repr=False)
    config: Path

    def profile(self, name: str) -> SectionProxy:
        """Return a profile of the config file that the cloud has written."""
        profiles = ConfigParser(interpolation=None)
        profiles.read(self.config, encoding="utf-8")
        return profiles[name]

    def administrator(self, workspace: str) -> WorkspaceClient:
        """Return a client of the workspace with the rights of its administrator."""
        from databricks.sdk import WorkspaceClient

        profile = self.profile(workspace)
        return WorkspaceClient(host=profile["host"], token=profile["token"], auth_type="pat")


def start(name: str, environment: Mapping[str, str], *, fresh: bool) -> LocalCloud:
    """Start the local cloud called ``name`` and return it.

    Args:
        name: of the cloud.
        environment: added to that of the cloud, and so of the jobs of its workflows.
        fresh: whether everything that is in it is deleted first.

    Raises:
        BricklaneError: when it does not start.
    """
    if fresh:
        _bricklane("local", "down", "--name", name)
        _bricklane("local", "reset", "--yes", "--name", name)
    _bricklane("local", "up", "--name", name, "--port", "0", "--empty", environment=environment)
    return find(name)


def find(name: str) -> LocalCloud:
    """Return the running local cloud called ``name``.

    Raises:
        BricklaneError: when it does not run, or has no forge.
    """
    status = json.loads(_bricklane("local", "status", "--name", name, "--json", allowed={0, 3}))
    if not status["running"]:
        raise BricklaneError(
            f"the local cloud {name} does not run",
            hint=f"start it with: bricklane local up --name {name}",
            exit_code=ExitCode.LOCAL_CLOUD,
        )
    state = Path(status["state"])
    forge = json.loads((state / "forge.json").read_text("utf-8"))
    hosts = {key: url for key, url in status["hosts"].items() if key not in SERVICES}
    return LocalCloud(
        name=name,
        state=state,
        workspaces=hosts,
        forge=forge["url"],
        api=forge["api"],
        tokens=forge["users"],
        config=Path(status["config_file"]),
    )


def stop(name: str) -> None:
    """Stop the local cloud; its state stays."""
    _bricklane("local", "down", "--name", name)


def _bricklane(
    *arguments: str,
    allowed: set[int] | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    command = Command(
        (*BRICKLANE, *arguments),
        Path.cwd(),
        environment=environment or {},
    )
    return run(command, allowed=frozenset(allowed or {0})).output


def place(name: str) -> Path:
    """Return the folder for the projects of rehearsals on the cloud called ``name``."""
    import os

    from platformdirs import user_state_path

    base = os.environ.get("BRICKLANE_STATE_DIR")
    root = Path(base) if base else user_state_path("bricklane", appauthor=False)
    return root / "rehearsals" / name
