"""Faults: each breaks one thing of a healthy project, and mends it again."""

from __future__ import annotations

import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from databricks.sdk.service.iam import (
    AccessControlRequest,
    PermissionLevel,
    WorkspacePermission,
)

from bricklane.forge.model import EnvironmentRules, MergeMethod
from bricklane.project.base import record_base, unpack_base
from tests.bricklane.doctor.healthy import (
    RULES,
    WORKSPACES,
    Healthy,
    grant,
    trust,
)
from tests.flows.cloud import DEVELOPER, tool

HOST, CLIENT_ID, SECRET = "DATABRICKS_HOST", "DATABRICKS_CLIENT_ID", "DATABRICKS_CLIENT_SECRET"
NOBODY = "00000000-0000-4000-8000-000000000000"
ALL = (
    *("actions", "administration", "contents", "deployments", "environments"),
    *("pull_requests", "secrets", "statuses", "variables"),
)
EVERYTHING = dict.fromkeys(ALL, "write")
Variables = Mapping[str, str]
Plant = Callable[[Healthy], AbstractContextManager[Variables | None]]


@dataclass(frozen=True)
class Fault:
    """One thing that is broken, and what the doctor says of it.

    Args:
        name: of the fault.
        plant: breaks it, may yield variables of the environment to run the doctor in, mends it.
        key: of the check that finds it.
        said: what that says, a pattern.
        fix: what it says to do, a pattern.
        target: at which it finds it; empty for a check that is made once.
        status: ``failed`` or ``warning``.
        code: exit code.
    """

    name: str
    plant: Plant = field(repr=False)
    key: str
    said: str
    fix: str
    target: str = ""
    status: str = "failed"
    code: int = 7


# Files


def edited(file: str, before: str, after: str) -> Plant:
    """Return what changes a text in a file of the clone."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        path = healthy.folder / file
        text = path.read_text("utf-8")
        changed, count = re.subn(before, after, text, flags=re.MULTILINE)
        assert count == 1, f"{before!r} is {count} times in {file}"
        path.write_text(changed, "utf-8")
        yield
        path.write_text(text, "utf-8")

    return plant


def in_target(name: str, more: str) -> Plant:
    """Return what adds lines to a target of ``databricks.yml``."""
    return edited("databricks.yml", rf"^  {name}:\n", f"  {name}:\n{more}\n")


def moved(file: str) -> Plant:
    """Return what takes a file or folder out of the clone."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        path, away = healthy.folder / file, healthy.folder.parent / "away"
        path.rename(away)
        yield
        away.rename(path)

    return plant


def written(file: str, text: str) -> Plant:
    """Return what adds a file to the clone."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        path = healthy.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        yield
        path.unlink()
        if path.parent != healthy.folder and not any(path.parent.iterdir()):
            path.parent.rmdir()

    return plant


@contextmanager
def older_template(healthy: Healthy) -> Iterator[None]:
    """Let the template have given another file last time, which the team has as it was."""
    base, file = healthy.folder / ".bricklane" / "base.tar.xz", ".github/dependabot.yml"
    kept, path = base.read_bytes(), healthy.folder / file
    text = path.read_text("utf-8")
    given = healthy.folder.parent / "older"
    unpack_base(healthy.folder, given)
    for place in (path, given / file):
        place.write_text(f"# as it was\n{text}", "utf-8")
    record_base(given, healthy.folder)
    shutil.rmtree(given)
    yield
    path.write_text(text, "utf-8")
    base.write_bytes(kept)


# Programs


@contextmanager
def programs(healthy: Healthy, **scripts: str) -> Iterator[Path]:
    """Yield a folder with git and programs of our own, to be the whole PATH."""
    folder = healthy.folder.parent / "programs"
    folder.mkdir()
    (folder / "git").symlink_to(str(shutil.which("git")))
    for name, text in scripts.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        (folder / name).chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def without_tools(healthy: Healthy) -> Iterator[Variables]:
    with programs(healthy) as path:
        nothing = str(path / "nothing")
        yield {
            "PATH": str(path),
            "BRICKLANE_CACHE_DIR": nothing,
            "DATABRICKS_CLI_PATH": nothing,
        }


@contextmanager
def without_terraform(healthy: Healthy) -> Iterator[Variables]:
    with written("infrastructure/main.tf", "")(healthy), without_tools(healthy) as variables:
        yield {**variables, "DATABRICKS_CLI_PATH": tool("databricks")}


@contextmanager
def old_git(healthy: Healthy) -> Iterator[Variables]:
    with programs(healthy, git="echo git version 2.20.1") as path:
        yield {"PATH": str(path), "DATABRICKS_CLI_PATH": tool("databricks")}


# The clone


def in_git(*commands: str, undo: tuple[str, ...]) -> Plant:
    """Return what runs commands of git, and others afterwards."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        for command in commands:
            healthy.clone.git(*command.split())
        yield
        for command in undo:
            healthy.clone.git(*command.split())

    return plant


@contextmanager
def shallow(healthy: Healthy) -> Iterator[None]:
    file = healthy.folder / ".git" / "shallow"
    file.write_text(healthy.clone.git("rev-parse", "HEAD") + "\n", "utf-8")
    yield
    file.unlink()


@contextmanager
def elsewhere(healthy: Healthy) -> Iterator[None]:
    """Let the remote lead to a repository that is not there."""
    healthy.clone.git("remote", "set-url", "origin", healthy.cloud.remote(f"{DEVELOPER}/trains"))
    yield
    healthy.clone.git("remote", "set-url", "origin", healthy.cloud.remote(healthy.repository))


# The forge


def token(value: str = "", **settings: Any) -> Plant:
    """Return what signs the user in by another token: one that is given, or one that is issued."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[Variables]:
        given = healthy.cloud.issue_token(DEVELOPER, **settings) if settings else value
        yield {"GITHUB_TOKEN": given, "GIT_CONFIG_NOSYSTEM": "1"}

    return plant


def of_repository(path: str, method: str, broken: object, mended: object) -> Plant:
    """Return what changes a setting of the repository."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        healthy.cloud.ask(method, f"/repos/{healthy.repository}{path}", broken)
        yield
        healthy.cloud.ask(method, f"/repos/{healthy.repository}{path}", mended)

    return plant


def without_rules(healthy: Healthy) -> None:
    path = f"/repos/{healthy.repository}/rulesets"
    for row in healthy.cloud.ask("GET", path).json():
        healthy.cloud.ask("DELETE", f"{path}/{row['id']}")


@contextmanager
def no_develop(healthy: Healthy) -> Iterator[None]:
    without_rules(healthy)
    healthy.forge.delete_branch("develop")
    yield
    healthy.clone.git("push", "--quiet", "origin", "develop")
    healthy.forge.save_ruleset(RULES)


def rules(branch: str, **changed: Any) -> Plant:
    """Return what gives one branch other rules than the other; None for none."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        without_rules(healthy)
        for name in RULES.branches:
            change = changed if name == branch else {}
            healthy.forge.save_ruleset(replace(RULES, name=name, branches=(name,), **change))
        yield
        without_rules(healthy)
        healthy.forge.save_ruleset(RULES)

    return plant


@contextmanager
def disabled_rules(healthy: Healthy) -> Iterator[None]:
    """Let develop's rules be there without being in force."""
    with rules("develop")(healthy):
        path = f"/repos/{healthy.repository}/rulesets"
        (row,) = (row for row in healthy.cloud.ask("GET", path).json() if row["name"] == "develop")
        healthy.cloud.ask("PUT", f"{path}/{row['id']}", {"enforcement": "evaluate"})
        yield


# Environments


@contextmanager
def no_environment(healthy: Healthy) -> Iterator[None]:
    path = f"/repos/{healthy.repository}/environments/staging"
    healthy.cloud.ask("DELETE", path)
    yield
    healthy.forge.save_environment("staging", EnvironmentRules())
    identity = healthy.identities["staging"]
    healthy.forge.save_variable(HOST, healthy.host("staging"), environment="staging")
    healthy.forge.save_variable(CLIENT_ID, identity.application_id, environment="staging")
    healthy.forge.save_secret(SECRET, identity.secret, environment="staging")


def environment(target: str, **changed: Any) -> Plant:
    """Return what changes the rules of an environment."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        before = healthy.forge.environments()[target]
        healthy.forge.save_environment(target, replace(before, **changed))
        yield
        healthy.forge.save_environment(target, before)

    return plant


def variable(target: str, name: str, value: str | Callable[[Healthy], str] | None) -> Plant:
    """Return what gives a variable another value, or none."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        before = healthy.forge.variables(target)[name]
        path = f"/repos/{healthy.repository}/environments/{target}/variables/{name}"
        if value is None:
            healthy.cloud.ask("DELETE", path)
        else:
            text = value(healthy) if callable(value) else value
            healthy.forge.save_variable(name, text, environment=target)
        yield
        healthy.forge.save_variable(name, before, environment=target)

    return plant


@contextmanager
def no_secret(healthy: Healthy) -> Iterator[None]:
    healthy.forge.delete_secret(SECRET, environment="staging")
    yield
    healthy.forge.save_secret(SECRET, healthy.identities["staging"].secret, environment="staging")


@contextmanager
def shared_secret(healthy: Healthy) -> Iterator[None]:
    with no_secret(healthy):
        healthy.forge.save_secret(SECRET, healthy.identities["staging"].secret)
        yield
        healthy.forge.delete_secret(SECRET)


@contextmanager
def plan_without_reviewers(healthy: Healthy) -> Iterator[None]:
    owner = f"/admin/users/{DEVELOPER}"
    healthy.cloud.ask("PATCH", owner, {"plan": "team"})
    yield
    healthy.cloud.ask("PATCH", owner, {"plan": "enterprise"})


# Hosts and principals


def both(target: str, host: Callable[[Healthy], str]) -> Plant:
    """Return what names another host for a target in ``databricks.yml`` and on the forge."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        before, after = healthy.host(target), host(healthy)
        change = edited("databricks.yml", re.escape(before) + "$", after)
        with change(healthy), variable(target, HOST, after)(healthy):
            yield

    return plant


@contextmanager
def other_profile(healthy: Healthy) -> Iterator[None]:
    host = re.escape(healthy.host("prod"))
    with edited("databricks.yml", f"({host})$", r"\1\n      profile: staging")(healthy):
        yield


@contextmanager
def somebody_else(healthy: Healthy) -> Iterator[None]:
    with edited("databricks.yml", healthy.identities["prod"].application_id, NOBODY)(healthy):
        yield


@contextmanager
def refused_here(healthy: Healthy) -> Iterator[Variables]:
    """Let the profile of a workspace have a token that is worth nothing."""
    config = (healthy.cloud.state / "config").read_text("utf-8")
    copy = healthy.folder.parent / "config"
    copy.write_text(config.replace(healthy.profile("staging")["token"], "dapi-worth-nothing"))
    yield {"DATABRICKS_CONFIG_FILE": str(copy)}
    copy.unlink()


@contextmanager
def inactive(healthy: Healthy) -> Iterator[None]:
    account, number = healthy.account, healthy.identities["staging"].id
    path = f"/api/2.0/accounts/{account.config.account_id}/scim/v2/ServicePrincipals/{number}"

    def switch(*, active: bool) -> None:
        # Not by the SDK's own method, which leaves a value out that is false.
        change = {"op": "replace", "path": "active", "value": active}
        account.api_client.do("PATCH", path, body={"Operations": [change]})

    switch(active=False)
    yield
    switch(active=True)


@contextmanager
def unassigned(healthy: Healthy) -> Iterator[None]:
    assignments, number = healthy.account.workspace_assignment, healthy.identities["staging"].id
    assignments.delete(WORKSPACES["staging"], int(number))
    yield
    assignments.update(WORKSPACES["staging"], int(number), permissions=[WorkspacePermission.USER])


# Secrets and policies


@contextmanager
def other_secrets(healthy: Healthy, lifetime: str = "") -> Iterator[None]:
    """Replace the secrets of staging's principal by one of a lifetime, or by none."""
    secrets, number = healthy.account.service_principal_secrets, healthy.identities["staging"].id
    for row in list(secrets.list(number)):
        secrets.delete(number, str(row.id))
    if lifetime:
        secrets.create(number, lifetime=lifetime)
    yield
    for row in list(secrets.list(number)):
        secrets.delete(number, str(row.id))
    made = secrets.create(number)
    healthy.forge.save_secret(SECRET, str(made.secret), environment="staging")


@contextmanager
def expired(healthy: Healthy) -> Iterator[None]:
    with other_secrets(healthy, "1s"):
        time.sleep(1.5)
        yield


@contextmanager
def ending(healthy: Healthy) -> Iterator[None]:
    with other_secrets(healthy, f"{9 * 24 * 3600}s"):
        yield


@contextmanager
def not_stored(healthy: Healthy) -> Iterator[None]:
    """Let the principal have a secret that is newer than the one in the environment."""
    hour = 3_600_000
    healthy.cloud.control("POST", "clock", {"milliseconds": -hour})
    healthy.forge.save_secret(SECRET, healthy.identities["staging"].secret, environment="staging")
    healthy.cloud.control("POST", "clock", {"milliseconds": hour})
    with other_secrets(healthy, f"{30 * 24 * 3600}s"):
        yield


def policy(**changed: Any) -> Plant:
    """Return what gives staging's principal a policy that does not fit; without changes, none."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        policies = healthy.account.service_principal_federation_policy
        number = int(healthy.identities["staging"].id)
        policies.delete(number, "jobs")
        if changed:
            trust(healthy, "staging", **changed)
        yield
        if changed:
            policies.delete(number, "jobs")
        trust(healthy, "staging")

    return plant


@contextmanager
def left_over(healthy: Healthy) -> Iterator[None]:
    healthy.forge.save_secret(SECRET, "what-was-before", environment="staging")
    yield
    healthy.forge.delete_secret(SECRET, environment="staging")


# Data


def revoked(privilege: str) -> Plant:
    """Return what takes a privilege on the catalog away from staging's principal."""

    @contextmanager
    def plant(healthy: Healthy) -> Iterator[None]:
        grant(healthy, "staging", remove=(privilege,))
        yield
        grant(healthy, "staging", add=(privilege,))

    return plant


@contextmanager
def foreign_schema(healthy: Healthy) -> Iterator[None]:
    schemas = healthy.workspace("staging").schemas
    schemas.create("flights", "staging")
    yield
    schemas.delete("staging.flights")


@contextmanager
def no_warehouse(healthy: Healthy) -> Iterator[None]:
    warehouses = healthy.workspace("staging").warehouses
    (row,) = warehouses.list()
    number, name = str(row.id), str(row.name)
    warehouses.edit(number, name="Another", cluster_size="2X-Small")
    yield
    warehouses.edit(number, name=name, cluster_size="2X-Small")


@contextmanager
def guarded_warehouse(healthy: Healthy) -> Iterator[None]:
    workspace = healthy.workspace("staging")
    (row,) = workspace.warehouses.list()
    everybody = AccessControlRequest(group_name="users", permission_level=PermissionLevel.CAN_USE)
    owner = AccessControlRequest(
        user_name=str(row.creator_name), permission_level=PermissionLevel.IS_OWNER
    )
    workspace.permissions.set("warehouses", str(row.id), access_control_list=[owner])
    yield
    workspace.permissions.set("warehouses", str(row.id), access_control_list=[owner, everybody])


FAULTS = (
    # Tools
    Fault(
        "no Databricks CLI",
        without_tools,
        "tools.databricks",
        r"databricks >=1\.10,<2 was not found",
        r"^bricklane tools install databricks$",
        code=4,
    ),
    Fault(
        "no Terraform where there is infrastructure",
        without_terraform,
        "tools.terraform",
        r"terraform >=\S+ was not found",
        r"^bricklane tools install terraform$",
        code=4,
    ),
    Fault(
        "old git",
        old_git,
        "tools.git",
        r"git is too old: 'git version 2\.20\.1'",
        "newer git",
        code=4,
    ),
    # Project
    Fault(
        "databricks.yml is no YAML",
        edited("databricks.yml", r"^bundle:$", "bundle: ["),
        "project.bundle",
        r"databricks\.yml:\d+: ",
        "",
        code=3,
    ),
    Fault(
        "bricklane.toml says what it cannot say",
        edited("bricklane.toml", r"\A", 'colour = "red"\n'),
        "project.settings",
        r"bricklane\.toml:1: colour",
        r"reference\.toml",
        code=3,
    ),
    Fault(
        "an older template",
        older_template,
        "project.template",
        r"an update changes 1 files: \.github/dependabot\.yml",
        r"^bricklane update$",
        status="warning",
        code=0,
    ),
    Fault(
        "a newer template",
        edited(".bricklane/answers.yml", r"^_bricklane: .*$", "_bricklane: 99.0.0"),
        "project.template",
        r"from the template of bricklane 99\.0\.0, and this is the older",
        "uv tool upgrade bricklane",
        code=3,
    ),
    Fault(
        "no workflow for production",
        moved(".github/workflows/publish-new-release.yml"),
        "environment.workflow",
        r"no workflow in \.github/workflows deploys to prod",
        "bricklane update",
        "prod",
        code=3,
    ),
    Fault(
        "a workflow that is no YAML",
        edited(".github/workflows/deploy-dev.yml", r"^jobs:$", "jobs: ]"),
        "project.workflows",
        r"deploy-dev\.yml:\d+: cannot be read as YAML",
        "mend the file",
        code=3,
    ),
    # Git
    Fault(
        "no clone", moved(".git"), "git.repository", "is in no git working tree", "clone", code=3
    ),
    Fault("a shallow clone", shallow, "git.history", "shallow", r"^git fetch --unshallow", code=3),
    Fault(
        "no branch is checked out",
        in_git("switch --quiet --detach", undo=("switch --quiet develop",)),
        "git.head",
        "HEAD is detached",
        r"^git switch develop$",
        code=3,
    ),
    Fault(
        "no develop here",
        in_git(
            "switch --quiet main",
            "branch --quiet --delete --force develop",
            "update-ref -d refs/remotes/origin/develop",
            undo=("fetch --quiet origin", "switch --quiet develop"),
        ),
        "git.branches",
        "there is no develop",
        r"git fetch origin, or if it is new: git branch develop main",
        code=3,
    ),
    Fault(
        "no remote",
        in_git("remote rename origin other", undo=("remote rename other origin",)),
        "git.remote",
        "has no git remote 'origin'",
        r"^git remote add origin",
        code=3,
    ),
    # Forge
    Fault("no token", token(), "forge.token", "there is no token for", "GITHUB_TOKEN", code=3),
    Fault(
        "a wrong token",
        token("ghp_thisisnotatoken"),
        "forge.token",
        r"does not accept the token from the environment variable GITHUB_TOKEN \(401",
        "make a new one",
    ),
    Fault(
        "a token that ends soon",
        token(permissions=EVERYTHING, expires_in=3 * 24 * 3600),
        "forge.token",
        r"ends in [23] days, on \d{4}-",
        "make a new one and put it into GITHUB_TOKEN",
        status="warning",
        code=0,
    ),
    Fault(
        "no repository",
        elsewhere,
        "forge.repository",
        r"GET /repos/developer/trains \(404",
        "check the name",
    ),
    Fault(
        "no merge commits",
        of_repository("", "PATCH", {"allow_merge_commit": False}, {"allow_merge_commit": True}),
        "forge.merges",
        "allows no merge commits",
        r"developer/flights/settings",
    ),
    *(
        Fault(
            f"a token without {name}",
            token(permissions=EVERYTHING | {name: "read"}),
            "forge.permissions",
            rf"^the token lacks {name}=write$",
            "fine-grained token",
        )
        for name in ("pull_requests", "contents", "actions")
    ),
    Fault(
        "workflows may not open pull requests",
        of_repository(
            "/actions/permissions/workflow",
            "PUT",
            {"can_approve_pull_request_reviews": False},
            {"can_approve_pull_request_reviews": True},
        ),
        "forge.jobs",
        "workflows may not open pull requests",
        "settings/actions, Workflow permissions",
    ),
    Fault(
        "no develop on the forge",
        no_develop,
        "forge.branches",
        "developer/flights has no branch develop",
        r"^git push origin develop$",
    ),
    Fault(
        "rules that are not in force",
        disabled_rules,
        "forge.rules.develop",
        "can push to develop: no rule in force asks for a pull request",
        "set the ruleset to active",
    ),
    Fault(
        "main can be rewritten",
        rules("main", no_force_push=False),
        "forge.rules.main",
        "main can be rewritten",
        "against force pushes and deletions",
    ),
    Fault(
        "a required check that nothing makes",
        rules("main", checks=("build",)),
        "forge.rules.main",
        r"requires none of the checks that workflows make \(checks, comment\): build",
        "require the check checks",
    ),
    Fault(
        "squashes only",
        rules("develop", merge_methods=(MergeMethod.SQUASH,)),
        "forge.rules.develop",
        "develop takes no merge commits",
        "allow merge commits",
    ),
    Fault(
        "squashes too",
        rules("main", merge_methods=()),
        "forge.rules.main",
        "main also takes squashed or rebased pull requests",
        "allow merge commits only",
        status="warning",
        code=0,
    ),
    Fault(
        "everybody is exempt",
        rules("main", bypass=("role:write",)),
        "forge.rules.main",
        "whoever may push to main is exempt",
        "bypass list",
    ),
    Fault(
        "administrators are exempt",
        rules("main", bypass=("role:admin",)),
        "forge.rules.main",
        "but not for role:admin",
        "bypass list",
        status="warning",
        code=0,
    ),
    # Environments
    Fault(
        "no environment",
        no_environment,
        "environment.exists",
        "there is no environment staging: the forge would make one, without any protection",
        "bricklane bootstrap",
        "staging",
    ),
    Fault(
        "two names of an environment",
        edited(
            "bricklane.toml", r"^\[targets\.dev\]$", '[targets.dev]\nenvironment = "development"'
        ),
        "environment.exists",
        r"deploy-dev\.yml deploys in environment dev, and deployments of dev are recorded in",
        "name one environment in both",
        "dev",
    ),
    Fault(
        "a job without an environment",
        edited(".github/workflows/publish-new-release.yml", r"^    environment: prod\n", ""),
        "environment.exists",
        "job publish names no environment, so nothing protects prod",
        "add to the job: environment: prod",
        "prod",
    ),
    Fault(
        "no host in the environment",
        variable("staging", HOST, None),
        "environment.variables",
        "environment staging has no DATABRICKS_HOST",
        "bricklane bootstrap",
        "staging",
    ),
    Fault(
        "no client id in the environment",
        variable("prod", CLIENT_ID, None),
        "environment.variables",
        "environment prod has no DATABRICKS_CLIENT_ID",
        "settings/environments",
        "prod",
    ),
    Fault(
        "no secret in the environment",
        no_secret,
        "environment.secrets",
        "environment staging has no DATABRICKS_CLIENT_SECRET",
        "bricklane bootstrap",
        "staging",
    ),
    Fault(
        "a secret that every job can read",
        shared_secret,
        "environment.secrets",
        "is the whole repository's: any job of any branch can read it",
        "move it into the environment staging",
        "staging",
        status="warning",
        code=0,
    ),
    Fault(
        "any branch deploys to production",
        environment("prod", branches=()),
        "environment.branches",
        "any branch may deploy to prod",
        "let main deploy only",
        "prod",
    ),
    Fault(
        "too many branches deploy to production",
        environment("prod", branches=("main", "release/*")),
        "environment.branches",
        r"release/1\.0\.0 may deploy to prod too",
        "allow main only",
        "prod",
    ),
    Fault(
        "releases do not deploy to staging",
        environment("staging", branches=("main", "hotfix/*")),
        "environment.branches",
        r"release/1\.0\.0 may not deploy to staging; allowed: main, hotfix/\*",
        "allow it",
        "staging",
    ),
    Fault(
        "nobody approves production",
        environment("prod", reviewers=()),
        "environment.reviewers",
        "nobody has to approve what goes to prod",
        "bricklane bootstrap --reviewer LOGIN",
        "prod",
    ),
    Fault(
        "one approves one's own production",
        environment("prod", prevent_self_review=False),
        "environment.reviewers",
        "release-manager; who starts a run may approve it alone",
        r"Prevent self-review \(bricklane bootstrap --no-self-review\)",
        "prod",
        status="warning",
        code=0,
    ),
    Fault(
        "administrators go past reviewers",
        environment("prod", admins_bypass=True),
        "environment.reviewers",
        "administrators of the repository may go past them",
        "do not allow administrators to bypass",
        "prod",
        status="warning",
        code=0,
    ),
    Fault(
        "a plan that asks no reviewers",
        plan_without_reviewers,
        "environment.reviewers",
        "nobody is asked before prod: the repository is private, and the plan of developer is team",
        "GitHub Enterprise",
        "prod",
    ),
    # Identity
    Fault(
        "CI deploys elsewhere",
        variable("prod", HOST, lambda healthy: healthy.host("staging")),
        "identity.host",
        r"databricks\.yml says http\S+, environment prod says http",
        "make them the same",
        "prod",
    ),
    Fault(
        "a profile that leads elsewhere",
        other_profile,
        "identity.host",
        "profile staging says http",
        "make them the same",
        "prod",
    ),
    Fault(
        "the account's host",
        both("staging", lambda healthy: healthy.profile("account")["host"]),
        "identity.workspace",
        "is an account's host, and no workspace's",
        "the workspace's own URL",
        "staging",
    ),
    Fault(
        "a host that does not answer",
        both("staging", lambda _: "http://127.0.0.1:9"),
        "identity.workspace",
        "cannot be reached",
        "check the host and the network",
        "staging",
        code=5,
    ),
    Fault(
        "credentials that are refused",
        refused_here,
        "identity.access",
        r"the credentials for http\S+ are refused: profile staging: ",
        "databricks auth login --host",
        "staging",
        code=3,
    ),
    Fault(
        "jobs run as somebody else",
        somebody_else,
        "identity.run_as",
        f"jobs run as {NOBODY}, and CI signs in as",
        "make them the same",
        "prod",
    ),
    Fault(
        "a principal that is not there",
        variable("dev", CLIENT_ID, str(uuid.UUID(NOBODY))),
        "identity.principal",
        f"there is no service principal with the application id {NOBODY}",
        "DATABRICKS_CLIENT_ID is the application id, not the name",
        "dev",
    ),
    Fault(
        "a principal that is switched off",
        inactive,
        "identity.principal",
        r"service principal flights-staging \(\S+\) is not active",
        "User management",
        "staging",
    ),
    Fault(
        "a principal that is not let in",
        unassigned,
        "identity.assigned",
        f"flights-staging is not assigned to workspace {WORKSPACES['staging']}",
        "databricks account workspace-assignment update",
        "staging",
    ),
    Fault(
        "no OAuth secret",
        other_secrets,
        "identity.secret",
        "flights-staging has no OAuth secret that is alive",
        "bricklane bootstrap --rotate",
        "staging",
    ),
    Fault(
        "an expired OAuth secret",
        expired,
        "identity.secret",
        "flights-staging has no OAuth secret that is alive",
        "bricklane bootstrap --rotate",
        "staging",
    ),
    Fault(
        "an OAuth secret that ends soon",
        ending,
        "identity.secret",
        r"the secret ends in 8 days, on \d{4}-",
        "bricklane bootstrap --rotate",
        "staging",
        status="warning",
        code=0,
    ),
    Fault(
        "an OAuth secret that CI was not given",
        not_stored,
        "identity.secret",
        r"the secret in environment staging is of .* UTC, older than every secret",
        "bricklane bootstrap --rotate",
        "staging",
    ),
    # Data
    Fault(
        "no such catalog",
        edited("databricks.yml", r'catalog: "staging"$', "catalog: stagnig"),
        "data.catalog",
        "there is no catalog stagnig",
        "bricklane bootstrap",
        "staging",
    ),
    Fault(
        "no USE CATALOG",
        revoked("USE_CATALOG"),
        "data.catalog",
        "flights-staging has no USE CATALOG on staging",
        r"GRANT USE CATALOG ON CATALOG staging TO `",
        "staging",
    ),
    Fault(
        "no CREATE SCHEMA",
        revoked("CREATE_SCHEMA"),
        "data.schema",
        "flights-staging has no CREATE SCHEMA on staging",
        r"GRANT CREATE SCHEMA ON CATALOG staging TO `",
        "staging",
    ),
    Fault(
        "somebody else's schema",
        foreign_schema,
        "data.schema",
        r"schema staging\.flights is there, and flights-staging may neither manage nor use it",
        r"GRANT MANAGE, USE SCHEMA ON SCHEMA staging\.flights TO `",
        "staging",
    ),
    Fault(
        "no such warehouse",
        no_warehouse,
        "data.warehouse",
        "there is no SQL warehouse Serverless Starter Warehouse; there are: Another",
        "name another",
        "staging",
    ),
    Fault(
        "a warehouse that may not be used",
        guarded_warehouse,
        "data.warehouse",
        "flights-staging may not use the SQL warehouse Serverless Starter Warehouse",
        "databricks permissions update warehouses",
        "staging",
    ),
    # Bundle
    Fault(
        "a bundle that is not valid",
        in_target("prod", "    presets:\n      name_prefix: ${var.no_such_variable}"),
        "bundle.valid",
        "no_such_variable",
        "",
        "prod",
    ),
)

OF_OIDC = (
    Fault(
        "a job without ID tokens",
        edited(".github/workflows/deploy-dev.yml", r"^      id-token: write.*\n", ""),
        "environment.workflow",
        r"deploy-dev\.yml: job deploy signs in by OIDC and may not have an ID token",
        r"permissions: \{id-token: write\}",
        "dev",
        code=3,
    ),
    Fault(
        "a secret that nobody needs",
        left_over,
        "environment.secrets",
        "DATABRICKS_CLIENT_SECRET is still there, and CI signs in without one",
        "delete it",
        "staging",
        status="warning",
        code=0,
    ),
    Fault(
        "no policy",
        policy(),
        "identity.federation",
        "flights-staging has no federation policy",
        r'service-principal-federation-policy create \d+ --json .*"subject": "repo:developer@',
        "staging",
    ),
    Fault(
        "another issuer",
        policy(issuer="https://token.actions.githubusercontent.com"),
        "identity.federation",
        r"issuer https://token\.actions\.githubusercontent\.com, and tokens are of http://127",
        '"issuer": "http://127',
        "staging",
    ),
    Fault(
        "another audience",
        policy(audiences=["somebody-else"]),
        "identity.federation",
        "audience somebody-else, and tokens are for",
        "audiences",
        "staging",
    ),
    Fault(
        "a subject without ids",
        policy(subject="repo:developer/flights:environment:staging"),
        "identity.federation",
        r"subject repo:developer/flights:environment:staging, and tokens have"
        r" repo:developer@\d+/flights@\d+:environment:staging",
        "subject",
        "staging",
    ),
    Fault(
        "a subject of another environment",
        policy(subject="repo:developer/flights:environment:prod"),
        "identity.federation",
        r"subject repo:developer/flights:environment:prod, and tokens have repo:developer@\d+/",
        "subject",
        "staging",
    ),
)
