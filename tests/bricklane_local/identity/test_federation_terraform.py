"""Federation policies by the real Terraform provider: no difference after an apply."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.real
MODULE = """
terraform {
  required_providers { databricks = { source = "databricks/databricks" } }
}
provider "databricks" {}
resource "databricks_service_principal" "ci" {
  api          = "account"
  display_name = "ci"
}
resource "databricks_service_principal_federation_policy" "prod" {
  service_principal_id = databricks_service_principal.ci.id
  policy_id            = "github-prod"
  description          = "DESCRIPTION"
  oidc_policy = {
    issuer    = "https://token.actions.githubusercontent.com"
    subject   = "repo:acme@1/flights@2:environment:prod"
    audiences = AUDIENCES
  }
}
resource "databricks_account_federation_policy" "people" {
  oidc_policy = { issuer = "https://idp.example", subject_claim = "email" }
}
"""
NO_CHANGE, CHANGES = 0, 2  # exit codes of `terraform plan -detailed-exitcode`


def tool(name: str) -> str:
    """Return the path of an external program."""
    command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", name]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_an_apply_is_whole_and_a_destroy_leaves_nothing(server: Server, tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if "DATABRICKS" not in name}
    environment = clean | {
        "TF_CLI_CONFIG_FILE": tool("terraform-provider-databricks"),
        "TF_IN_AUTOMATION": "1",
        "DATABRICKS_CONFIG_FILE": str(server.state / "config"),
        "DATABRICKS_CONFIG_PROFILE": "account",
    }
    program = tool("terraform")

    def terraform(*arguments: str, expected: int = 0) -> str:
        done = subprocess.run(
            [program, *arguments, "-no-color"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done.stdout

    def written(description: str, audiences: str) -> None:
        text = MODULE.replace("DESCRIPTION", description).replace("AUDIENCES", audiences)
        (tmp_path / "main.tf").write_text(text)

    written("for CI", '["acme"]')
    terraform("init", "-input=false")
    terraform("apply", "-auto-approve", "-input=false")
    terraform("plan", "-detailed-exitcode", "-input=false", expected=NO_CHANGE)
    account = server.account()
    (principal,) = account.service_principals_v2.list(filter='displayName eq "ci"')
    number = int(str(principal.id))
    policies = account.service_principal_federation_policy

    written("for the CI", "null")
    terraform("apply", "-auto-approve", "-input=false")
    terraform("plan", "-detailed-exitcode", "-input=false", expected=NO_CHANGE)
    changed = policies.get(number, "github-prod")
    assert changed.description == "for the CI"
    assert changed.oidc_policy
    assert changed.oidc_policy.audiences is None

    policies.delete(number, "github-prod")
    planned = terraform("plan", "-detailed-exitcode", "-input=false", expected=CHANGES)
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in planned
    terraform("destroy", "-auto-approve", "-input=false")
    assert list(account.federation_policy.list()) == []
