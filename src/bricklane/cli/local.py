"""``bricklane local``: resolves the tools, then becomes the local cloud's own command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from typing import NoReturn

import click

from bricklane.errors import BricklaneError, ExitCode

# Tool → (the variable that tells the local cloud where it is, the option that says the same).
HANDED_OVER = {
    "java": ("BRICKLANE_LOCAL_JAVA", "--java"),
    "spark": ("BRICKLANE_LOCAL_SPARK", "--spark"),
    "act": ("BRICKLANE_LOCAL_ACT", "--act"),
}
# Command → the tools that it cannot do without.
NEEDED_TOOLS = {
    "up": tuple(HANDED_OVER),
    "reset": tuple(HANDED_OVER),
    "spark-plugin": ("java", "spark"),
}


@click.command(
    name="local",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def command(arguments: tuple[str, ...]) -> None:
    """Start, stop and inspect the local cloud."""
    require_extra()
    environment = dict(os.environ)
    hand_over_tools(arguments, environment)
    # -P: with -m alone, modules in the working directory would run instead of installed ones.
    become([sys.executable, "-P", "-m", "bricklane_local", *arguments], environment)


def require_extra() -> None:
    """Check that what ``bricklane[local]`` adds is installed.

    Raises:
        BricklaneError: naming what is missing.
    """
    from importlib import metadata

    from packaging.requirements import Requirement

    missing = []
    for text in metadata.requires("bricklane") or []:
        requirement = Requirement(text)
        if requirement.marker is None or not requirement.marker.evaluate({"extra": "local"}):
            continue
        try:
            installed = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            missing.append(requirement.name)
        else:
            if not requirement.specifier.contains(installed, prereleases=True):
                missing.append(f"{requirement.name}{requirement.specifier} (found {installed})")
    if missing:
        raise BricklaneError(
            f"the local cloud is not installed: {', '.join(missing)} missing",
            hint="pip install 'bricklane[local]'",
            exit_code=ExitCode.LOCAL_CLOUD,
        )


def hand_over_tools(arguments: Sequence[str], environment: MutableMapping[str, str]) -> None:
    """Set the variables that tell the local cloud where the tools are.

    Args:
        arguments: the words after ``bricklane local``; commands that cannot do without a tool
            install it where it is missing, unless they only ask for help.
        environment: taken from and added to; what the user set or passes as an option stays.

    Raises:
        BricklaneError: when a tool that is needed cannot be installed.
    """
    from bricklane.tools.discovery import find
    from bricklane.tools.installation import install
    from bricklane.tools.reporting import terminal_reporter
    from bricklane.tools.table import TOOLS

    if not arguments or {"-h", "--help"}.intersection(arguments):
        return
    needed = NEEDED_TOOLS.get(arguments[0], ())
    for name, (variable, option) in HANDED_OVER.items():
        if environment.get(variable) or _has_option(arguments, option):
            continue
        if name in needed:
            finding = install(name, environment, terminal_reporter())
        else:
            finding = find(TOOLS[name], environment)
        if finding.copy:
            environment[variable] = str(finding.copy.path)


def _has_option(arguments: Sequence[str], option: str) -> bool:
    return any(word == option or word.startswith(f"{option}=") for word in arguments)


def become(command_line: list[str], environment: dict[str, str]) -> NoReturn:
    """Replace this process by another program, so that signals and exit codes are its own."""
    if os.name == "posix":
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command_line[0], command_line, environment)  # noqa: S606  (an argument list)
    sys.exit(subprocess.run(command_line, env=environment, check=False).returncode)
