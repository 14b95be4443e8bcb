"""The link of the project's own files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bricklane import __version__
from bricklane.doctor.model import (
    Check,
    Link,
    Result,
    failed,
    not_applicable,
    passed,
    warned,
)
from bricklane.errors import ExitCode

if TYPE_CHECKING:
    from bricklane.doctor.world import World

SHOWN = 3


def bundle(world: World) -> Result:
    """Read the bundle's file."""
    found = world.bundle
    if not found.targets:
        return failed(
            f"{found.file.name} has no targets",
            "add targets dev, staging and prod: bricklane new --help shows a project with them",
            ExitCode.CONFIG,
        )
    return passed(f"{found.name}, targets {', '.join(found.targets)}")


def settings(world: World) -> Result:
    """Read bricklane's own file."""
    from bricklane.project.loading import FILE_NAME

    file = world.settings.root / FILE_NAME
    return passed("all keys known" if file.is_file() else "absent: every key has its default")


def template(world: World) -> Result:
    """Compare the project with the template of this bricklane."""
    from bricklane.project.rendering import ANSWERS
    from bricklane.project.updating import pending, read_recorded

    root = world.bundle.root
    if not (root / ANSWERS).is_file():
        return not_applicable("the project is not from bricklane's template")
    recorded, files = read_recorded(root), pending(root)
    if files:
        shown = ", ".join(files[:SHOWN]) + (", …" if len(files) > SHOWN else "")
        return warned(
            f"of bricklane {recorded.version}; an update changes {len(files)} files: {shown}",
            "bricklane update",
        )
    return passed(f"of bricklane {recorded.version}, as {__version__} makes it")


def workflows(world: World) -> Result:
    """Read the workflows."""
    from bricklane.doctor.workflows import FOLDER

    found = world.workflows
    if not found.files:
        return failed(
            f"there are no workflows in {FOLDER}",
            "bricklane update restores the template's; a bundle of your own gets them by:"
            " bricklane adopt",
            ExitCode.CONFIG,
        )
    return passed(f"{len(found.files)} files in {FOLDER}")


PROJECT = Link(
    "project",
    (
        Check(
            "project.bundle",
            "databricks.yml",
            "The bundle's file, and what it includes, can be read and has targets.",
            bundle,
        ),
        Check(
            "project.settings",
            "bricklane.toml",
            "bricklane.toml says nothing that it cannot say.",
            settings,
            ("project.bundle",),
        ),
        Check(
            "project.template",
            "template",
            "The project is what the template of this bricklane makes.",
            template,
            ("project.bundle",),
        ),
        Check(
            "project.workflows",
            "workflows",
            "The workflow files are there and can be read.",
            workflows,
            ("project.settings",),
        ),
    ),
)
