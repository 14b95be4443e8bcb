"""The link of the forge's environments: what jobs find in them, and who lets jobs in."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from bricklane.delivery.environments import environment_of
from bricklane.doctor.model import (
    Link,
    Result,
    TargetCheck,
    failed,
    not_applicable,
    passed,
    warned,
)
from bricklane.doctor.workflows import FOLDER, OIDC
from bricklane.doctor.world import seen
from bricklane.errors import ExitCode
from bricklane.provision.repository import SECRET

if TYPE_CHECKING:
    from bricklane.doctor.target import Target
    from bricklane.forge.model import EnvironmentRules

PROTECTED = ":protected"
# Stands for the version in the name of a branch that will be.
SOME_VERSION = "1.0.0"
# What makes reviewers less than they seem, with the fix.
SELF_REVIEW = (
    "who starts a run may approve it alone",
    "turn on Prevent self-review (bricklane bootstrap --no-self-review)",
)
BYPASS = (
    "administrators of the repository may go past them",
    "do not allow administrators to bypass the rules",
)
PLAN = "in a private repository reviewers take GitHub Enterprise: look at the owner's plan"


def workflow(target: Target) -> Result:
    """Look for the workflow that deploys to the target, and whether it may sign in."""
    if target.world.delivery(target.name) is None:
        if target.name not in target.world.delivered_targets:
            return not_applicable("no kind of branch is deployed to it")
        return failed(
            f"no workflow in {FOLDER} deploys to {target.name}",
            "bricklane update restores the template's",
            ExitCode.CONFIG,
        )
    found = target.delivery
    if found.authentication == OIDC and not found.id_token:
        return failed(
            f"{found.file}: job {found.job} signs in by OIDC and may not have an ID token",
            f"add to the job in {found.file}: permissions: {{id-token: write}}",
            ExitCode.CONFIG,
        )
    way = "OIDC" if found.authentication == OIDC else "an OAuth secret"
    return passed(f"{found.file}, signs in by {way}")


def environment(target: Target) -> Result:
    """Look for the environment under the name that the workflow uses."""
    delivery, settings = target.delivery, target.world.settings
    expected = environment_of(settings, target.name)
    if not delivery.environment:
        return failed(
            f"{delivery.file}: job {delivery.job} names no environment, so nothing protects"
            f" {target.name}",
            f"add to the job: environment: {expected}",
        )
    if delivery.environment.lower() != expected.lower():
        return failed(
            f"{delivery.file} deploys in environment {delivery.environment}, and deployments of"
            f" {target.name} are recorded in {expected}",
            f"name one environment in both: {delivery.file}, or bricklane.toml:"
            f' [targets.{target.name}] environment = "{delivery.environment}"',
        )
    if target.rules is None:
        there = ", ".join(target.world.environments) or "none"
        return failed(
            f"there is no environment {delivery.environment}: the forge would make one, without"
            f" any protection, at the first run; there are: {there}",
            f"bricklane bootstrap, or make it: {_page(target)}",
        )
    return passed(delivery.environment)


def _page(target: Target) -> str:
    return f"{target.world.forge.repository().url}/settings/environments"


def variables(target: Target) -> Result:
    """Look for the variables that the job takes."""
    wanted, own = target.delivery.variables, target.variables
    absent = [name for name in wanted if not own.get(name)]
    shared = target.world.shared_variables if absent else {}
    if missing := [name for name in absent if not shared.get(name)]:
        return failed(
            f"environment {target.environment} has no {' and no '.join(missing)}",
            f"bricklane bootstrap, or set them: {_page(target)}",
        )
    if absent:
        return warned(
            f"{', '.join(absent)} are the whole repository's, not those of {target.environment}",
            f"set them in the environment, where targets differ: {_page(target)}",
        )
    return passed(", ".join(wanted) or "the job takes none")


def secrets(target: Target) -> Result:
    """Look for the secrets that the job takes, or that there is none to take."""
    delivery, forge = target.delivery, target.world.forge
    own = seen(lambda: forge.secrets(target.environment))
    if delivery.authentication == OIDC:
        if SECRET in own:
            return warned(
                f"{SECRET} is still there, and CI signs in without one",
                f"delete it there, and the principal's OAuth secret: {_page(target)}",
            )
        return passed("none is needed: CI signs in by OIDC")
    absent = [name for name in delivery.secrets if name not in own]
    shared = seen(forge.secrets) if absent else {}
    if missing := [name for name in absent if name not in shared]:
        return failed(
            f"environment {target.environment} has no {' and no '.join(missing)}",
            f"bricklane bootstrap, or set it: {_page(target)}",
        )
    if absent:
        return warned(
            f"{', '.join(absent)} is the whole repository's: any job of any branch can read it",
            f"move it into the environment {target.environment}: {_page(target)}",
        )
    return passed(", ".join(delivery.secrets) or "the job takes none")


def branches(target: Target) -> Result:
    """Look which branches may deploy: those that have to, and to production no others."""
    rules = _rules(target)
    if not rules.branches:
        if target.is_production:
            main = target.world.settings.gitflow.main
            return failed(
                f"any branch may deploy to {target.name}, with a workflow of its own",
                f"let {main} deploy only: bricklane bootstrap, or {_page(target)}",
            )
        return passed("any branch")
    wanted, others = _branches(target)
    shut_out = [name for name in wanted if not _admits(rules.branches, name, target)]
    if shut_out:
        return failed(
            f"{', '.join(shut_out)} may not deploy to {target.name}; allowed:"
            f" {', '.join(rules.branches)}",
            f"allow it: {_page(target)}",
        )
    let_in = [name for name in others if _admits(rules.branches, name, target)]
    if let_in and target.is_production:
        return failed(
            f"{let_in[0]} may deploy to {target.name} too; allowed: {', '.join(rules.branches)}",
            f"allow {', '.join(wanted)} only: {_page(target)}",
        )
    return passed(", ".join(rules.branches))


def _rules(target: Target) -> EnvironmentRules:
    from bricklane.forge.model import EnvironmentRules

    return target.rules or EnvironmentRules()


def _branches(target: Target) -> tuple[list[str], list[str]]:
    """Return names of branches that workflows deploy from to a target, and of others."""
    wanted, others = [], []
    for kind in target.world.kinds.rows:
        name = kind.branch or f"{kind.prefix}{SOME_VERSION}"
        if kind.target != target.name:
            others.append(name)
        elif kind.branch or kind.tag:
            # Of other kinds people deploy copies of their own, from their machines.
            wanted.append(name)
    return wanted, others


def _admits(patterns: Sequence[str], branch: str, target: Target) -> bool:
    protected = PROTECTED in patterns and branch in target.world.long_lived
    return protected or any(fits(pattern.split("/"), branch.split("/")) for pattern in patterns)


def fits(pattern: list[str], name: list[str]) -> bool:
    """Say whether a name fits a pattern, in which ``*`` stops at a slash and ``**`` does not.

    Args:
        pattern: its parts between slashes.
        name: likewise.

    Source: https://docs.github.com/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments
    """
    if not pattern:
        return not name
    if pattern[0] == "**":
        return any(fits(pattern[1:], name[start:]) for start in range(len(name) + 1))
    return bool(name) and fnmatchcase(name[0], pattern[0]) and fits(pattern[1:], name[1:])


def reviewers(target: Target) -> Result:
    """Look whether somebody else really has to let a job into production."""
    if not target.is_production:
        return not_applicable("only production waits for somebody")
    rules, support = _rules(target), target.world.forge.reviewer_support()
    if support.enforced is False:
        return failed(
            f"nobody is asked before {target.name}: {support.reason}, where the forge asks no"
            " reviewers",
            "make the repository public, or move it to GitHub Enterprise; until then let only"
            " main deploy, and require a code owner's approval for main",
        )
    if not rules.reviewers:
        return failed(
            f"nobody has to approve what goes to {target.name}",
            f"bricklane bootstrap --reviewer LOGIN, or {_page(target)}",
        )
    names = ", ".join(rules.reviewers)
    doubts = [
        doubt
        for doubt, holds in (
            (SELF_REVIEW, not rules.prevent_self_review),
            (BYPASS, rules.admins_bypass),
            (
                (f"not known whether they are asked: {support.reason}", PLAN),
                support.enforced is None,
            ),
        )
        if holds
    ]
    if doubts:
        said = "; ".join(said for said, _ in doubts)
        return warned(f"{names}; {said}", "\n".join((*(fix for _, fix in doubts), _page(target))))
    return passed(f"{names} ({support.reason})")


THERE = ("environment.exists",)
ENVIRONMENTS = Link(
    "environment",
    target_checks=(
        TargetCheck(
            "environment.workflow",
            "workflow",
            "A workflow deploys to the target, and may sign in.",
            workflow,
            ("project.settings", "project.workflows"),
        ),
        TargetCheck(
            "environment.exists",
            "environment",
            "The environment that the workflow names is there.",
            environment,
            ("forge.repository", "environment.workflow"),
        ),
        TargetCheck(
            "environment.variables",
            "variables",
            "The job finds the host and the client id.",
            variables,
            THERE,
        ),
        TargetCheck(
            "environment.secrets",
            "secrets",
            "The job finds the OAuth secret, or needs none.",
            secrets,
            THERE,
        ),
        TargetCheck(
            "environment.branches",
            "branches",
            "The right branches may deploy, and to production no others.",
            branches,
            THERE,
        ),
        TargetCheck(
            "environment.reviewers",
            "reviewers",
            "Somebody else has to let a job into production.",
            reviewers,
            THERE,
        ),
    ),
)
