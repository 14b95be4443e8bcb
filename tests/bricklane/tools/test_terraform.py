from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bricklane.tools.discovery import ProbeFailed, find
from bricklane.tools.gobuild import GoBuild
from bricklane.tools.installation import install
from bricklane.tools.model import Job, Tool
from bricklane.tools.release import platform_name
from bricklane.tools.terraform import (
    PROVIDER,
    PROVIDER_BINARY,
    TERRAFORM,
    FilesystemMirror,
    cli_config,
    inspect_provider,
    quoted,
)

NEEDS_PROVIDER = """
terraform {
  required_providers {
    databricks = {
      source  = "databricks/databricks"
      version = "1.113.0"
    }
  }
}
"""


@dataclass
class Stated:
    """A way that makes a provider which says its version among other lines."""

    label: str = "stated"
    version: str = "1.113.0"

    def provide(self, job: Job) -> dict[str, Any]:
        program = job.folder / PROVIDER_BINARY
        script = f"#!/bin/sh\necho 2026/01/02 starting 3.4.5 >&2\necho {self.version}\n"
        program.write_text(script, "utf-8")
        program.chmod(0o755)
        return {"made_up": True}


@pytest.fixture
def provider() -> Tool:
    return replace(PROVIDER, ways=(FilesystemMirror(Stated()),))


def test_the_provider_lies_where_terraform_looks_and_the_configuration_says_where(
    provider: Tool, environment: dict[str, str], record: Any
) -> None:
    finding = install(provider.name, environment, record, tools={provider.name: provider})

    folder = Path(environment["BRICKLANE_CACHE_DIR"]) / "tools" / PROVIDER.name / "1.113.0"
    inside = f"registry.terraform.io/databricks/databricks/1.113.0/{platform_name()}"
    assert finding.copy is not None
    assert (finding.copy.path, finding.copy.version) == (folder / "terraform.rc", "1.113.0")
    assert (folder / "mirror" / inside / PROVIDER_BINARY).is_file()
    assert finding.copy.path.read_text("utf-8") == cli_config(folder / "mirror")
    assert f'path    = "{folder}/mirror"' in finding.copy.path.read_text("utf-8")


def test_a_cached_provider_that_lost_its_binary_is_missing(
    provider: Tool, environment: dict[str, str], record: Any
) -> None:
    install(provider.name, environment, record, tools={provider.name: provider})
    mirror = Path(environment["BRICKLANE_CACHE_DIR"]) / "tools" / PROVIDER.name / "1.113.0"
    next((mirror / "mirror").rglob(PROVIDER_BINARY)).unlink()

    assert find(provider, environment).source == "missing"


def test_a_provider_without_its_configuration_is_no_copy(tmp_path: Path) -> None:
    program = tmp_path / "provider"
    program.write_text("#!/bin/sh\necho 1.113.0\n", "utf-8")
    program.chmod(0o755)

    with pytest.raises(ProbeFailed, match=r"^there is no terraform\.rc beside it$"):
        inspect_provider(program)


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("/home/me", '"/home/me"'),
        ('/home/"me"', '"/home/\\"me\\""'),
        ("/a/${b}/%{c}", '"/a/$${b}/%%{c}"'),
        ("/größe", '"/größe"'),
    ],
)
def test_paths_are_literal_in_the_configuration(text: str, literal: str) -> None:
    assert quoted(text) == literal


def test_a_terraform_built_from_source_does_not_call_itself_a_development_version() -> None:
    way = TERRAFORM.ways[1]
    assert isinstance(way, GoBuild)

    words = way.command("go", Path("/cache/x"), "1.11.4")

    assert "-s -w -X github.com/hashicorp/terraform/version.dev=no" in words


@pytest.mark.real
def test_terraform_initialises_with_the_provider_that_is_installed(
    record: Any, tmp_path: Path
) -> None:
    provider = install(PROVIDER.name, os.environ, record).copy
    terraform = install(TERRAFORM.name, os.environ, record).copy
    assert provider is not None
    assert terraform is not None
    (tmp_path / "main.tf").write_text(NEEDS_PROVIDER, "utf-8")

    done = subprocess.run(
        [terraform.path, "init", "-no-color"],
        cwd=tmp_path,
        env={**os.environ, "TF_CLI_CONFIG_FILE": str(provider.path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "Installed databricks/databricks v1.113.0 (unauthenticated)" in done.stdout
