"""Runs Terraform and reads what it answers.

State and plans hold secrets in clear, so everything that Terraform writes is made for its owner
alone. Applying goes by a saved plan: what was shown is what is done. An apply that ends early,
because it failed, was interrupted or killed, leaves a state that names what was made by then; the
next plan goes on from there.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bricklane.advice import Advice, advised
from bricklane.errors import BricklaneError, ExitCode
from bricklane.process import Command, CommandFailed, Result, run
from bricklane.provision import commands
from bricklane.provision.commands import RootModule
from bricklane.provision.results import (
    Output,
    Plan,
    read_diagnostics,
    read_outputs,
    read_plan,
)

Show = Callable[[str], None]

CHANGES = 2
PLAN_EXITS = frozenset({0, CHANGES})


ADVICE = (
    Advice(
        r"Error acquiring the state lock",
        "wait for the other run to end; if it was killed: terraform force-unlock with the ID above",
    ),
    Advice(
        r"(?i)inconsistent dependency lock file|terraform init|Module not installed",
        "run `terraform init` in the folder of the root module",
        ExitCode.CONFIG,
    ),
    Advice(
        r"Failed to query available provider packages|Failed to install provider",
        "check the network, or: bricklane tools install terraform-provider-databricks",
        ExitCode.NETWORK,
    ),
    Advice(
        r"No value for required variable|Invalid value for variable|Invalid value for input",
        "correct the value in the .tfvars file that is named, or in TF_VAR_name",
        ExitCode.CONFIG,
    ),
    Advice(
        r"(?i)cannot configure default credentials|invalid_client|401 Unauthorized",
        "check DATABRICKS_HOST, DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET\n"
        "a secret that has just been made may need a minute until it is valid",
        ExitCode.CONFIG,
    ),
    Advice(
        r"(?i)already (exists|has a )",
        "it was made by others, or by a run that was killed before Terraform could write it down:"
        " take it over by `terraform import ADDRESS ID` in that folder, with the address above",
    ),
    Advice(
        r"(?i)403 Forbidden|PERMISSION_DENIED|does not have permission",
        "the principal that Terraform runs as must be an administrator of what it changes",
    ),
    Advice(
        r"(?i)no such host|connection refused|i/o timeout|network is unreachable",
        "check the host and the network; the run can be repeated as it is",
        ExitCode.NETWORK,
    ),
)

# Terraform draws its messages into boxes.
BOX = re.compile(r"^[╷│╵] ?", re.MULTILINE)
PROBLEM = re.compile(r"^Error: ", re.MULTILINE)


class TerraformError(BricklaneError):
    """Terraform refused or failed; the message is what it said."""


def open_root_module(
    directory: Path,
    environment: Mapping[str, str],
    *,
    variables: Mapping[str, str] | None = None,
    secrets: tuple[str, ...] = (),
    variable_files: tuple[Path, ...] = (),
) -> RootModule:
    """Return a root module with the Terraform that is installed.

    The Databricks provider comes from bricklane's copy when there is one, else from the registry.

    Args:
        directory: the folder.
        environment: of this process; says where tools are.
        variables: added to the environment of each command, such as ``DATABRICKS_HOST``; secrets
            among them are told in ``secrets`` too.
        secrets: values never shown.
        variable_files: files with values for the module's variables; nothing secret.

    Raises:
        BricklaneError: when Terraform is not installed; the hint says how to install it.
    """
    from bricklane.tools.discovery import find_cached, require
    from bricklane.tools.terraform import PROVIDER, TERRAFORM

    mirror = find_cached(PROVIDER, environment)
    return RootModule(
        program=require(TERRAFORM, environment),
        directory=directory,
        environment=variables or {},
        secrets=secrets,
        variable_files=variable_files,
        cli_config=mirror.path if mirror else None,
    )


def init(
    root: RootModule,
    *,
    show: Show | None = None,
    upgrade: bool = False,
    backend: Mapping[str, str] | None = None,
) -> None:
    """Install the providers and modules that the root module asks for.

    Raises:
        TerraformError: with what Terraform said.
    """
    _ask(commands.init(root, upgrade=upgrade, backend=backend), show)


def validate(root: RootModule) -> None:
    """Check the files of the root module, which is initialised.

    Raises:
        TerraformError: with every problem, each with file and line.
    """
    result = run(commands.validate(root), allowed=frozenset({0, 1}))
    document = _document(result, commands.validate(root))
    errors = [d for d in read_diagnostics(document) if d.severity == "error"]
    if errors:
        said = "\n".join(map(str, errors))
        raise _error(f"the Terraform files in {root.directory} are not valid:\n{said}", said)


@contextmanager
def planned(
    root: RootModule,
    *,
    show: Show | None = None,
    destroy: bool = False,
    refresh_only: bool = False,
) -> Iterator[tuple[Plan, Path]]:
    """Plan, and yield what the plan is and the file to apply, which is removed afterwards.

    Args:
        root: the root module, initialised.
        show: called with each line that Terraform prints.
        destroy: whether to plan that everything goes away.
        refresh_only: whether to look only at what was changed by others.

    Raises:
        TerraformError: with what Terraform said.
    """
    with tempfile.TemporaryDirectory(prefix="bricklane-plan-") as folder:
        file = Path(folder) / "plan"
        command = commands.plan(root, file, destroy=destroy, refresh_only=refresh_only)
        _ask(command, show, allowed=PLAN_EXITS)
        command = commands.show(root, file)
        yield read_plan(_document(_ask(command), command)), file


def apply(root: RootModule, file: Path, *, show: Show | None = None) -> None:
    """Carry out a plan.

    Args:
        root: the root module that was planned.
        file: the plan.
        show: called with each line that Terraform prints.

    Raises:
        TerraformError: with what Terraform said; what it made by then is in the state.
    """
    close_state(root.directory)
    _ask(commands.apply(root, file), show)


def destroy(root: RootModule, *, show: Show | None = None) -> None:
    """Delete everything that the state knows.

    Raises:
        TerraformError: with what Terraform said; what is left is in the state.
    """
    close_state(root.directory)
    _ask(commands.destroy(root), show)


def outputs(root: RootModule) -> Mapping[str, Output]:
    """Return the outputs of the last apply, by name.

    Raises:
        TerraformError: with what Terraform said.
    """
    # Nothing of it is shown, so a value that is known to be secret may stay what it is.
    command = replace(commands.output(root), secrets=())
    return read_outputs(_document(_ask(command), command))


def run_tests(
    root: RootModule, *, show: Show | None = None, filters: tuple[Path, ...] = ()
) -> None:
    """Run the tests of a module.

    Raises:
        TerraformError: with what failed.
    """
    _ask(commands.run_tests(root, filters=filters), show)


def close_state(directory: Path) -> None:
    """Take the state files of a local backend away from everybody but their owner.

    Terraform keeps the permissions that a file has, so one that was made by a Terraform run by
    hand would stay readable.
    """
    for state in directory.glob("**/*.tfstate*"):
        if state.is_file():
            state.chmod(0o600)


def _ask(
    command: Command, show: Show | None = None, *, allowed: frozenset[int] = frozenset({0})
) -> Result:
    try:
        return run(command, allowed=allowed, show=show)
    except CommandFailed as failure:
        raise explain(command, failure.result) from None


def explain(command: Command, result: Result) -> TerraformError:
    """Return the error that a failed command stands for.

    Args:
        command: what was run.
        result: what it left.
    """
    # `terraform test` prints what failed on its standard output.
    said = _problems(result.error) or _problems(result.output) or "it printed no error"
    verb = command.arguments[1]
    where = command.directory
    return _error(f"`terraform {verb}` failed in {where} (exit code {result.code}):\n{said}", said)


def _error(message: str, said: str) -> TerraformError:
    return advised(ADVICE, TerraformError, message, said)


def _problems(text: str) -> str:
    """Return the errors in what Terraform printed, without boxes, progress and warnings."""
    blocks = re.split(r"^╷\n", text, flags=re.MULTILINE)
    plain = [BOX.sub("", block.partition("╵")[0]).strip() for block in blocks]
    return "\n".join(block for block in plain if PROBLEM.match(block)) or ""


def _document(result: Result, command: Command) -> Mapping[str, Any]:
    try:
        document = json.loads(result.output)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        # Not what it printed: that may be a plan or outputs, cut short, with secrets in clear.
        raise TerraformError(
            f"`{command}` printed no JSON object",
            hint="check with `bricklane tools list` which Terraform is used",
            exit_code=ExitCode.TOOL,
        )
    return document
