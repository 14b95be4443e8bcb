"""The link of the repository on its forge: token, permissions, branches and their rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from bricklane.doctor.model import (
    Check,
    Link,
    NotChecked,
    Result,
    failed,
    not_applicable,
    passed,
    warned,
)
from bricklane.doctor.world import seen
from bricklane.forge.errors import ForgeForbidden
from bricklane.forge.model import MergeMethod

if TYPE_CHECKING:
    from bricklane.doctor.world import World
    from bricklane.forge.model import BranchRules

SOON_DAYS = 14
# https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository (plans)
UPGRADE = "upgrade to github"
# Exempting who may push exempts everybody whom rules are for.
WRITERS = "role:write"
BOOTSTRAP_RULES = "bricklane bootstrap sets them"


def token(world: World) -> Result:
    """Look for a token, and whether the forge knows it."""
    login, ends = world.forge.login(), world.forge.token_expires()
    if ends is None:
        return passed(f"of {login}")
    days = (ends - datetime.now(UTC)).days
    if days < SOON_DAYS:
        variable = world.settings.forge.token_variable
        return warned(
            f"of {login}; it ends in {days} days, on {ends:%Y-%m-%d}",
            f"make a new one and put it into {variable}, or sign in again",
        )
    return passed(f"of {login}, until {ends:%Y-%m-%d}")


def repository(world: World) -> Result:
    """Look whether the token sees the repository."""
    found = world.forge.repository()
    return passed(f"{found.name}, {'private' if found.private else 'public'}")


def merges(world: World) -> Result:
    """Look whether pull requests can be merged by a merge commit."""
    found = world.forge.repository()
    if not found.merge_commits:
        return failed(
            f"{found.name} allows no merge commits, and GitFlow needs the ancestry that they keep",
            f"allow them: {found.url}/settings, Pull Requests",
        )
    return passed("allowed")


def permissions(world: World) -> Result:
    """Look whether the token may do what delivery does."""
    lacking = world.forge.lacking()
    if lacking:
        return failed(
            f"the token lacks {', '.join(lacking)}",
            "give a fine-grained token these permissions for the repository, and its owner the"
            " role to write to it; a classic token needs the scope `repo`",
        )
    return passed("contents, pull requests, deployments, statuses and actions, to write")


def jobs(world: World) -> Result:
    """Look whether workflows may open pull requests, as drafting a release does."""
    if not seen(world.forge.jobs_may_open_pull_requests):
        url = world.forge.repository().url
        return failed(
            "workflows may not open pull requests: draft-new-release and -hotfix will fail",
            f"{url}/settings/actions, Workflow permissions: allow GitHub Actions to create and"
            " approve pull requests",
        )
    return passed("workflows may open them")


def branches(world: World) -> Result:
    """Look for the long-lived branches on the forge."""
    missing = [name for name in world.long_lived if world.forge.branch(name) is None]
    if missing:
        remote = world.settings.gitflow.remote
        return failed(
            f"{world.address.repository} has no branch {' and no '.join(missing)}",
            "\n".join(f"git push {remote} {name}" for name in missing),
        )
    return passed(", ".join(world.long_lived))


def rules_of(world: World, branch: str) -> Result:
    """Look whether a branch changes by checked pull requests only."""
    try:
        found = world.forge.branch_rules(branch)
    except ForgeForbidden as error:
        if UPGRADE not in error.message.lower():
            raise NotChecked(error.message, error.hint or "") from None
        return failed(
            f"nothing protects {branch}: the owner's plan has no rules for private repositories",
            "make the repository public, or take a plan that has them",
        )
    for said, fix in _lacking(world, branch, found):
        return failed(said, f"{fix}\n{BOOTSTRAP_RULES}")
    if WRITERS in found.bypass:
        return failed(
            f"whoever may push to {branch} is exempt from its rules ({WRITERS})",
            f"take the role out of the ruleset's bypass list: {_page(world)}",
        )
    squashed = branch == world.settings.gitflow.main and found.merge_methods != (MergeMethod.MERGE,)
    if squashed:
        return warned(
            f"{branch} also takes squashed or rebased pull requests, which lose the ancestry that"
            " GitFlow needs",
            f"allow merge commits only in its rule: {_page(world)}",
        )
    if found.bypass:
        return warned(
            f"checked pull requests only, but not for {', '.join(found.bypass)}",
            f"take them out of the bypass list, unless it is meant: {_page(world)}",
        )
    return passed(f"checked pull requests only ({', '.join(found.checks)})")


def _lacking(world: World, branch: str, found: BranchRules) -> Iterator[tuple[str, str]]:
    """Yield what rules in force do not ask of a branch, with the fix."""
    page = _page(world)
    if not found.pull_request:
        yield (
            f"whoever may push can push to {branch}: no rule in force asks for a pull request",
            f"add the rule, or set the ruleset to active: {page}",
        )
    if not (found.no_force_push and found.no_deletion):
        yield (
            f"{branch} can be {'rewritten' if not found.no_force_push else 'deleted'}",
            f"add the rules against force pushes and deletions: {page}",
        )
    shown = world.workflows.checks
    if shown and not any(_makes(name, check) for name in shown for check in found.checks):
        made, asked = ", ".join(shown), ", ".join(found.checks) or "none"
        said = f"{branch} requires none of the checks that workflows make ({made}): {asked}"
        yield said, f"require the check {shown[0]}: {page}"
    if found.merge_methods and MergeMethod.MERGE not in found.merge_methods:
        yield (
            f"{branch} takes no merge commits, and GitFlow needs the ancestry that they keep",
            f"allow merge commits in its rule: {page}",
        )


def _makes(job: str, check: str) -> bool:
    """Say whether a job of this name may make a check: itself, of a matrix, or in what it calls."""
    return "${{" in job or check == job or check.startswith((f"{job} (", f"{job} / "))


def _page(world: World) -> str:
    return f"{world.forge.repository().url}/settings/rules"


def rules(world: World, name: str) -> Result:
    """Look at the rules of the long-lived kind of branch called ``name``."""
    kind = next((kind for kind in world.kinds.rows if kind.name == name), None)
    if kind is None or not kind.branch:
        return not_applicable(f"the preset {world.settings.gitflow.preset} has no {name}")
    if world.forge.branch(kind.branch) is None:
        raise NotChecked(f"there is no branch {kind.branch}")
    return rules_of(world, kind.branch)


SEEN = ("forge.repository",)
FORGE = Link(
    "forge",
    (
        Check("forge.token", "token", "The forge knows the token.", token, ("git.remote",)),
        Check(
            "forge.repository",
            "repository",
            "The token sees the repository.",
            repository,
            ("forge.token",),
        ),
        Check(
            "forge.merges",
            "merge commits",
            "Pull requests can be merged by a merge commit.",
            merges,
            SEEN,
        ),
        Check(
            "forge.permissions",
            "permissions",
            "The token may do what delivery does.",
            permissions,
            SEEN,
        ),
        Check(
            "forge.jobs",
            "pull requests",
            "Workflows may open pull requests, as drafting does.",
            jobs,
            SEEN,
        ),
        Check(
            "forge.branches",
            "branches",
            "main and develop are on the forge.",
            branches,
            (*SEEN, "git.branches"),
        ),
        *(
            Check(
                f"forge.rules.{name}",
                f"rules of {name}",
                f"The branch {name} changes by checked pull requests only.",
                partial(rules, name=name),
                ("forge.branches", "project.workflows"),
            )
            for name in ("main", "develop")
        ),
    ),
)
