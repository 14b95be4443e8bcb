"""The link from the forge to the workspace: host, principal, secret or federation policy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bricklane.doctor.entering import Entry
from bricklane.doctor.federation import federation
from bricklane.doctor.model import (
    Link,
    NotChecked,
    Result,
    TargetCheck,
    failed,
    not_applicable,
    passed,
    warned,
)
from bricklane.doctor.principals import ACCOUNT
from bricklane.doctor.workflows import OIDC
from bricklane.doctor.world import seen
from bricklane.errors import BricklaneError, ExitCode
from bricklane.project.bundlefile import DEVELOPMENT
from bricklane.provision.repository import CLIENT_ID, SECRET

if TYPE_CHECKING:
    from databricks.sdk.service.oauth2 import SecretInfo

    from bricklane.doctor.principals import Principal
    from bricklane.doctor.target import Target

SOON_DAYS = 14
# Between the clocks of the forge and of Databricks.
SLACK = timedelta(minutes=5)
ACTIVE = "ACTIVE"


def host(target: Target) -> Result:
    """Look whether everybody who names the target's host names the same."""
    profile = target.declared.profile
    if profile and profile not in target.world.hosts_of_profiles and not _in_ci(target):
        return failed(
            f"databricks.yml names profile {profile}, which the config file does not have",
            f"databricks auth login --profile {profile}",
            ExitCode.CONFIG,
        )
    found = target.hosts
    if not found:
        return failed(
            f"nothing names a host for {target.name}",
            f"databricks.yml: targets/{target.name}/workspace/host, or bricklane bootstrap",
            ExitCode.CONFIG,
        )
    if len(set(found.values())) > 1:
        told = ", ".join(f"{who} says {where}" for who, where in found.items())
        return failed(
            told, "make them the same: what is deployed by one is not where another looks"
        )
    others = [
        name
        for name in target.world.bundle.targets
        if name != target.name and target.host in target.world.target(name).hosts.values()
    ]
    if others:
        return warned(
            f"{target.host} is also the workspace of {', '.join(others)}",
            "give each target a workspace of its own: bricklane bootstrap",
        )
    return passed(f"{target.host} ({', '.join(found)})")


def _in_ci(target: Target) -> bool:
    return bool(target.world.environment.get("CI"))


def workspace(target: Target) -> Result:
    """Look whether the host answers, as a workspace."""
    found = target.metadata
    if found.get("account_id") and not found.get("workspace_id"):
        return failed(
            f"{target.host} is an account's host, and no workspace's",
            "name the workspace's own URL, as its page in the browser has it",
        )
    told = found.get("workspace_id")
    return passed(f"workspace {told} answers" if told else "answers")


def access(target: Target) -> Result:
    """Look whether the credentials at hand enter the workspace."""
    found = target.entry
    if isinstance(found, Entry):
        return passed(f"{found.user}, by {found.source}")
    if found:
        return failed(
            f"the credentials for {target.host} are refused: {'; '.join(found)}",
            f"databricks auth login --host {target.host} --profile {target.name}",
            ExitCode.CONFIG,
        )
    raise NotChecked(
        f"there are no credentials for {target.host}",
        f"databricks auth login --host {target.host} --profile {target.name}",
    )


def run_as(target: Target) -> Result:
    """Look whether jobs run as whom CI signs in as."""
    declared = target.declared
    if not declared.run_as:
        if declared.mode == DEVELOPMENT:
            return not_applicable("in development, jobs run as whoever deploys them")
        return warned(
            "the bundle does not say whom jobs run as: they run as whoever deploys",
            f"databricks.yml: targets/{target.name}/run_as/service_principal_name",
        )
    found, signed = target.run_as, target.variable(CLIENT_ID)
    if not found or not signed:
        unknown = "whom CI signs in as" if found else "what the bundle's run_as comes to"
        raise NotChecked(f"{unknown} is not known here")
    if found != signed:
        return failed(
            f"jobs run as {found}, and CI signs in as {signed}",
            f"make them the same: databricks.yml targets/{target.name}, or {CLIENT_ID} in"
            f" environment {target.environment}",
        )
    return passed(f"{found}, as CI signs in")


def principal(target: Target) -> Result:
    """Look for the service principal."""
    found = target.principal
    if found is None:
        return failed(
            f"there is no service principal with the application id {target.client_id}",
            f"{CLIENT_ID} is the application id, not the name or number: bricklane bootstrap, or"
            " databricks account service-principals list",
        )
    if not found.active:
        return failed(
            f"service principal {found.name} ({found.application_id}) is not active",
            "switch it on: its page in the account's console, User management",
        )
    return passed(f"{found.name}, active in {found.place}")


def _known(target: Target) -> Principal:
    found = target.principal
    if found is None:
        raise NotChecked(f"there is no service principal {target.client_id}")
    return found


def assigned(target: Target) -> Result:
    """Look whether the service principal may enter the workspace."""
    found = _known(target)
    if found.place != ACCOUNT:
        return passed(f"{found.name} is in the workspace")
    account, number = target.world.account, target.workspace_id
    for row in account.workspace_assignment.list(number):
        who = row.principal
        if who is None or not row.permissions:
            continue
        if str(who.principal_id) == found.id:
            return passed(f"to workspace {number}, as {row.permissions[0].value}")
        if str(who.principal_id) in found.groups:
            return passed(f"to workspace {number}, through group {who.group_name}")
    return failed(
        f"{found.name} is not assigned to workspace {number}",
        "bricklane bootstrap, or:\n"
        f"databricks account workspace-assignment update {number} {found.id}"
        ' --json \'{"permissions": ["USER"]}\'',
    )


def secret(target: Target) -> Result:
    """Look whether the principal has a live OAuth secret, which can be the stored one."""
    if target.delivery.authentication == OIDC:
        return not_applicable("CI signs in by OIDC")
    found = _known(target)
    live = [row for row in _secrets(target, found) if _ends(row) > datetime.now(UTC)]
    fix = "bricklane bootstrap --rotate makes one and stores it"
    if not live:
        return failed(f"{found.name} has no OAuth secret that is alive", fix)
    stored = _stored(target)
    fitting = [row for row in live if stored is None or _made(row) <= stored + SLACK]
    if stored is not None and not fitting:
        return failed(
            f"the secret in environment {target.environment} is of {stored:%Y-%m-%d %H:%M} UTC,"
            f" older than every secret of {found.name} that is alive",
            fix,
        )
    ends = _ends(max(fitting, key=_made))
    days = (ends - datetime.now(UTC)).days
    if days < SOON_DAYS:
        return warned(f"the secret ends in {days} days, on {ends:%Y-%m-%d}", fix)
    return passed(f"alive for {days} days")


def _secrets(target: Target, found: Principal) -> Iterable[SecretInfo]:
    if found.place == ACCOUNT:
        listed = target.world.account.service_principal_secrets.list(found.id)
    else:
        listed = target.workspace.service_principal_secrets_proxy.list(found.id)
    return [row for row in listed if row.status in (None, ACTIVE)]


def _made(row: SecretInfo) -> datetime:
    return datetime.fromisoformat(str(row.create_time))


def _ends(row: SecretInfo) -> datetime:
    if not row.expire_time:
        return datetime.max.replace(tzinfo=UTC)
    return datetime.fromisoformat(row.expire_time)


def _stored(target: Target) -> datetime | None:
    """Return when the forge was last given the secret; None when that is not known here."""
    try:
        forge = target.world.forge
        own = seen(lambda: forge.secrets(target.environment))
        return own.get(SECRET) or seen(forge.secrets).get(SECRET)
    except BricklaneError:  # Whoever looks at the environment says so.
        return None


REACHED = ("identity.host", "identity.workspace")
IDENTITY = Link(
    "identity",
    target_checks=(
        TargetCheck(
            "identity.host",
            "host",
            "databricks.yml, the environment and the profile name one host.",
            host,
            ("project.settings",),
        ),
        TargetCheck(
            "identity.workspace",
            "workspace",
            "The host is a workspace's, and answers.",
            workspace,
            ("identity.host",),
        ),
        TargetCheck(
            "identity.access",
            "credentials here",
            "The credentials at hand enter the workspace.",
            access,
            REACHED,
        ),
        TargetCheck(
            "identity.run_as",
            "run_as",
            "Jobs run as the service principal that CI signs in as.",
            run_as,
            ("project.settings",),
        ),
        TargetCheck(
            "identity.principal",
            "principal",
            "The service principal exists and is active.",
            principal,
            (*REACHED, "identity.run_as"),
        ),
        TargetCheck(
            "identity.assigned",
            "assignment",
            "The service principal may enter the workspace.",
            assigned,
            ("identity.principal",),
        ),
        TargetCheck(
            "identity.secret",
            "OAuth secret",
            "It has an OAuth secret that is alive, and can be the one that is stored.",
            secret,
            ("identity.principal", "project.workflows"),
        ),
        TargetCheck(
            "identity.federation",
            "federation",
            "A policy of it fits the tokens that the forge gives to jobs.",
            federation,
            ("identity.principal", "project.workflows", "forge.repository"),
        ),
    ),
)
