"""``bricklane policy`` on files, and on what the real Databricks CLI resolves."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bricklane_local.conftest import Server

EXAMPLE = Path(__file__).parents[4] / "examples" / "flights"
PRINCIPAL = "11111111-2222-3333-4444-555555555555"


def policy(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if "DATABRICKS" not in name}
    return subprocess.run(
        [sys.executable, "-m", "bricklane", "policy", *words],
        cwd=folder,
        env={**clean, "DATABRICKS_CONFIG_FILE": str(folder / "none"), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def flights(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns(".venv", ".databricks", "dist", "__pycache__")
    return shutil.copytree(EXAMPLE, tmp_path / "flights", ignore=ignored)


@pytest.mark.parametrize("target", ["dev", "staging", "prod"])
def test_the_templates_own_bundle_has_no_findings(flights: Path, target: str) -> None:
    ran = policy(flights, "-t", target)
    assert (ran.returncode, ran.stdout.splitlines()[-1]) == (0, "nothing found"), ran.stdout
    assert "its files alone, no workspace asked" in ran.stdout


def test_a_finding_is_shown_with_place_and_fix_and_as_json(flights: Path) -> None:
    jobs = flights / "resources" / "delays.yml"
    jobs.write_text(
        jobs.read_text()
        .replace("        on_failure: ${var.alerts}\n", "")
        .replace("      email_notifications:\n", "")
    )
    ran = policy(flights, "-t", "prod", COLUMNS="80")
    assert ran.returncode == 7
    assert "✗ alerts: somebody is told of a failure" in ran.stdout
    assert "resources/delays.yml:3" in ran.stdout
    assert "→ email_notifications: {on_failure: [ADDRESS]}" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80
    document = json.loads(policy(flights, "-t", "prod", "--json").stdout)
    assert (document["passed"], document["exit_code"], document["resolved"]) == (False, 7, False)
    (found,) = document["findings"]
    assert found["file"] == "resources/delays.yml"
    assert (found["rule"], found["severity"], found["line"]) == ("alerts", "error", 3)


def test_the_rules_are_listed_with_what_they_are_in_the_target(flights: Path) -> None:
    said = policy(flights, "--rules", "-t", "prod").stdout.splitlines()
    assert said[0].split() == ["RULE", "PROD", "WANTS"]
    assert any(line.startswith("alerts          error") for line in said)
    unknown = policy(flights, "-t", "nowhere")
    assert unknown.returncode == 2
    assert "there is no target 'nowhere'" in unknown.stderr


@pytest.fixture(scope="module")
def workspaces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("cloud") / "state").up()
    yield server
    server.local("down")


@pytest.mark.real
def test_the_cli_resolves_the_bundle_where_there_are_credentials(
    flights: Path, workspaces: Server
) -> None:
    access = {
        "DATABRICKS_CONFIG_FILE": str(workspaces.state / "config"),
        "BUNDLE_VAR_service_principal": PRINCIPAL,
    }
    ran = policy(flights, "-t", "prod", "-p", "prod", **access)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "resolved by the Databricks CLI" in ran.stdout
    # Only the CLI knows what a variable of the environment comes to.
    bundle = flights / "databricks.yml"
    bundle.write_text(bundle.read_text().replace('      catalog: "prod"\n', ""))
    broken = policy(
        flights, "-t", "prod", "-p", "prod", "--json", BUNDLE_VAR_catalog="dev", **access
    )
    assert broken.returncode == 7, broken.stdout + broken.stderr
    document = json.loads(broken.stdout)
    assert document["resolved"]
    assert {found["rule"] for found in document["findings"]} == {"dev-names"}
    assert "schemas.flights" in {found["resource"] for found in document["findings"]}
