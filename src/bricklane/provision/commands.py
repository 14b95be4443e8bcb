"""Argument lists for Terraform; nothing here runs anything.

Source: https://developer.hashicorp.com/terraform/cli/commands
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bricklane.process import Command

# What people and scripts set for a Terraform of their own, and what would change what this one
# prints or asks.
ARGUMENTS = "TF_CLI_ARGS"
AUTOMATION = {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}

# Nobody but the owner may read state, plans and what providers leave.
PRIVATE = 0o077

# Terraform that is told to stop finishes the requests that are under way and then writes down what
# it has made: a workspace that it did not wait for would be in no state.
GRACE = 300.0


@dataclass(frozen=True, slots=True)
class RootModule:
    """A folder that Terraform is run in, and how it reaches what it changes.

    Args:
        program: Terraform.
        directory: the root module.
        environment: added to this process's own for each command. Secrets go here and nowhere
            else: as variables of a provider, or as ``TF_VAR_name``.
        remove: variables taken out of the environment.
        secrets: values never shown.
        variable_files: files with values for the module's variables; nothing secret.
        cli_config: Terraform's CLI configuration, which says where providers come from; without
            one the user's own is used.
    """

    program: Path
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()
    variable_files: tuple[Path, ...] = ()
    cli_config: Path | None = None


def init(
    root: RootModule, *, upgrade: bool = False, backend: Mapping[str, str] | None = None
) -> Command:
    """Return the command that installs the providers and modules that the root module asks for.

    Args:
        root: the root module.
        upgrade: whether newer versions than those of the lock file may be chosen.
        backend: settings of the backend that the files leave open; nothing secret.
    """
    settings = [f"-backend-config={name}={value}" for name, value in (backend or {}).items()]
    chosen = ("-upgrade",) if upgrade else ()
    return _command(root, "init", "-input=false", *chosen, *settings)


def lock(root: RootModule, platforms: tuple[str, ...], mirror: Path | None = None) -> Command:
    """Return the command that writes the providers' checksums for several platforms.

    Args:
        root: the root module.
        platforms: such as ``linux_amd64``.
        mirror: a filesystem mirror to take the providers from, in place of their registries.
    """
    source = (f"-fs-mirror={mirror}",) if mirror else ()
    chosen = (f"-platform={platform}" for platform in platforms)
    return _command(root, "providers lock", *source, *chosen)


def validate(root: RootModule) -> Command:
    """Return the command that says as JSON whether the files are valid."""
    return _command(root, "validate", "-json")


def plan(
    root: RootModule, file: Path, *, destroy: bool = False, refresh_only: bool = False
) -> Command:
    """Return the command that plans; it exits with 2 when there is something to change.

    Args:
        root: the root module.
        file: takes the plan, which holds secrets in clear.
        destroy: whether to plan that everything goes away.
        refresh_only: whether to look only at what was changed by others.
    """
    modes = {"-destroy": destroy, "-refresh-only": refresh_only}
    return _command(
        root,
        *("plan", "-input=false", "-detailed-exitcode", f"-out={file}"),
        *(flag for flag, wanted in modes.items() if wanted),
        *_variables(root),
    )


def show(root: RootModule, file: Path) -> Command:
    """Return the command that prints a plan as JSON, with secrets in clear."""
    return _command(root, "show", "-json", str(file))


def apply(root: RootModule, file: Path) -> Command:
    """Return the command that carries out a plan, and nothing but that plan."""
    return _command(root, "apply", "-input=false", str(file))


def output(root: RootModule) -> Command:
    """Return the command that prints the outputs as JSON, with secrets in clear."""
    return _command(root, "output", "-json")


def destroy(root: RootModule) -> Command:
    """Return the command that deletes everything that the state knows, without asking."""
    return _command(root, "destroy", "-input=false", "-auto-approve", *_variables(root))


def run_tests(root: RootModule, *, filters: tuple[Path, ...] = ()) -> Command:
    """Return the command that runs the tests of a module.

    Args:
        root: the module.
        filters: the test files to run; all by default.
    """
    chosen = (f"-filter={file}" for file in filters)
    return _command(root, "test", *chosen, *_variables(root))


def _variables(root: RootModule) -> tuple[str, ...]:
    return tuple(f"-var-file={file}" for file in root.variable_files)


def _command(root: RootModule, verb: str, *words: str) -> Command:
    arguments = {name for name in os.environ if name.startswith(ARGUMENTS)}
    config = {"TF_CLI_CONFIG_FILE": str(root.cli_config)} if root.cli_config else {}
    return Command(
        (str(root.program), *verb.split(), "-no-color", *words),
        root.directory,
        environment={**AUTOMATION, **config, **root.environment},
        remove=root.remove | arguments,
        secrets=root.secrets,
        grace=GRACE,
        shielded=True,
        umask=PRIVATE,
    )
