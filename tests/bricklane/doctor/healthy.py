"""A project that can be delivered: clone, repository and account, all as they should be."""

from __future__ import annotations

import configparser
import io
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.config import Config
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.iam import WorkspacePermission
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy

from bricklane.cli.group import cli
from bricklane.doctor.federation import subject
from bricklane.forge.github.adapter import GitHub
from bricklane.forge.model import EnvironmentRules, MergeMethod, Ruleset
from bricklane.project.base import record_base
from bricklane.project.rendering import ask, render
from bricklane.provision.projectfile import TargetFacts, write
from tests.flows.cloud import REVIEWER, Clone, LocalCloud, new_clone

TARGETS = ("dev", "staging", "prod")
WORKSPACES = {name: 6_500_000_000_000_001 + number for number, name in enumerate(TARGETS)}
RULES = Ruleset(
    "delivery", ("main", "develop"), checks=("checks",), merge_methods=(MergeMethod.MERGE,)
)
PROTECTED = EnvironmentRules(
    reviewers=(REVIEWER,), prevent_self_review=True, branches=("main",), admins_bypass=False
)


@dataclass(frozen=True)
class Identity:
    """A target's service principal: its number, its application id, its OAuth secret's value."""

    id: str
    application_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True)
class Healthy:
    """A project whose doctor finds nothing.

    Args:
        cloud: with forge, account and workspaces.
        clone: of the project, on develop.
        repository: ``owner/name``.
        forge: as its owner sees it.
        account: as its administrator sees it.
        identities: target → service principal.
    """

    cloud: LocalCloud
    clone: Clone
    repository: str
    forge: GitHub
    account: AccountClient
    identities: Mapping[str, Identity]

    @property
    def folder(self) -> Path:
        return self.clone.folder

    def profile(self, name: str) -> configparser.SectionProxy:
        return profiles(self.cloud)[name]

    def host(self, target: str) -> str:
        return self.profile(target)["host"]

    def workspace(self, target: str) -> WorkspaceClient:
        return WorkspaceClient(
            config=Config(
                host=self.host(target),
                token=self.profile(target)["token"],
                auth_type="pat",
                rate_limit=1000,
            )
        )

    @property
    def secrets(self) -> list[str]:
        """What the doctor must not show."""
        return [
            self.cloud.token(),
            self.profile("account")["client_secret"],
            *(self.profile(target)["token"] for target in TARGETS),
            *(identity.secret for identity in self.identities.values()),
        ]

    @property
    def environment(self) -> dict[str, str]:
        """What the process of who runs the doctor has in its environment."""
        names = ("DATABRICKS_", "GITHUB_", "BUNDLE_VAR_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(names)}
        kept.pop("CI", None)
        return {
            **kept,
            "GITHUB_TOKEN": self.cloud.token(),
            "DATABRICKS_CONFIG_FILE": str(self.cloud.state / "config"),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def doctor(self, *words: str, **environment: str) -> tuple[int, str]:
        """Run ``bricklane doctor`` in the clone; return its exit code and what it printed."""
        output, before = io.StringIO(), Path.cwd()
        variables = {**self.environment, **environment}
        os.chdir(self.folder)
        try:
            with patch.dict(os.environ, variables, clear=True), redirect_stdout(output):
                code = cli.main(["doctor", *words], prog_name="bricklane", standalone_mode=False)
        finally:
            os.chdir(before)
        return int(code), output.getvalue()

    def examined(self, *words: str, **environment: str) -> dict[str, Any]:
        """Return what ``bricklane doctor --json`` says, for the account's administrator."""
        _, output = self.doctor("--json", "--profile", "account", *words, **environment)
        found: dict[str, Any] = json.loads(output)
        return found


def profiles(cloud: LocalCloud) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read(cloud.state / "config")
    return config


@contextmanager
def open_healthy(folder: Path, authentication: str = "secret") -> Iterator[Healthy]:
    """Start a cloud and make the project; both end with the block."""
    cloud = LocalCloud(folder / "state").up()
    try:
        healthy = _made(cloud, folder, authentication)
        _let_in(healthy, authentication)
        yield healthy
        healthy.forge.api.close()
    finally:
        cloud.down()


def _made(cloud: LocalCloud, folder: Path, authentication: str) -> Healthy:
    known = profiles(cloud)
    names = ("host", "account_id", "client_id", "client_secret")
    section = {name: known["account"][name] for name in names}
    account = AccountClient(config=Config(**section, auth_type="oauth-m2m", rate_limit=1000))
    identities = {target: _identity(account, target) for target in TARGETS}
    repository = cloud.create("flights")
    clone = new_clone(cloud, repository, folder / "flights")
    answers = {"project": "flights", "authentication": authentication}
    render(ask(answers, defaults=True), clone.folder)
    given = folder / "given"
    given.mkdir()
    render(ask(answers, defaults=True), given)
    record_base(given, clone.folder)
    facts = {
        target: TargetFacts(known[target]["host"], identities[target].application_id)
        for target in TARGETS
    }
    write(clone.folder / "databricks.yml", facts)
    clone.commit("chore: begin")
    clone.git("branch", "develop")
    clone.git("push", "--quiet", "origin", "main", "develop")
    clone.git("switch", "--quiet", "develop")
    return Healthy(cloud, clone, repository, cloud.forge(repository), account, identities)


def _identity(account: AccountClient, target: str) -> Identity:
    made = account.service_principals.create(display_name=f"flights-{target}", active=True)
    secret = account.service_principal_secrets.create(str(made.id))
    account.workspace_assignment.update(
        WORKSPACES[target], int(str(made.id)), permissions=[WorkspacePermission.USER]
    )
    return Identity(str(made.id), str(made.application_id), str(secret.secret))


def _let_in(healthy: Healthy, authentication: str) -> None:
    forge = healthy.forge
    forge.save_ruleset(RULES)
    for target in TARGETS:
        identity = healthy.identities[target]
        forge.save_environment(target, PROTECTED if target == "prod" else EnvironmentRules())
        forge.save_variable("DATABRICKS_HOST", healthy.host(target), environment=target)
        forge.save_variable("DATABRICKS_CLIENT_ID", identity.application_id, environment=target)
        if authentication == "secret":
            forge.save_secret("DATABRICKS_CLIENT_SECRET", identity.secret, environment=target)
        else:
            trust(healthy, target)
        grant(healthy, target, add=("USE_CATALOG", "CREATE_SCHEMA"))


def trust(healthy: Healthy, target: str, **changed: Any) -> None:
    """Make the policy by which a target's jobs sign in; a changed part does not fit."""
    token = healthy.forge.token_subject()
    fitting = {
        "issuer": token.issuer,
        "audiences": [str(healthy.account.config.account_id)],
        "subject": subject(healthy.repository, target, token),
    }
    policy = FederationPolicy(oidc_policy=OidcFederationPolicy(**{**fitting, **changed}))
    healthy.account.service_principal_federation_policy.create(
        int(healthy.identities[target].id), policy, policy_id="jobs"
    )


def grant(
    healthy: Healthy, target: str, *, add: tuple[str, ...] = (), remove: tuple[str, ...] = ()
) -> None:
    """Change what a target's principal may do in the target's catalog, where others may nothing."""
    own = PermissionsChange(
        add=[Privilege(name) for name in add],
        remove=[Privilege(name) for name in remove],
        principal=healthy.identities[target].application_id,
    )
    others = PermissionsChange(remove=[Privilege.USE_CATALOG], principal="account users")
    healthy.workspace(target).grants.update("catalog", target, changes=[own, others])
