"""Each combination of answers is a bundle that the real CLI accepts for every target."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Output

pytestmark = pytest.mark.real

TARGETS = ("dev", "staging", "prod")
PRINCIPAL = "99999999-8888-7777-6666-555555555555"
LOCAL = [sys.executable, "-m", "bricklane_local"]
SECONDS = 120


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Start a cloud without Spark; return its configuration file for clients."""
    state = tmp_path_factory.mktemp("cloud") / "state"
    where = ["--state", str(state)]
    subprocess.run(
        [*LOCAL, "up", *where, "--port", "0"], check=True, capture_output=True, timeout=SECONDS
    )
    try:
        yield state / "config"
    finally:
        subprocess.run([*LOCAL, "down", *where], check=True, capture_output=True, timeout=SECONDS)


@pytest.fixture(scope="module")
def databricks() -> str:
    """Return the path of the Databricks CLI."""
    bricklane = Path(sys.executable).with_name("bricklane")
    command: list[str | Path] = [bricklane, "tools", "path", "databricks"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def environment(config: Path, target: str) -> Mapping[str, str]:
    """Return the variables that point the CLI at a target's workspace, and no others of its."""
    profiles = configparser.ConfigParser()
    profiles.read(config, encoding="utf-8")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DATABRICKS_", "BUNDLE_"))
    }
    return inherited | {
        "DATABRICKS_CONFIG_FILE": os.devnull,
        "DATABRICKS_HOST": profiles[target]["host"],
        "DATABRICKS_TOKEN": profiles[target]["token"],
        # What workflows hand over; a target that names its service principal must not need it.
        "BUNDLE_VAR_service_principal": PRINCIPAL,
    }


@pytest.mark.parametrize("target", TARGETS)
def test_is_valid_for_the_target(
    project: Output, config: Path, databricks: str, target: str
) -> None:
    variables = dict(environment(config, target))
    if f"service_principal_{target}" in project.given:
        del variables["BUNDLE_VAR_service_principal"]
    arguments = ["bundle", "validate", "--target", target, "--output", "json"]
    if "warehouse" in project.given:
        # The local cloud has one warehouse, of another name.
        arguments += ["--var", "warehouse_id=0123456789abcdef"]

    done = subprocess.run(
        [databricks, *arguments],
        cwd=project.root,
        env=variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Error" not in done.stderr
    assert "Warning" not in done.stderr
    bundle = json.loads(done.stdout)
    name = bundle["bundle"]["name"]
    assert bundle["variables"]["catalog"]["value"] == project.given.get(f"catalog_{target}", target)
    if target != "dev":
        principal = project.given.get(f"service_principal_{target}", PRINCIPAL)
        assert bundle["run_as"] == {"service_principal_name": principal}
        home = f"/Workspace/Users/{principal}/.bundle/{name}/{target}"
        assert bundle["workspace"]["root_path"] == home
        (job,) = bundle["resources"]["jobs"].values()
        assert {"group_name": "users", "level": "CAN_VIEW"} in job["permissions"]
