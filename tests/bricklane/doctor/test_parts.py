"""Parts of the doctor that need no cloud: workflow files, patterns of branches, subjects."""

from __future__ import annotations

from pathlib import Path

import pytest

from bricklane.doctor.credentials import hidden, hosts_of_profiles, plain
from bricklane.doctor.environments import fits
from bricklane.doctor.federation import subject
from bricklane.doctor.workflows import OIDC, SECRET, read_workflows
from bricklane.errors import BricklaneError
from bricklane.forge.model import TokenSubject

DEPLOY = """\
on: {push: {branches: [develop]}}
env: {DATABRICKS_HOST: "${{ vars.DATABRICKS_HOST }}"}
jobs:
  deploy:
    environment: {name: development, url: "https://example.com"}
    permissions: {id-token: write}
    env: {DATABRICKS_AUTH_TYPE: github-oidc}
    steps:
      - uses: actions/checkout@v7
      - run: bricklane ci deploy -t dev
        env:
          BRICKLANE_REQUIREMENT: "${{ vars.BRICKLANE_REQUIREMENT || 'bricklane' }}"
          BUNDLE_VAR_principal: ${{ vars.CLIENT }}
          GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}
"""
PUBLISH = """\
on: {pull_request: {types: [closed]}}
permissions: {id-token: none}
jobs:
  publish:
    environment: prod
    steps:
      - run: |
          bricklane tools install databricks
          bricklane ci publish --pull-request 3
        env: {DATABRICKS_CLIENT_SECRET: "${{secrets.DATABRICKS_CLIENT_SECRET}}"}
"""
CHECKS = """\
on: [push, pull_request]
jobs:
  test: {name: unit tests, steps: []}
  lint: {steps: []}
"""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    files = {"deploy.yml": DEPLOY, "publish.yaml": PUBLISH, "checks.yml": CHECKS, "empty.yml": ""}
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")
    return tmp_path


def test_deliveries_are_read_from_workflows(top: Path) -> None:
    found = read_workflows(top, "prod")
    dev, prod = found.deliveries["dev"], found.deliveries["prod"]
    assert (dev.file, dev.job) == (".github/workflows/deploy.yml", "deploy")
    assert (dev.environment, dev.authentication, dev.id_token) == ("development", OIDC, True)
    assert (dev.variables, dev.secrets) == (("DATABRICKS_HOST", "CLIENT"), ())
    assert dev.bundle_variables == {"principal": "CLIENT"}
    assert (prod.environment, prod.authentication, prod.id_token) == ("prod", SECRET, False)
    assert prod.secrets == ("DATABRICKS_CLIENT_SECRET",)
    assert found.checks == ("unit tests", "lint")
    assert len(found.files) == 4


def test_a_workflow_that_cannot_be_read_is_named(top: Path) -> None:
    (top / ".github" / "workflows" / "broken.yml").write_text("jobs: [\n", "utf-8")
    with pytest.raises(BricklaneError, match=r"broken\.yml:2: cannot be read as YAML"):
        read_workflows(top, "prod")


@pytest.mark.parametrize(
    ("pattern", "name", "admitted"),
    [
        ("main", "main", True),
        ("main", "mainly", False),
        ("*", "main", True),
        ("*", "release/1.0.0", False),
        ("release/*", "release/1.0.0", True),
        ("release/*", "release/1/0", False),
        ("**/*", "release/1/0", True),
        ("release/**", "release/1/0", True),
        ("v[0-9]", "v1", True),
    ],
)
def test_patterns_of_branches(pattern: str, name: str, admitted: bool) -> None:
    assert fits(pattern.split("/"), name.split("/")) is admitted


def test_subjects_have_ids_where_the_forge_puts_them() -> None:
    token = TokenSubject("https://issuer", 22, 11, immutable=False)
    assert subject("acme/flights", "prod", token) == "repo:acme/flights:environment:prod"
    token = TokenSubject("https://issuer", 22, 11, immutable=True)
    assert subject("acme/flights", "a:b", token) == "repo:acme@11/flights@22:environment:a%3Ab"


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("https://Adb-1.7.azuredatabricks.net/?o=1", "https://adb-1.7.azuredatabricks.net"),
        ("dbc-1.cloud.databricks.com", "https://dbc-1.cloud.databricks.com"),
        ("http://127.0.0.1:8701/", "http://127.0.0.1:8701"),
        ("", ""),
    ],
)
def test_hosts_are_compared_without_what_differs_by_habit(host: str, known: str) -> None:
    assert plain(host) == known


def test_profiles_do_not_inherit_from_the_default_one(tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(
        "[DEFAULT]\nhost = https://one\ntoken = dapi-1\n[two]\nclient_secret = dose-2\n"
    )
    environment = {"DATABRICKS_CONFIG_FILE": str(file), "FORGE": "ghp-3", "DATABRICKS_TOKEN": "4"}
    assert hosts_of_profiles(environment) == {"DEFAULT": "https://one", "two": ""}
    assert sorted(hidden(environment, "FORGE")) == ["4", "dapi-1", "dose-2", "ghp-3"]
