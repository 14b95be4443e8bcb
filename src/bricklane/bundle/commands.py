"""Argument lists for the Databricks CLI; nothing here runs anything.

Source: https://docs.databricks.com/dev-tools/cli/bundle-commands
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bricklane.process import Command


@dataclass(frozen=True, slots=True)
class Bundle:
    """One target of a bundle in one folder, and how the CLI reaches its workspace.

    Args:
        program: the Databricks CLI.
        root: the folder of ``databricks.yml``.
        target: the target's name.
        environment: added to this process's own for each command; authenticates, may hold secrets.
        remove: variables taken out of the environment.
        secrets: values never shown.
    """

    program: Path
    root: Path
    target: str
    environment: Mapping[str, str] = field(default_factory=dict)
    remove: frozenset[str] = frozenset()
    secrets: tuple[str, ...] = ()


def validate(bundle: Bundle) -> Command:
    """Return the command that checks the bundle's files and the access to the workspace."""
    return _command(bundle, "validate", "-o", "json")


def plan(bundle: Bundle, *, force: bool = False) -> Command:
    """Return the command that says as JSON what a deployment would change.

    Args:
        bundle: the target.
        force: whether the branch that ``databricks.yml`` demands does not matter.
    """
    return _command(bundle, "plan", "-o", "json", *_flags(force=force))


def deploy(
    bundle: Bundle,
    *,
    plan_file: Path | None = None,
    force: bool = False,
    force_lock: bool = False,
    auto_approve: bool = False,
    fail_on_active_runs: bool = False,
) -> Command:
    """Return the command that deploys.

    Args:
        bundle: the target.
        plan_file: what ``plan`` printed, applied as it is; without one the CLI plans anew.
        force: as for :func:`plan`.
        force_lock: whether to break the lock of another deployment.
        auto_approve: whether resources that hold data may be deleted or recreated.
        fail_on_active_runs: whether to refuse while jobs or pipelines of the bundle run.
    """
    chosen = ("--plan", str(plan_file)) if plan_file else ()
    flags = _flags(
        force=force,
        force_lock=force_lock,
        auto_approve=auto_approve,
        fail_on_active_runs=fail_on_active_runs,
    )
    return _command(bundle, "deploy", *chosen, *flags)


def summary(bundle: Bundle) -> Command:
    """Return the command that says as JSON what is deployed, with ids and URLs."""
    return _command(bundle, "summary", "-o", "json")


def destroy(bundle: Bundle, *, auto_approve: bool = False) -> Command:
    """Return the command that deletes everything the bundle deployed to the target."""
    return _command(bundle, "destroy", *_flags(auto_approve=auto_approve))


def run(bundle: Bundle, key: str, parameters: Mapping[str, str] | None = None) -> Command:
    """Return the command that runs a job or pipeline of the bundle and waits for its end.

    Args:
        bundle: the target.
        key: the resource's key in the bundle.
        parameters: job parameters, by name.
    """
    chosen = [f"--params={name}={value}" for name, value in (parameters or {}).items()]
    return _command(bundle, "run", *chosen, "-o", "json", "--", key)


def _flags(**chosen: bool) -> tuple[str, ...]:
    return tuple(f"--{name.replace('_', '-')}" for name, wanted in chosen.items() if wanted)


def _command(bundle: Bundle, verb: str, *words: str) -> Command:
    return Command(
        (str(bundle.program), "bundle", verb, "--target", bundle.target, *words),
        bundle.root,
        environment=bundle.environment,
        remove=bundle.remove,
        secrets=bundle.secrets,
    )
