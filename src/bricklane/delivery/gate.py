"""The gate to production: only what was tested green before goes there."""

from __future__ import annotations

from itertools import islice

from bricklane.delivery.environments import environment_of
from bricklane.delivery.records import Record, check_name, records
from bricklane.errors import BricklaneError
from bricklane.forge.protocol import Forge
from bricklane.gitflow.kinds import kinds_of
from bricklane.project.settings import Settings

# How many deployments are looked through for one with the tree that is asked for.
LOOKED_THROUGH = 300

# How many are looked through for tests that need not run again, where finding none does no harm.
NEWEST = 10


class UntestedError(BricklaneError):
    """What shall be published was never deployed to where releases are tested."""


def check_tested(forge: Forge, settings: Settings, commit: str, tree: str) -> Record:
    """Return the newest deployment of ``tree`` to where releases are tested.

    Args:
        forge: has the records.
        settings: of the project.
        commit: what shall be published, for messages.
        tree: the SHA of its tree; this, not the commit, has to be the one that was tested.

    Raises:
        UntestedError: when there is none; says what is there.
        BricklaneError: when its tests are not green.
    """
    environment = gate_environment(settings)
    newest: Record | None = None
    for record in islice(records(forge, environment), LOOKED_THROUGH):
        newest = newest or record
        if record.content.tree == tree:
            return _green(record, commit)
    raise UntestedError(
        f"{environment} has not tested what commit {commit[:10]} holds (tree {tree[:10]}): "
        f"{_present(environment, newest)}",
        hint=f"bricklane release redeploy, and again when {check_name(environment)} is green\n"
        "if the release or hotfix branch lacks something of its base branch, merge that into it "
        "first, and push",
    )


def passed_elsewhere(forge: Forge, settings: Settings, target: str, tree: str) -> dict[str, Record]:
    """Return the levels of ``target`` that need not run again, with where they passed.

    Only the newest deployments are looked at: what is merged back was released just before.

    Args:
        forge: has the records.
        settings: say which other targets' tests count for this one.
        target: of the bundle.
        tree: the SHA of the tree that is deployed.
    """
    wanted = settings.targets[target]
    found: dict[str, Record] = {}
    for other in wanted.tested_in:
        newest = islice(records(forge, environment_of(settings, other)), NEWEST)
        same = next((one for one in newest if one.content.tree == tree), None)
        if same is not None and same.good:
            passed = (level for level in same.content.tests if level in wanted.tests)
            found |= {level: same for level in passed if level not in found}
    return found


def gate_environment(settings: Settings) -> str:
    """Return the environment in which branches that become versions are tested."""
    releasing = kinds_of(settings.gitflow).releasing()
    return environment_of(settings, releasing[0].target)


def _green(record: Record, commit: str) -> Record:
    if record.good:
        return record
    what = f"{record.content.version} (commit {record.commit[:10]})"
    if record.unfinished:
        raise BricklaneError(
            f"{record.environment} is still deploying or testing {what}",
            hint=f"wait until it is done{_log(record)}; after a killed run: "
            f"bricklane release redeploy {record.content.version}",
        )
    said = record.description or "no reason is recorded"
    raise BricklaneError(
        f"{record.environment} did not pass with {what}, wanted for commit {commit[:10]}: {said}",
        hint=f"read its log{_log(record)}\nfix the branch and push",
    )


def _log(record: Record) -> str:
    return f" ({record.log_url})" if record.log_url else ""


def _present(environment: str, newest: Record | None) -> str:
    if newest is None:
        return f"nothing was ever deployed to {environment} by bricklane"
    return (
        f"{environment} has {newest.content.version}, commit {newest.commit[:10]} "
        f"(tree {newest.content.tree[:10]}), {newest.state}"
    )
