"""A project with a wheel and three targets on the local forge, and the command line in it."""

from __future__ import annotations

import base64
import configparser
import io
import json
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from bricklane.errors import BricklaneError
from bricklane.forge.github.adapter import GitHub
from tests.flows.cloud import DEVELOPER, Clone, LocalCloud, new_clone

ROOT_PATH = (
    "/Workspace/Users/${workspace.current_user.userName}/.bundle/${bundle.name}/${bundle.target}"
)
BUNDLE = f"""\
bundle:
  name: NAME
variables:
  catalog:
    default: dev
artifacts:
  shop:
    type: whl
    build: test -n "$BRICKLANE_BUILT" || uv build --wheel --clear
targets:
  dev:
    mode: development
    default: true
  staging:
    mode: production
    variables: {{catalog: staging}}
    workspace: {{root_path: "{ROOT_PATH}"}}
  prod:
    mode: production
    variables: {{catalog: prod}}
    workspace: {{root_path: "{ROOT_PATH}"}}
resources:
  schemas:
    shop: {{catalog_name: "${{var.catalog}}", name: "${{bundle.name}}"}}
  jobs:
    sales:
      name: sales
      environments:
        - environment_key: shop
          spec: {{environment_version: "4", dependencies: [dist/*.whl]}}
      tasks:
        - task_key: load
          environment_key: shop
          python_wheel_task: {{package_name: shop, entry_point: load}}
"""
PYPROJECT = """\
[build-system]
requires = ["uv_build>=0.9.6,<1"]
build-backend = "uv_build"

[project]
name = "shop"
version = "0.0.0"
requires-python = ">=3.11"
dependencies = []

[project.scripts]
load = "shop:main"
"""
SETTINGS = """\
[tests]
unit = "python -c pass"
integration = "python tests/deployed.py"

[targets.staging]
tests = ["integration"]

[policy]
run-as = "off"
permissions = "off"
alerts = "off"
timeout = "warning"
tags = "off"
dev-names = "off"
"""
TEST = """\
import json, os, pathlib
summary = json.loads(pathlib.Path(os.environ["BRICKLANE_BUNDLE_SUMMARY"]).read_text())
assert summary["resources"]["jobs"]["sales"]["id"]
assert summary["bundle"]["target"] == os.environ["BRICKLANE_TARGET"]
print("tested", os.environ["BRICKLANE_TARGET"])
"""
FILES = {
    "pyproject.toml": PYPROJECT,
    "bricklane.toml": SETTINGS,
    "src/shop/__init__.py": '"""Shop."""\n\n\ndef main() -> None:\n    """Load."""\n',
    "tests/deployed.py": TEST,
    "CHANGELOG.md": "# Changelog\n",
    ".gitignore": "dist/\n.databricks/\n__pycache__/\n",
}


@dataclass(frozen=True)
class Ran:
    """How a command line ended.

    Args:
        output: what it printed.
        error: what it raised; None when it went well.
    """

    output: str
    error: BricklaneError | None

    @property
    def message(self) -> str:
        """What the user is told of the error."""
        assert self.error is not None, self.output
        return f"{self.error.message}\n{self.error.hint or ''}"


@dataclass
class Shop:
    """The project.

    Args:
        cloud: with the forge and the workspaces.
        name: ``owner/name`` on the forge.
        clone: of the developer.
        summary: the file that takes job summaries.
        environment: of command lines.
    """

    cloud: LocalCloud
    name: str
    clone: Clone
    summary: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def bundle(self) -> str:
        """The bundle's name; every test has another one, for they share the workspaces."""
        return self.name.partition("/")[2]

    @property
    def file(self) -> str:
        """What ``databricks.yml`` says."""
        return BUNDLE.replace("NAME", self.bundle)

    @property
    def forge(self) -> GitHub:
        """The developer's client of the forge."""
        return self.cloud.forge(self.name)

    def run(self, *words: str, **more: str) -> Ran:
        """Run ``bricklane WORDS`` in the clone."""
        from bricklane.cli.group import cli

        printed = io.StringIO()
        error = None
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.clone.folder)
            for name, value in {**self.environment, **more}.items():
                patch.setenv(name, value)
            with redirect_stdout(printed), redirect_stderr(printed):
                try:
                    cli.main(list(words), prog_name="bricklane", standalone_mode=False)
                except BricklaneError as raised:
                    error = raised
        return Ran(printed.getvalue(), error)

    def succeed(self, *words: str, **more: str) -> str:
        """Run ``bricklane WORDS``, demand that it goes well, and return what it printed."""
        ran = self.run(*words, **more)
        assert ran.error is None, f"{ran.output}\n{ran.message}"
        return ran.output

    def workflow(self) -> dict[str, str]:
        """Return what the environment says in a workflow on the branch that is checked out."""
        branch = self.clone.git("branch", "--show-current")
        return {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_REF": f"refs/heads/{branch}",
            "GITHUB_SHA": self.clone.git("rev-parse", "HEAD"),
            "GITHUB_REPOSITORY": self.name,
            "GITHUB_SERVER_URL": self.cloud.access["url"],
            "GITHUB_RUN_ID": "1",
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }

    def in_workflow(self, *words: str, **more: str) -> Ran:
        """Run ``bricklane WORDS`` as a workflow does."""
        self.summary.unlink(missing_ok=True)
        return self.run(*words, **{**self.workflow(), **more})

    def status(self) -> Mapping[str, Any]:
        """Return what ``bricklane status`` says of each target."""
        found: Mapping[str, Any] = json.loads(self.succeed("status", "--json"))["targets"]
        return found

    def wheel_in(self, target: str, name: str) -> bytes:
        """Return the wheel that a workspace has."""
        config = configparser.ConfigParser()
        config.read(self.cloud.state / "config")
        profile = config[target]
        user = "developer@bricklane.local"
        path = f"/Workspace/Users/{user}/.bundle/{self.bundle}/{target}/artifacts/.internal/{name}"
        answer = requests.get(
            f"{profile['host']}/api/2.0/workspace/export",
            params={"path": path, "format": "AUTO"},
            headers={"Authorization": f"Bearer {profile['token']}"},
            timeout=60,
        )
        assert answer.status_code == 200, answer.text
        return base64.b64decode(answer.json()["content"])


def open_shop(cloud: LocalCloud, folder: Path, name: str) -> Shop:
    """Make the project: its repository with ``main`` and ``develop``, and a clone."""
    repository = cloud.create(name)
    clone = new_clone(cloud, repository, folder / "clone")
    environment = {
        "GITHUB_TOKEN": cloud.token(DEVELOPER),
        "DATABRICKS_CONFIG_FILE": str(cloud.state / "config"),
        "BRICKLANE_CACHE_DIR": str(_cache()),
        "GIT_AUTHOR_NAME": "Dana",
        "GIT_AUTHOR_EMAIL": "dana@example.com",
        "GIT_COMMITTER_NAME": "Dana",
        "GIT_COMMITTER_EMAIL": "dana@example.com",
    }
    shop = Shop(cloud, repository, clone, folder / "summary.md", environment)
    clone.commit("chore: begin", {**FILES, "databricks.yml": shop.file})
    clone.git("push", "--quiet", "origin", "main", "main:develop")
    clone.git("switch", "--quiet", "--create", "develop")
    return shop


def _cache() -> Path:
    from bricklane.tools.cache import cache_root

    return cache_root(os.environ)
