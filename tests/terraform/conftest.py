"""Modules in a copy of their own, the real Terraform and provider, a local account."""

from __future__ import annotations

import configparser
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bricklane.tools.discovery import require
from bricklane.tools.terraform import PROVIDER, TERRAFORM

if TYPE_CHECKING:
    from databricks.sdk import AccountClient, WorkspaceClient

SOURCES = Path(__file__).parents[2] / "terraform"
MADE = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.auto.tfvars.json")


@pytest.fixture(scope="session")
def terraform() -> dict[str, str]:
    """The environment of a person who has the Terraform and the provider that are installed."""
    program = require(TERRAFORM, os.environ)
    names = ("TF_", "DATABRICKS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    return {
        **kept,
        "PATH": f"{program.parent}{os.pathsep}{kept['PATH']}",
        "TF_CLI_CONFIG_FILE": str(require(PROVIDER, os.environ)),
        "CHECKPOINT_DISABLE": "1",
    }


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the modules, with nothing that an earlier Terraform left in them."""
    folder = tmp_path_factory.mktemp("sources") / "terraform"
    shutil.copytree(SOURCES, folder, ignore=MADE)
    return folder


@dataclass(frozen=True)
class Account:
    """A local cloud whose account has no workspaces until they are provisioned.

    Args:
        state: the cloud's folder.
    """

    state: Path

    def local(self, *arguments: str) -> None:
        """Run the cloud's program."""
        command = [sys.executable, "-m", "bricklane_local", arguments[0], "--state", self.state]
        done = subprocess.run(
            [*command, *arguments[1:]], check=False, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr

    @property
    def profile(self) -> configparser.SectionProxy:
        """The profile of the account's administrator."""
        config = configparser.ConfigParser(interpolation=None)
        config.read(self.state / "config", "utf-8")
        return config["account"]

    def environment(self) -> dict[str, str]:
        """Return the variables that the documentation tells people to export."""
        return {
            "DATABRICKS_CONFIG_FILE": str(self.state / "config"),
            "DATABRICKS_CONFIG_PROFILE": "account",
        }

    def client(self) -> AccountClient:
        """Return a client of the account, as its administrator."""
        from databricks.sdk import AccountClient

        return AccountClient(
            host=self.profile["host"],
            account_id=self.profile["account_id"],
            client_id=self.profile["client_id"],
            client_secret=self.profile["client_secret"],
        )

    def workspace(self, host: str, client_id: str = "", secret: str = "") -> WorkspaceClient:
        """Return a client of a workspace, as the account's administrator or somebody else."""
        from databricks.sdk import WorkspaceClient

        return WorkspaceClient(
            host=host,
            client_id=client_id or self.profile["client_id"],
            client_secret=secret or self.profile["client_secret"],
            auth_type="oauth-m2m",
        )


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """A cloud with an empty account, up for the tests of one file."""
    made = Account(tmp_path_factory.mktemp("cloud") / "state")
    made.local("up", "--port", "0", "--empty")
    yield made
    made.local("down")
