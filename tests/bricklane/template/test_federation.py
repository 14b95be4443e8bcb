"""A project that signs in by OIDC delivers for real: its own workflow, act, and the Databricks CLI.

The forge issues the ID token, the workspace checks it against a federation policy; nothing secret
is kept anywhere.
"""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import AccountClient, WorkspaceClient
from databricks.sdk.service.catalog import PermissionsChange, Privilege
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy

from tests.flows.cloud import PERSON, Clone, LocalCloud, tool

pytestmark = pytest.mark.real

ROOT = Path(__file__).parents[3]
SECONDS = 300.0


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    running = LocalCloud(tmp_path_factory.mktemp("federation") / "state")
    running.up("--act", tool("act"))
    yield running
    running.down()


@pytest.fixture(scope="module")
def requirement(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What workflows install: this bricklane."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True, timeout=SECONDS)
    (wheel,) = folder.glob("*.whl")
    return f"bricklane @ {wheel.as_uri()}"


@dataclass
class Delivery:
    """A project with its repository, and the service principal that deploys it to dev.

    Args:
        cloud: where all are.
        repository: ``owner/name``.
        account: its administrator's client.
        administrator: of the workspace dev.
        principal: SCIM id.
        application_id: of the principal.
        clone: of the developer.
    """

    cloud: LocalCloud
    repository: str
    account: AccountClient
    administrator: WorkspaceClient
    principal: int
    application_id: str
    clone: Clone

    @property
    def path(self) -> str:
        """The path of the repository below the forge's API."""
        return f"/repos/{self.repository}"

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Ask the forge about the repository."""
        answer = self.cloud.ask(method, self.path + path, body)
        return answer.json() if answer.content else None

    def trust(self, **changes: str) -> None:
        """Let tokens of the repository's environment dev stand for the principal, and no others."""
        policies = self.account.service_principal_federation_policy
        for policy in policies.list(self.principal):
            policies.delete(self.principal, str(policy.policy_id))
        prefix = self.ask("GET", "/actions/oidc/customization/sub")["sub_claim_prefix"]
        values = {
            "issuer": f"{self.cloud.access['url']}/_services/token",
            "subject": f"{prefix}:environment:dev",
        }
        oidc = OidcFederationPolicy(**(values | changes))
        policies.create(self.principal, FederationPolicy(oidc_policy=oidc))

    def deployed(self, number: int) -> tuple[str, str]:
        """Wait for the run of deploy-dev with a number; return how it ended, and its log."""
        path = "/actions/workflows/deploy-dev.yml/runs"
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            runs = self.ask("GET", path)["workflow_runs"]
            run = next((row for row in runs if row["run_number"] == number), None)
            if run is not None and run["status"] == "completed":
                (job,) = self.ask("GET", f"/actions/runs/{run['id']}/jobs")["jobs"]
                log = self.cloud.ask("GET", f"{self.path}/actions/jobs/{job['id']}/logs").text
                return run["conclusion"], log
            time.sleep(0.5)
        pytest.fail(f"run {number} of deploy-dev did not end within {SECONDS} s")

    def again(self) -> None:
        """Start deploy-dev by hand."""
        body = {"ref": "develop"}
        self.ask("POST", "/actions/workflows/deploy-dev.yml/dispatches", body)


@pytest.fixture
def delivery(cloud: LocalCloud, requirement: str, tmp_path: Path) -> Delivery:
    folder = tmp_path / "orders"
    answers = ("project=orders", "sample=none", "authentication=oidc")
    words = [word for answer in answers for word in ("--data", answer)]
    bricklane = [sys.executable, "-P", "-m", "bricklane", "new", str(folder), "--defaults"]
    environment = {**os.environ, **PERSON}
    subprocess.run([*bricklane, *words], check=True, env=environment, timeout=SECONDS)
    # The cloud has no Spark, which the end-to-end tests need.
    settings = folder / "bricklane.toml"
    text = settings.read_text("utf-8")
    assert '"integration", "e2e"' in text
    settings.write_text(text.replace('"integration", "e2e"', '"integration"'), "utf-8")
    amend = ["git", "commit", "--quiet", "--all", "--amend", "--no-edit"]
    subprocess.run(amend, cwd=folder, check=True, env=environment)
    repository = cloud.create("orders")
    # What lets git in is worked out from the remote.
    Clone(folder, "").git("remote", "add", "origin", cloud.remote(repository))
    clone = Clone(folder, cloud.token())

    config = configparser.ConfigParser()
    config.read(cloud.state / "config")
    profile = config["dev"]
    administrator = WorkspaceClient(host=profile["host"], token=profile["token"], auth_type="pat")
    made = administrator.service_principals.create(display_name="orders delivery")
    change = PermissionsChange(
        add=[Privilege.USE_CATALOG, Privilege.CREATE_SCHEMA], principal=made.application_id
    )
    administrator.grants.update("catalog", "dev", changes=[change])
    names = ("host", "account_id", "client_id", "client_secret")
    account = AccountClient(**{name: config["account"][name] for name in names})
    application_id = str(made.application_id)
    found = Delivery(
        cloud, repository, account, administrator, int(str(made.id)), application_id, clone
    )
    found.ask("PUT", "/environments/dev", {})
    for name, value in (
        ("DATABRICKS_HOST", profile["host"]),
        ("DATABRICKS_CLIENT_ID", application_id),
    ):
        found.ask("POST", "/environments/dev/variables", {"name": name, "value": value})
    body = {"name": "BRICKLANE_REQUIREMENT", "value": requirement}
    found.ask("POST", "/actions/variables", body)
    return found


def test_it_signs_in_by_an_id_token_and_deploys(delivery: Delivery) -> None:
    delivery.trust()
    delivery.clone.git("push", "--quiet", "origin", "main", "develop")
    conclusion, log = delivery.deployed(1)
    assert conclusion == "success", log
    jobs = list(delivery.administrator.jobs.list())
    assert [job.creator_user_name for job in jobs] == [delivery.application_id]
    for path in ("/actions/secrets", "/environments/dev/secrets"):
        assert delivery.ask("GET", path)["secrets"] == []
    (deployment,) = delivery.ask("GET", "/deployments?environment=dev&task=bricklane")
    assert deployment["sha"] == delivery.clone.git("rev-parse", "develop")

    # Another environment's policy is not dev's: what CI is told names the subject that it has.
    prefix = delivery.ask("GET", "/actions/oidc/customization/sub")["sub_claim_prefix"]
    delivery.trust(subject=f"{prefix}:environment:prod")
    delivery.again()
    conclusion, log = delivery.deployed(2)
    assert conclusion == "failure"
    assert f"The token's subject (sub) is '{prefix}:environment:dev', which no federation" in log

    # The subject without ids, of repositories that are older, works alike.
    names = {"use_default": True, "use_immutable_subject": False}
    delivery.ask("PUT", "/actions/oidc/customization/sub", names)
    delivery.trust(subject=f"repo:{delivery.repository}:environment:dev")
    delivery.again()
    conclusion, log = delivery.deployed(3)
    assert conclusion == "success", log
