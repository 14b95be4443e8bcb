"""What tests of a deployment are told: the workspace, the way in, and what is deployed there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bricklane.bundle.access import HOST, PROFILE, access_environment
from bricklane.bundle.results import Summary
from bricklane.errors import BricklaneError
from bricklane.project.bundlefile import BundleTarget
from bricklane.testing.variables import SUMMARY, TARGET

SUMMARY_FILE = "bundle-summary.json"


def check_deployed(summary: Summary, target: str) -> None:
    """Check that something is deployed.

    Raises:
        BricklaneError: with the command that deploys.
    """
    if summary.resources and not any(resource.id for resource in summary.resources):
        raise BricklaneError(
            f"nothing of this bundle is deployed to target {target}",
            hint=f"bricklane deploy --target {target}",
        )


def told(
    target: BundleTarget,
    summary: Summary,
    file: Path,
    environment: Mapping[str, str],
    profile: str = "",
) -> Mapping[str, str]:
    """Return the variables that tests of a deployment have, and write down what is deployed.

    Args:
        target: of the bundle.
        summary: what is deployed to it.
        file: takes what the Databricks CLI says of it.
        environment: of this process.
        profile: of the Databricks config file that the user asked for.
    """
    file.write_text(summary.text, "utf-8")
    access = access_environment(target, environment, profile)
    named = {PROFILE, HOST}.intersection((*environment, *access))
    return {
        **access,
        **({} if named else {HOST: summary.host}),
        TARGET: target.name,
        SUMMARY: str(file),
    }
