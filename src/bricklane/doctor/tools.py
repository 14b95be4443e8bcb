"""The first link: programs on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane.doctor.model import Check, Link, Result, failed, not_applicable, passed
from bricklane.errors import BricklaneError, ExitCode

if TYPE_CHECKING:
    from bricklane.doctor.world import World
    from bricklane.tools.model import Tool


def databricks(world: World) -> Result:
    """Look for the Databricks CLI."""
    from bricklane.tools.table import DATABRICKS

    return _found(world, DATABRICKS)


def _found(world: World, tool: Tool) -> Result:
    from bricklane.tools.discovery import find

    finding = find(tool, world.environment)
    if finding.copy is None:
        seen = "".join(f"; {row.path} is passed over: {row.reason}" for row in finding.rejections)
        return failed(
            f"{tool.name} {tool.wanted} was not found{seen}",
            f"bricklane tools install {tool.name}",
            ExitCode.TOOL,
        )
    return passed(f"{finding.copy.version} ({finding.source})")


def git(world: World) -> Result:
    """Look whether git is new enough."""
    from pathlib import Path

    from bricklane.gitflow.git import Git, check_version

    del world
    text = Git(Path.cwd()).text("version")
    check_version(text)
    return passed(text.removeprefix("git version "))


def terraform(world: World) -> Result:
    """Look for Terraform, where the project is provisioned by it."""
    from bricklane.provision.infrastructure import FOLDER
    from bricklane.tools.terraform import TERRAFORM

    try:
        root = world.bundle.root
    except BricklaneError:
        return not_applicable("there is no project that could need it")
    if not (root / FOLDER).is_dir():
        return not_applicable(f"the project has no {FOLDER}/")
    return _found(world, TERRAFORM)


TOOLS = Link(
    "tools",
    (
        Check(
            "tools.databricks",
            "Databricks CLI",
            "A Databricks CLI is there that bricklane can drive.",
            databricks,
        ),
        Check("tools.git", "git", "git is there and new enough for merges without files.", git),
        Check(
            "tools.terraform",
            "Terraform",
            "Terraform is there, if the project has infrastructure/.",
            terraform,
        ),
    ),
)
