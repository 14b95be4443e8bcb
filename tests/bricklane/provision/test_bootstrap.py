"""``bricklane bootstrap`` with the real Terraform and provider, on an empty account."""

from __future__ import annotations

import configparser
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.flows.cloud import DEVELOPER, REVIEWER, LocalCloud, new_clone

if TYPE_CHECKING:
    from databricks.sdk import AccountClient

pytestmark = pytest.mark.real
BUNDLE = """\
bundle:
  name: sales
targets:
  dev:
    mode: development
    default: true
    variables: {catalog: dev_sales}
  staging:
    mode: production
    run_as: {service_principal_name: "${var.service_principal}"}
  prod:
    mode: production
    run_as: {service_principal_name: "${var.service_principal}"}
variables:
  catalog: {default: main}
  service_principal: {default: nobody}
"""
NOTHING = re.compile(r"^= .* \(already done\)$")


@dataclass(frozen=True)
class Place:
    """A project whose repository and account are empty.

    Args:
        cloud: with both.
        folder: of the project.
        repository: its ``owner/name``.
    """

    cloud: LocalCloud
    folder: Path
    repository: str

    @property
    def environment(self) -> dict[str, str]:
        """What an administrator has in the environment."""
        clean = {key: value for key, value in os.environ.items() if "DATABRICKS" not in key}
        return clean | {
            "DATABRICKS_CONFIG_FILE": str(self.cloud.state / "config"),
            "GITHUB_API_URL": self.cloud.access["api"],
            "GITHUB_TOKEN": self.cloud.token(),
        }

    def command(self, *words: str) -> list[str]:
        """Return the command line of ``bricklane bootstrap``."""
        return [sys.executable, "-m", "bricklane", "bootstrap", "--profile", "account", *words]

    def bootstrap(self, *words: str, code: int = 0) -> str:
        """Run ``bricklane bootstrap`` and return all that it prints."""
        done = subprocess.run(
            self.command(*words),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def account(self) -> AccountClient:
        """Return the account's client, for its administrator."""
        from databricks.sdk import AccountClient

        profiles = configparser.ConfigParser(interpolation=None)
        profiles.read(self.cloud.state / "config")
        found = {key: value for key, value in profiles["account"].items() if key != "rate_limit"}
        return AccountClient(**found)

    def steps(self, printed: str) -> list[str]:
        """Return the lines of steps that have something to do, or did it."""
        lines = [line for line in printed.splitlines() if line[:1] in "=?✓" and line]
        return [line for line in lines if not NOTHING.match(line)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A project on an empty account, for the tests of this module in their order."""
    folder = tmp_path_factory.mktemp("bootstrap")
    cloud = LocalCloud(folder / "state").up("--empty")
    try:
        repository = cloud.create("sales")
        clone = new_clone(cloud, repository, folder / "sales")
        clone.commit("feat: a bundle", {"databricks.yml": BUNDLE})
        yield Place(cloud, clone.folder, repository)
    finally:
        cloud.down()


def test_the_plan_changes_nothing(place: Place) -> None:
    before = sorted(place.folder.rglob("*"))
    said = place.bootstrap("--plan", "--region", "eu-central-1")
    assert "infrastructure/account: project: (not set) → sales" in said
    assert "ruleset delivery: main and develop change by checked pull requests only" in said
    assert sorted(place.folder.rglob("*")) == before
    assert list(place.account().workspaces.list()) == []
    assert place.cloud.forge(place.repository).environments() == {}


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        # Terraform is told to stop, finishes what is under way and writes down what it has made. By
        # then there are groups and principals: their answers would be lost on the way.
        ("databricks_mws_permission_assignment", signal.SIGTERM),
        # Nobody is told anything: bricklane and Terraform are gone at once.
        ("planning dev", signal.SIGKILL),
    ],
)
def test_what_ended_in_the_middle_is_gone_on_from(
    place: Place, moment: str, end: signal.Signals
) -> None:
    words = place.command("--region", "eu-central-1", "--reviewer", REVIEWER)
    with subprocess.Popen(
        words, cwd=place.folder, env=place.environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert any(moment in line for line in process.stdout)
        if end is signal.SIGKILL:
            kill_all(process.pid)
        else:
            process.send_signal(end)
    assert process.returncode != 0


def test_it_is_done_when_it_is_run_again(place: Place) -> None:
    said = place.bootstrap("--region", "eu-central-1", "--reviewer", REVIEWER)
    assert "✓ write hosts and service principals: 5 changes" in said
    assert "run it once more after the push" in said
    names = [workspace.workspace_name for workspace in place.account().workspaces.list()]
    assert sorted(map(str, names)) == ["sales-dev", "sales-prod", "sales-staging"]
    principals = [one.display_name for one in place.account().service_principals_v2.list()]
    assert sorted(name for name in principals if name and name.startswith("sales")) == [
        "sales-dev",
        "sales-prod",
        "sales-staging",
    ]


def kill_all(pid: int) -> None:
    import psutil

    found = psutil.Process(pid)
    for one in [found, *found.children(recursive=True)]:
        one.send_signal(signal.SIGKILL)


def test_the_repository_can_deliver(place: Place) -> None:
    forge = place.cloud.forge(place.repository)
    environments = forge.environments()
    assert sorted(environments) == ["dev", "prod", "staging"]
    assert environments["prod"].reviewers == (REVIEWER,)
    assert environments["prod"].branches == ("main",)
    assert environments["prod"].prevent_self_review
    written = (place.folder / "databricks.yml").read_text()
    for target in environments:
        variables = forge.variables(target)
        assert f"host: {variables['DATABRICKS_HOST']}" in written
        assert list(forge.secrets(target)) == ["DATABRICKS_CLIENT_SECRET"]
        if target != "dev":
            assert f"service_principal: {variables['DATABRICKS_CLIENT_ID']}" in written


def test_run_again_it_has_nothing_to_do_but_the_rules(place: Place) -> None:
    left = place.steps(place.bootstrap())
    assert left == ["✓ protect main and develop: later, when main and develop have been pushed"]
    clone = new_clone(place.cloud, place.repository, place.folder.parent / "other")
    clone.commit("feat: begin", {"README.md": "sales"})
    clone.git("push", "--quiet", "origin", "HEAD:main", "HEAD:develop")
    assert place.steps(place.bootstrap("--skip-terraform")) == [
        "✓ protect main and develop: 1 change"
    ]
    assert place.steps(place.bootstrap()) == []


def test_what_somebody_changed_by_hand_is_shown_and_mended(place: Place) -> None:
    account = place.account()
    (group,) = account.groups_v2.list(filter='displayName eq "sales-readers"')
    account.groups_v2.delete(str(group.id))
    forge = place.cloud.forge(place.repository)
    forge.save_variable("DATABRICKS_HOST", "https://elsewhere", environment="prod")
    said = place.bootstrap("--plan")
    assert '+ module.account.databricks_group.this["readers"]' in said
    assert "environment prod: variable DATABRICKS_HOST: https://elsewhere → http://127." in said
    place.bootstrap()
    assert place.steps(place.bootstrap("--plan")) == []


def test_a_team_of_one_may_approve_what_it_starts(place: Place) -> None:
    forge = place.cloud.forge(place.repository)
    said = place.bootstrap("--plan", "--skip-terraform", "--self-review")
    assert "environment prod: who started a run may approve it: no → yes" in said
    place.bootstrap("--skip-terraform", "--self-review")
    assert not forge.environments()["prod"].prevent_self_review
    assert place.steps(place.bootstrap("--skip-terraform")) == [], "it stays as the team said"
    place.bootstrap("--skip-terraform", "--no-self-review")
    assert forge.environments()["prod"].prevent_self_review


def test_secrets_are_rotated_with_overlap(place: Place) -> None:
    account, forge = place.account(), place.cloud.forge(place.repository)
    principals = {one.display_name: one.id for one in account.service_principals_v2.list()}
    number = str(principals["sales-prod"])
    # An apply that was ended may have left a secret that nobody knows: it stays, until it expires.
    before = {secret.id for secret in account.service_principal_secrets.list(number)}
    assert forge.variables("prod")["DATABRICKS_CLIENT_SECRET_GENERATION"] == "1"
    planned = place.bootstrap("--rotate", "--plan")
    assert "? begin a new generation of OAuth secrets" in planned
    place.bootstrap("--rotate")
    after = {secret.id for secret in account.service_principal_secrets.list(number)}
    assert (len(after - before), len(before - after)) == (1, 1)
    assert forge.variables("prod")["DATABRICKS_CLIENT_SECRET_GENERATION"] == "2"
    assert place.steps(place.bootstrap("--plan")) == []


def test_secrets_are_only_in_the_state_that_its_owner_reads(place: Place) -> None:
    state = place.folder / "infrastructure/account/terraform.tfstate"
    secrets = set(re.findall(r"dose[0-9a-f]{32}", state.read_text()))
    assert secrets
    for path in place.folder.rglob("*"):
        if not path.is_file() or ".terraform" in path.parts or ".git" in path.parts:
            continue
        if "tfstate" in path.name:
            assert path.stat().st_mode & 0o077 == 0, path
        else:
            assert not secrets & set(re.findall(r"dose[0-9a-f]{32}", path.read_text())), path
    ignored = subprocess.run(
        ["git", "check-ignore", str(state)], cwd=place.folder, capture_output=True, check=False
    )
    assert ignored.returncode == 0


def test_from_secrets_to_the_forges_own_tokens(place: Place) -> None:
    refused = place.bootstrap("--oidc", code=3)
    assert "move without a gap: bricklane bootstrap --migrate-to-oidc" in refused
    account, forge = place.account(), place.cloud.forge(place.repository)
    workflow = ".github/workflows/deploy.yml"
    (principal,) = account.service_principals_v2.list(filter='displayName eq "sales-prod"')
    kept = len(list(account.service_principal_secrets.list(str(principal.id)))) - 1
    other = new_clone(place.cloud, place.repository, place.folder.parent / "workflows")
    (rules,) = forge.rulesets()
    forge.save_ruleset(replace(rules, pull_request=False, checks=(), no_force_push=False))
    for text, waits in (("${{ secrets.DATABRICKS_CLIENT_SECRET }}", True), ("github-oidc", False)):
        other.commit("ci: sign in", {workflow: text})
        other.git("push", "--quiet", "--force", "origin", "HEAD:main", "HEAD:develop")
        said = place.bootstrap("--migrate-to-oidc")
        assert ("give the secrets up: later: bricklane update" in said) is waits
        assert (list(forge.secrets("prod")) == ["DATABRICKS_CLIENT_SECRET"]) is waits
    principals = {one.display_name: one.id for one in account.service_principals_v2.list()}
    number = int(str(principals["sales-prod"]))
    (policy,) = account.service_principal_federation_policy.list(number)
    assert policy.oidc_policy
    subject = forge.token_subject()
    assert policy.oidc_policy.issuer == subject.issuer
    ids = f"{DEVELOPER}@{subject.owner_id}/sales@{subject.repository_id}"
    assert policy.oidc_policy.subject == f"repo:{ids}:environment:prod"
    left = {secret.id for secret in account.service_principal_secrets.list(str(number))}
    assert len(left) == kept
    assert place.steps(place.bootstrap("--migrate-to-oidc")) == []


def test_a_catalog_that_the_workspace_comes_with_is_refused(place: Place) -> None:
    file = place.folder / "databricks.yml"
    text = file.read_text()
    file.write_text(text.replace("dev_sales", "sales_dev"))
    said = place.bootstrap("--plan", code=3)
    file.write_text(text)
    assert "targets/dev/variables/catalog: sales_dev is the catalog that the new workspace" in said
    assert "such as dev_sales" in said


def test_nobody_signed_in_is_told_how(place: Place) -> None:
    environment = {**place.environment, "DATABRICKS_CONFIG_FILE": str(place.folder / "none")}
    done = subprocess.run(
        [sys.executable, "-m", "bricklane", "bootstrap"],
        cwd=place.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "no administrator of a Databricks account is signed in" in done.stderr
    assert "DATABRICKS_ACCOUNT_ID" in done.stderr
    assert "Traceback" not in done.stderr
