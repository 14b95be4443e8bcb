"""Runs the Databricks CLI and reads what it answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bricklane.advice import Advice, advised
from bricklane.bundle import commands
from bricklane.bundle.access import access_environment, secrets
from bricklane.bundle.commands import Bundle
from bricklane.bundle.results import Plan, Summary, read_plan, read_summary
from bricklane.errors import BricklaneError, ExitCode
from bricklane.process import Command, CommandFailed, Result, run
from bricklane.project.bundlefile import BundleTarget

Show = Callable[[str], None]


ADVICE = (
    Advice(
        r"cannot configure default credentials|no \S+ profile configured|resolve bundle auth",
        "name a profile with --profile, or set DATABRICKS_HOST and what authenticates there\n"
        "for the local cloud: bricklane local up, then export DATABRICKS_CONFIG_FILE as it says",
        ExitCode.CONFIG,
    ),
    Advice(
        r"auto-approve",
        "look at the plan; when the loss is wanted, deploy again with --auto-approve",
    ),
    Advice(
        r"(?i)deploy(ment)? lock|failed to acquire",
        "wait for the other deployment; if it was killed: bricklane deploy --force-lock",
    ),
    Advice(
        r"(?i)invalid_client|401 Unauthorized|Invalid access token|credential was not sent",
        "check that the credentials belong to this workspace and have not expired",
        ExitCode.CONFIG,
    ),
    Advice(
        r"(?i)403 Forbidden|PERMISSION_DENIED",
        "ask an administrator of the workspace for the permission that is named",
    ),
    Advice(
        r"(?i)no such host|connection refused|i/o timeout|network is unreachable",
        "check the host and the network; the deployment can be repeated as it is",
        ExitCode.NETWORK,
    ),
)

# How much garbage the CLI, a Go program, lets pile up: a bundle of 100 jobs then takes two thirds
# of the processor time, and 125 MB instead of 86. Source: https://pkg.go.dev/runtime
COLLECTION = {"GOGC": "400"}

PROBLEM = re.compile(r"^Error: ", re.MULTILINE)


class BundleError(BricklaneError):
    """The Databricks CLI refused or failed; the message is what it said."""


def open_bundle(
    root: Path, target: BundleTarget, environment: Mapping[str, str], *, profile: str = ""
) -> Bundle:
    """Return the target with the CLI that is installed and the way into its workspace.

    Args:
        root: the folder of ``databricks.yml``.
        target: as it declares it.
        environment: of this process.
        profile: of the Databricks config file that the user asked for.

    Raises:
        BricklaneError: when the CLI is not installed; the hint says how to install it.
    """
    from bricklane.tools.discovery import require
    from bricklane.tools.table import DATABRICKS

    return Bundle(
        program=require(DATABRICKS, environment),
        root=root,
        target=target.name,
        environment={
            **({} if "GOGC" in environment else COLLECTION),
            **access_environment(target, environment, profile),
        },
        secrets=secrets(environment),
    )


def validate(bundle: Bundle) -> Mapping[str, Any]:
    """Check the bundle's files against the workspace and return the resolved configuration.

    Raises:
        BundleError: with every problem that the CLI found.
    """
    result = _ask(commands.validate(bundle))
    return _document(result, commands.validate(bundle))


def plan(bundle: Bundle, *, force: bool = False) -> Plan:
    """Validate the bundle, build what it builds, and return what a deployment would change.

    Args:
        bundle: the target.
        force: whether the branch that ``databricks.yml`` demands does not matter.

    Raises:
        BundleError: with every problem that the CLI found.
    """
    command = commands.plan(bundle, force=force)
    result = _ask(command)
    return read_plan(_document(result, command), result.output, _warnings(result.error))


def deploy(
    bundle: Bundle,
    *,
    show: Show | None = None,
    plan_file: Path | None = None,
    force: bool = False,
    force_lock: bool = False,
    auto_approve: bool = False,
    fail_on_active_runs: bool = False,
) -> None:
    """Deploy; the arguments are those of :func:`bricklane.bundle.commands.deploy`.

    Args:
        bundle: the target.
        show: called with each line that the CLI prints.
        plan_file: what to apply.
        force: as for :func:`plan`.
        force_lock: whether to break the lock of another deployment.
        auto_approve: whether data may be lost.
        fail_on_active_runs: whether to refuse while something runs.

    Raises:
        BundleError: with what the CLI said.
    """
    _ask(
        commands.deploy(
            bundle,
            plan_file=plan_file,
            force=force,
            force_lock=force_lock,
            auto_approve=auto_approve,
            fail_on_active_runs=fail_on_active_runs,
        ),
        show,
    )


def summary(bundle: Bundle) -> Summary:
    """Return what is deployed.

    Raises:
        BundleError: with what the CLI said.
    """
    command = commands.summary(bundle)
    result = _ask(command)
    return read_summary(_document(result, command), result.output)


def destroy(bundle: Bundle, *, show: Show | None = None, auto_approve: bool = False) -> None:
    """Delete everything that the bundle deployed to the target.

    Raises:
        BundleError: with what the CLI said.
    """
    _ask(commands.destroy(bundle, auto_approve=auto_approve), show)


def run_resource(
    bundle: Bundle,
    key: str,
    parameters: Mapping[str, str] | None = None,
    *,
    show: Show | None = None,
) -> None:
    """Run a job or pipeline of the bundle and wait for its end.

    Raises:
        BundleError: when it fails, with what the CLI said.
    """
    _ask(commands.run(bundle, key, parameters), show)


def _ask(command: Command, show: Show | None = None) -> Result:
    try:
        return run(command, show=show)
    except CommandFailed as failure:
        raise explain(command, failure.result) from None


def explain(command: Command, result: Result) -> BundleError:
    """Return the error that a failed command of the CLI stands for.

    Args:
        command: what was run.
        result: what it left.
    """
    verb = " ".join(command.arguments[1:3])
    target = command.arguments[command.arguments.index("--target") + 1]
    said = _problems(result.error) or result.output.strip() or "it printed nothing"
    message = f"`databricks {verb}` failed for target {target} (exit code {result.code}):\n{said}"
    return advised(ADVICE, BundleError, message, said)


def _problems(error: str) -> str:
    """Return what stands from the first problem on, without progress lines before it."""
    found = PROBLEM.search(error)
    return (error[found.start() :] if found else error).strip()


def _warnings(error: str) -> str:
    """Return the CLI's warnings, without its lines on progress."""
    blocks = re.split(r"\n\s*\n", error.strip())
    return "\n\n".join(block.strip() for block in blocks if block.startswith("Warning: "))


def _document(result: Result, command: Command) -> Mapping[str, Any]:
    try:
        document = json.loads(result.output)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise BundleError(
            f"`{command}` printed no JSON object but: {result.output[:200]!r}",
            hint="check with `bricklane tools list` which Databricks CLI is used",
            exit_code=ExitCode.TOOL,
        )
    return document
