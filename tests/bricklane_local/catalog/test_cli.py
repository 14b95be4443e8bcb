"""Catalog, volumes and DBFS through the real Databricks CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.real
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def databricks(server: Server) -> Run:
    """Run the CLI on the shared cloud; it must succeed unless ``check`` is false."""
    tools = Path(sys.executable).parent / "bricklane"
    found = subprocess.run(
        [str(tools), "tools", "path", "databricks"], check=True, capture_output=True, text=True
    )
    program = found.stdout.strip()
    clean = {name: value for name, value in os.environ.items() if "DATABRICKS" not in name}
    environment = clean | {
        "DATABRICKS_CONFIG_FILE": str(server.state / "config"),
        "DATABRICKS_CONFIG_PROFILE": "dev",
    }

    def run(*arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    return run


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_catalog_schema_and_volume_live_and_die(databricks: Run) -> None:
    databricks("catalogs", "create", "shop", "--comment", "of the shop")
    databricks("schemas", "create", "raw", "shop")
    databricks("volumes", "create", "shop", "raw", "landing", "MANAGED")
    listed = answer(databricks("volumes", "list", "shop", "raw", "--output", "json"))
    assert [volume["full_name"] for volume in listed] == ["shop.raw.landing"]
    refused = databricks("schemas", "delete", "shop.raw", check=False)
    assert refused.returncode == 1
    assert "Schema 'shop.raw' is not empty. It has 1 volumes" in refused.stderr
    databricks("schemas", "delete", "shop.raw", "--force")
    databricks("catalogs", "delete", "shop", "--force")
    missing = databricks("catalogs", "get", "shop", check=False)
    assert missing.stderr.strip() == "Error: Catalog 'shop' does not exist."


def test_grants_are_set_and_shown(databricks: Run) -> None:
    databricks("schemas", "create", "granted", "dev")
    changes = {"changes": [{"principal": "analysts", "add": ["USE_SCHEMA", "SELECT"]}]}
    databricks("grants", "update", "schema", "dev.granted", "--json", json.dumps(changes))
    grants = answer(databricks("grants", "get", "schema", "dev.granted"))
    assert grants["privilege_assignments"] == [
        {"principal": "analysts", "privileges": ["SELECT", "USE_SCHEMA"]}
    ]
    effective = answer(databricks("grants", "get-effective", "schema", "dev.granted"))
    assert effective["privilege_assignments"][0]["principal"] == "analysts"


@pytest.mark.parametrize("root", ["dbfs:/Volumes/dev/default/cli", "dbfs:/cli"])
def test_trees_are_copied_both_ways(databricks: Run, tmp_path: Path, root: str) -> None:
    if "Volumes" in root:
        databricks("volumes", "create", "dev", "default", "cli", "MANAGED")
    source, target = tmp_path / "source", tmp_path / "target"
    (source / "sub").mkdir(parents=True)
    (source / "a.txt").write_text("1")
    (source / "sub" / "b.txt").write_text("2")
    databricks("fs", "mkdir", f"{root}/made")
    databricks("fs", "cp", "--recursive", str(source), f"{root}/tree")
    assert databricks("fs", "ls", f"{root}/tree").stdout.split() == ["a.txt", "sub"]
    assert databricks("fs", "cat", f"{root}/tree/sub/b.txt").stdout == "2"
    databricks("fs", "cp", "--recursive", f"{root}/tree", str(target))
    assert (target / "sub" / "b.txt").read_text() == "2"
    assert databricks("fs", "rm", f"{root}/tree", check=False).returncode == 1
    databricks("fs", "rm", "--recursive", f"{root}/tree")
    gone = databricks("fs", "ls", f"{root}/tree", check=False)
    assert "no such directory" in gone.stderr


def test_metastore_is_shown(databricks: Run) -> None:
    current = answer(databricks("metastores", "current"))
    summary = answer(databricks("metastores", "summary"))
    assert current["metastore_id"] == summary["metastore_id"]
    assert current["default_catalog_name"] == "dev"
