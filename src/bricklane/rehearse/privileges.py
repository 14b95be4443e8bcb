"""Least privilege, tried: what the wrong principal attempts, and how it is refused."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bricklane.errors import BricklaneError
from bricklane.rehearse.proofs import job_named
from bricklane.rehearse.stage import PROJECT, Stage

if TYPE_CHECKING:
    from databricks.sdk import AccountClient, WorkspaceClient

_NUMBERS = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that must not work.

    Args:
        who: tries it: a target, whose service principal it is, or the role of a group.
        what: is tried, for people.
        does: tries it, given a client of production's workspace, the catalog and the job.
        refused: words that the refusal has.
    """

    who: str
    what: str
    does: Callable[[WorkspaceClient, str, int], object]
    refused: str


ATTEMPTS = (
    Attempt(
        "staging",
        "the service principal of staging enters production",
        lambda client, _catalog, _job: client.current_user.me(),
        "is not in the workspace",
    ),
    Attempt(
        "developers",
        "a developer makes a schema in production's catalog",
        lambda client, catalog, _job: client.schemas.create("by_hand", catalog),
        "CREATE SCHEMA",
    ),
    Attempt(
        "readers",
        "a reader runs production's job",
        lambda client, _catalog, job: client.jobs.run_now(job),
        "CAN_MANAGE_RUN",
    ),
)


def try_all(stage: Stage, *, job: str, catalog: str) -> None:
    """Let the wrong principals try, and check that each is refused.

    Args:
        stage: with production deployed.
        job: name of a job in production.
        catalog: of production.

    Raises:
        BricklaneError: when something worked, or failed for another reason.
    """
    number = job_named(stage.administrator("prod"), job)
    for attempt in ATTEMPTS:
        said = _refusal(attempt, _client(stage, attempt.who), catalog, number)
        if attempt.refused not in said:
            raise BricklaneError(f"{attempt.what}: expected {attempt.refused!r}, got: {said}")
        stage.screen.say(f"✓ denied: {attempt.what}")
        stage.screen.say(f"  {said}")


def _refusal(attempt: Attempt, client: WorkspaceClient, catalog: str, job: int) -> str:
    from databricks.sdk.errors.base import DatabricksError

    try:
        attempt.does(client, catalog, job)
    except (DatabricksError, ValueError) as error:
        # The SDK adds how it was configured, which nobody needs here.
        return " ".join(str(error).split()).partition(" Config: ")[0]
    raise BricklaneError(f"{attempt.what}, and nobody refuses it")


def _client(stage: Stage, who: str) -> WorkspaceClient:
    """Return a client of production's workspace that acts as a principal of the given kind."""
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.iam import Patch, PatchOp

    account = account_of(stage)
    name = f"{PROJECT}-{who}"
    named = f'displayName eq "{name}"'
    found = next(iter(account.service_principals_v2.list(filter=named)), None)
    if found is None:
        # No target's: a member of the group, made for the purpose.
        (group,) = account.groups_v2.list(filter=named)
        found = account.service_principals_v2.create(display_name=f"{name} {next(_NUMBERS)}")
        member = Patch(op=PatchOp.ADD, path="members", value=[{"value": found.id}])
        account.groups_v2.patch(str(group.id), operations=[member])
    secret = account.service_principal_secrets.create(str(found.id), lifetime="3600s")
    return WorkspaceClient(
        host=stage.cloud.workspaces[f"{PROJECT}-prod"],
        client_id=found.application_id,
        client_secret=secret.secret,
        auth_type="oauth-m2m",
    )


def account_of(stage: Stage) -> AccountClient:
    """Return a client of the account, for its administrator."""
    from databricks.sdk import AccountClient

    profile = stage.cloud.profile("account")
    return AccountClient(
        host=profile["host"],
        account_id=profile["account_id"],
        client_id=profile["client_id"],
        client_secret=profile["client_secret"],
        auth_type="oauth-m2m",
    )
