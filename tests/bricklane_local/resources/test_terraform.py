"""Every kind of resource through the real Terraform and the real provider."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.bricklane_local.forge.desk import Desk, branch

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.real
MODULE = Path(__file__).parent / "terraform" / "main.tf"
NO_CHANGES = "No changes. Your infrastructure matches the configuration."
CHANGES = {
    "num_workers             = 1": "num_workers             = 2",
    '"10.0.0.0/8", ': "",
    "SELECT :n AS n": "SELECT :n AS m",
    "min_idle_instances                    = 0": "min_idle_instances                    = 1",
    "is_pinned               = true": "is_pinned               = false",
    '"CAN_QUERY"': '"CAN_VIEW"',
    'description = "d"': 'description = "e"',
    'displayName = "P"': 'displayName = "Q"',
    '"Small"\n      scale': '"Medium"\n      scale',
    'capacity = "CU_1"': 'capacity = "CU_2"',
    'display_name = "slack"': 'display_name = "chat"',
    '"GREATER_THAN"\n    operand': '"LESS_THAN"\n    operand',
    "echo hello": "echo bye",
    '"hidden"': '"hidden too"',
    'branch       = "main"': 'branch       = "next"',
    'least = "1"': 'least = "2"',
}


def _tool(name: str) -> str:
    command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", name]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@dataclass(frozen=True)
class Root:
    """A root module in a folder of its own, and the cloud that it is applied to."""

    folder: Path
    server: Server
    principal: str
    repository: str

    def run(self, *arguments: str) -> str:
        """Run Terraform and return what it says."""
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("DATABRICKS_", "TF_"))
        } | {
            "DATABRICKS_CONFIG_FILE": str(self.server.state / "config"),
            "DATABRICKS_CONFIG_PROFILE": "dev",
            "DATABRICKS_RATE_LIMIT": "1000",
            "TF_CLI_CONFIG_FILE": _tool("terraform-provider-databricks"),
            "TF_VAR_service_principal": self.principal,
            "TF_VAR_repository": self.repository,
        }
        done = subprocess.run(
            [_tool("terraform"), *arguments, "-no-color"],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def edit(self, changes: dict[str, str]) -> None:
        """Replace texts that occur in the module."""
        path = self.folder / "main.tf"
        text = path.read_text("utf-8")
        for old, new in changes.items():
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text, "utf-8")


@pytest.fixture
def root(fresh: Server, tmp_path: Path) -> Root:
    made = fresh.up().client().service_principals.create(display_name="ci")
    desk = Desk.of(fresh)
    repository = desk.repository(private=False)
    branch(repository, "next")
    folder = tmp_path / "root"
    folder.mkdir()
    shutil.copy(MODULE, folder)
    url = f"{desk.url}/{repository.full_name}.git"
    found = Root(folder, fresh, str(made.application_id), url)
    found.run("init")
    return found


def counts(server: Server) -> dict[str, int]:
    """Return how many documents of each kind the workspace keeps."""
    client = server.client()
    return {
        "alerts": len(list(client.alerts.list())) + len(list(client.alerts_v2.list_alerts())),
        "apps": len(list(client.apps.list())),
        "clusters": len(list(client.clusters.list())),
        "credentials": len(list(client.git_credentials.list())),
        "dashboards": len(list(client.lakeview.list())),
        "databases": len(list(client.database.list_database_instances())),
        "destinations": len(list(client.notification_destinations.list())),
        "endpoints": len(list(client.serving_endpoints.list())),
        "experiments": len(list(client.experiments.list_experiments())),
        "lists": len(list(client.ip_access_lists.list())),
        "models": len(list(client.model_registry.list_models())),
        "pipelines": len(list(client.pipelines.list_pipelines())),
        "policies": len(list(client.cluster_policies.list())),
        "pools": len(list(client.instance_pools.list())),
        "principals": len(list(client.service_principals.list())),
        "repos": len(list(client.repos.list())),
        "queries": len(list(client.queries.list())),
        "scopes": len(list(client.secrets.list_scopes())),
        "scripts": len(list(client.global_init_scripts.list())),
        "tokens": len(list(client.token_management.list())),
        "vectors": len(list(client.vector_search_endpoints.list_endpoints())),
        "warehouses": len(list(client.warehouses.list())),
    }


def test_applies_changes_and_destroys_without_a_difference_in_between(root: Root) -> None:
    before = counts(root.server)
    assert "0 changed, 0 destroyed" in root.run("apply", "-auto-approve")
    assert NO_CHANGES in root.run("plan")
    client = root.server.client()
    (warehouse,) = [found for found in client.warehouses.list() if found.name == "wh"]
    client.warehouses.edit(str(warehouse.id), auto_stop_mins=55)
    assert "auto_stop_mins            = 55 -> 10" in root.run("plan")
    root.edit(CHANGES)
    assert "1 added, 16 changed, 1 destroyed" in root.run("apply", "-auto-approve")
    assert NO_CHANGES in root.run("plan")
    root.run("destroy", "-auto-approve")
    assert counts(root.server) == before
