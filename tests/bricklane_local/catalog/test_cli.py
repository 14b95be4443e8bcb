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
    changes = {"changes": [{"principal": "account users", "add": ["USE_SCHEMA", "SELECT"]}]}
    databricks("grants", "update", "schema", "dev.granted", "--json", json.dumps(changes))
    grants = answer(databricks("grants", "get", "schema", "dev.granted"))
    assert grants["privilege_assignments"] == [
        {"principal": "account users", "privileges": ["SELECT", "USE_SCHEMA"]}
    ]
    effective = answer(databricks("grants", "get-effective", "schema", "dev.granted"))
    assert effective["privilege_assignments"][0]["principal"] == "account users"


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


ROLE = {"role_arn": "arn:aws:iam::123456789012:role/data"}


def body(**fields: Any) -> tuple[str, str]:
    """Return the option that carries a request."""
    return "--json", json.dumps(fields)


def listed(databricks: Run, *command: str) -> list[Any]:
    """Return what a list command answers."""
    found: list[Any] = answer(databricks(*command, "--output", "json"))
    return found


def test_locations_and_credentials_live_and_die(databricks: Run) -> None:
    databricks("storage-credentials", "create", *body(name="lake", aws_iam_role=ROLE))
    databricks("storage-credentials", "update", "lake", "--comment", "c")
    assert answer(databricks("storage-credentials", "get", "lake"))["comment"] == "c"
    databricks("external-locations", "create", "raw", "s3://cli/raw", "lake")
    databricks("external-locations", "update", "raw", "--comment", "c")
    assert answer(databricks("external-locations", "get", "raw"))["url"] == "s3://cli/raw"
    assert [e["name"] for e in listed(databricks, "external-locations", "list")] == ["raw"]
    refused = databricks("storage-credentials", "delete", "lake", check=False)
    assert "has 1 dependent external location(s): raw" in refused.stderr
    databricks("external-locations", "delete", "raw")
    databricks("storage-credentials", "delete", "lake")
    assert listed(databricks, "storage-credentials", "list") == []
    databricks(
        "credentials",
        "create-credential",
        *body(name="svc", purpose="SERVICE", aws_iam_role=ROLE),
    )
    databricks("credentials", "update-credential", "svc", "--comment", "c")
    assert answer(databricks("credentials", "get-credential", "svc"))["comment"] == "c"
    assert len(listed(databricks, "credentials", "list-credentials")) == 1
    databricks("credentials", "delete-credential", "svc")
    pg = body(name="pg", connection_type="POSTGRESQL", options={"host": "h", "password": "p"})
    databricks("connections", "create", *pg)
    databricks("connections", "update", "pg", *body(options={"host": "i"}))
    assert answer(databricks("connections", "get", "pg"))["options"] == {"host": "i"}
    assert len(listed(databricks, "connections", "list")) == 1
    databricks("connections", "delete", "pg")


def test_catalog_is_kept_to_workspaces(databricks: Run, server: Server) -> None:
    databricks("catalogs", "create", "kept")
    databricks("catalogs", "update", "kept", "--isolation-mode", "ISOLATED")
    refused = databricks("catalogs", "get", "kept", check=False)
    assert "Catalog 'kept' is not accessible in current workspace" in refused.stderr
    here = server.client().get_workspace_id()
    there = server.client("prod").get_workspace_id()
    add = [{"workspace_id": here, "binding_type": "BINDING_TYPE_READ_WRITE"}]
    databricks("workspace-bindings", "update-bindings", "catalog", "kept", *body(add=add))
    databricks("workspace-bindings", "update", "kept", *body(assign_workspaces=[there]))
    bound = answer(databricks("workspace-bindings", "get", "kept"))["workspaces"]
    assert bound == [here, there]
    shown = listed(databricks, "workspace-bindings", "get-bindings", "catalog", "kept")
    assert [binding["workspace_id"] for binding in shown] == bound
    databricks("catalogs", "delete", "kept", "--force")


def test_models_and_their_versions_live_and_die(databricks: Run) -> None:
    name = "dev.default.m"
    fields = {"name": "m", "catalog_name": "dev", "schema_name": "default"}
    databricks("registered-models", "create", *body(**fields))
    databricks("registered-models", "update", name, "--comment", "c")
    assert answer(databricks("registered-models", "get", name))["comment"] == "c"
    path = "/api/2.0/mlflow/unity-catalog/model-versions"
    databricks("api", "post", f"{path}/create", *body(name=name, source="dbfs:/m"))
    databricks("api", "post", f"{path}/finalize", *body(name=name, version="1"))
    databricks("registered-models", "set-alias", name, "champion", "1")
    found = answer(databricks("model-versions", "get-by-alias", name, "champion"))
    assert (found["version"], found["status"]) == (1, "READY")
    databricks("model-versions", "update", name, "1", "--comment", "v")
    assert answer(databricks("model-versions", "get", name, "1"))["comment"] == "v"
    assert len(listed(databricks, "model-versions", "list", name)) == 1
    databricks("registered-models", "delete-alias", name, "champion")
    databricks("model-versions", "delete", name, "1")
    assert len(listed(databricks, "registered-models", "list")) == 1
    databricks("registered-models", "delete", name)


def test_monitors_live_and_die(databricks: Run) -> None:
    name = "dev.default.watched"
    view = {
        "name": "watched",
        "catalog_name": "dev",
        "schema_name": "default",
        "table_type": "VIEW",
        "view_definition": "SELECT 1",
    }
    databricks("api", "post", "/api/2.1/unity-catalog/tables", *body(**view))
    monitor = {"output_schema_name": "dev.default", "assets_dir": "/Workspace/m", "snapshot": {}}
    databricks("quality-monitors", "create", name, *body(**monitor))
    monitor["output_schema_name"] = "dev.developer"
    databricks("quality-monitors", "update", name, *body(**monitor))
    assert answer(databricks("quality-monitors", "get", name))["output_schema_name"] == (
        "dev.developer"
    )
    databricks("quality-monitors", "delete", name)
    assert "has no monitor" in databricks("quality-monitors", "get", name, check=False).stderr


def test_metastore_is_read_changed_and_assigned(databricks: Run, server: Server) -> None:
    (found,) = listed(databricks, "metastores", "list")
    identifier = found["metastore_id"]
    databricks("metastores", "update", identifier, "--new-name", "lake")
    assert answer(databricks("metastores", "get", identifier))["name"] == "lake"
    refused = databricks("metastores", "create", "other", check=False)
    assert "a local cloud has one metastore, and this one has 'lake'" in refused.stderr
    refused = databricks("metastores", "delete", identifier, check=False)
    assert "Metastore 'lake' is not empty" in refused.stderr
    staging = str(server.client("staging").get_workspace_id())
    databricks("metastores", "unassign", staging, identifier)
    databricks("metastores", "assign", staging, identifier, "staging")
    databricks("metastores", "update-assignment", staging, "--default-catalog-name", "samples")
    databricks("system-schemas", "enable", identifier, "access")
    databricks("system-schemas", "disable", identifier, "access")
    assert listed(databricks, "system-schemas", "list", identifier)
    matchers = [{"artifact": "/Volumes/dev", "match_type": "PREFIX_MATCH"}]
    databricks("artifact-allowlists", "update", "INIT_SCRIPT", *body(artifact_matchers=matchers))
    shown = answer(databricks("artifact-allowlists", "get", "INIT_SCRIPT"))
    assert shown["artifact_matchers"] == matchers


def test_newer_commands_list_the_same_grants(databricks: Run) -> None:
    direct = listed(databricks, "grants", "list", "catalog", "dev")
    assert [grant["principal"] for grant in direct] == ["account users"]
    assert listed(databricks, "grants", "list-effective", "schema", "dev.default")
