"""Hosts and principals come into a bundle's file, and nothing else of it changes."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from bricklane.errors import BricklaneError
from bricklane.provision.projectfile import TargetFacts, differences, write

BUNDLE = """\
# What is deployed.
bundle:
  name: "flights"  # quoted on purpose

targets:
  # Each person's own copy.
  dev:
    mode: development

  staging:
    mode: production
    variables:
      catalog: staging
    workspace:
      root_path: /Workspace/here
    run_as:
      service_principal_name: ${var.service_principal}

  prod:
    mode: production
    run_as:
      service_principal_name: old-principal
"""
FACTS = {
    name: TargetFacts(f"https://{name}.example.com", f"principal-of-{name}")
    for name in ("dev", "staging", "prod")
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A bundle's file."""
    path = tmp_path / "databricks.yml"
    path.write_text(BUNDLE)
    return path


def test_differences_name_key_and_both_values(file: Path) -> None:
    assert [str(line) for line in differences(file, FACTS)] == [
        "targets/dev/workspace/host: (not set) → https://dev.example.com",
        "targets/staging/workspace/host: (not set) → https://staging.example.com",
        "targets/staging/variables/service_principal: (not set) → principal-of-staging",
        "targets/prod/workspace/host: (not set) → https://prod.example.com",
        "targets/prod/run_as/service_principal_name: old-principal → principal-of-prod",
    ]
    assert file.read_text() == BUNDLE


def test_the_rest_of_the_file_stays_as_people_wrote_it(file: Path) -> None:
    file.chmod(0o640)
    write(file, FACTS)
    changes = [
        line
        for line in difflib.ndiff(BUNDLE.splitlines(), file.read_text().splitlines())
        if line[0] in "+-"
    ]
    assert changes == [
        "+     workspace:",
        "+       host: https://dev.example.com",
        "+       service_principal: principal-of-staging",
        "+       host: https://staging.example.com",
        "+     workspace:",
        "+       host: https://prod.example.com",
        "-       service_principal_name: old-principal",
        "+       service_principal_name: principal-of-prod",
    ]
    assert file.stat().st_mode & 0o777 == 0o640
    assert differences(file, FACTS) == []
    assert list(file.parent.iterdir()) == [file]


def test_a_missing_target_is_named(file: Path) -> None:
    with pytest.raises(BricklaneError, match="targets/qa: the target is not in this file"):
        write(file, {"qa": FACTS["dev"]})


def test_what_is_no_yaml_is_named(file: Path) -> None:
    file.write_text("targets: [")
    with pytest.raises(BricklaneError, match=r"databricks\.yml: cannot be read as YAML"):
        differences(file, FACTS)
