"""Unity Catalog provisioned by the real Terraform and its real provider."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from databricks.sdk.service.catalog import CatalogIsolationMode, PermissionsChange, Privilege

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from conftest import Server

pytestmark = pytest.mark.real
CONFIGURATION = Path(__file__).with_name("terraform") / "main.tf"
NO_CHANGES, CHANGES = 0, 2
Terraform = Callable[..., "subprocess.CompletedProcess[str]"]


def tool(name: str) -> str:
    """Return where ``bricklane tools`` has put a program."""
    command = [str(Path(sys.executable).with_name("bricklane")), "tools", "path", name]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return found.stdout.strip()


@pytest.fixture(scope="module")
def terraform(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Run Terraform on the configuration against the shared cloud; destroy it in the end."""
    folder = tmp_path_factory.mktemp("terraform")
    shutil.copy(CONFIGURATION, folder)
    clean = {name: value for name, value in os.environ.items() if "DATABRICKS" not in name}
    environment = clean | {
        "DATABRICKS_CONFIG_FILE": str(server.state / "config"),
        "TF_CLI_CONFIG_FILE": tool("terraform-provider-databricks"),
        "TF_IN_AUTOMATION": "1",
        "TF_VAR_staging_workspace_id": str(server.client("staging").get_workspace_id()),
        "TF_VAR_prod_workspace_id": str(server.client("prod").get_workspace_id()),
    }
    program = tool("terraform")

    def run(
        *arguments: str, expected: int = 0, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [program, *arguments, "-no-color"],
            cwd=folder,
            env=environment | {f"TF_VAR_{name}": value for name, value in variables.items()},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return done

    run("init")
    yield run
    run("destroy", "-auto-approve")


def plan(terraform: Terraform, expected: int, **variables: str) -> str:
    """Return what a plan says would happen."""
    return terraform("plan", "-detailed-exitcode", expected=expected, **variables).stdout


def inventory(client: WorkspaceClient) -> set[str]:
    """Return one line for everything that the configuration can make."""
    found = [f"catalog {c.name}" for c in client.catalogs.list(include_unbound=True)]
    found += [f"location {e.name}" for e in client.external_locations.list()]
    found += [f"storage credential {c.name}" for c in client.storage_credentials.list()]
    found += [f"credential {c.name}" for c in client.credentials.list_credentials()]
    found += [f"connection {c.name}" for c in client.connections.list()]
    metastore = str(client.metastores.current().metastore_id)
    found += [f"grant to {g.principal}" for g in client.grants.list("metastore", metastore)]
    found += [
        f"system schema {s.schema}"
        for s in client.system_schemas.list(metastore)
        if s.state == "ENABLE_COMPLETED"
    ]
    return set(found)


def test_what_terraform_makes_has_no_difference_is_changed_and_is_gone(
    server: Server, client: WorkspaceClient, terraform: Terraform
) -> None:
    before = inventory(client)
    terraform("apply", "-auto-approve")
    assert "No changes." in plan(terraform, NO_CHANGES)
    made = inventory(client) - before
    assert {"catalog open_shop", "catalog iso_shop", "location raw", "connection pg"} <= made
    assert client.catalogs.get("open_shop").owner == "analysts"
    prod = server.client("prod")
    assert prod.catalogs.get("iso_shop").isolation_mode == CatalogIsolationMode.ISOLATED
    changed = plan(terraform, CHANGES, comment="")
    assert "Plan: 0 to add, 6 to change, 0 to destroy." in changed
    terraform("apply", "-auto-approve", comment="")
    assert "No changes." in plan(terraform, NO_CHANGES, comment="")
    assert not client.catalogs.get("open_shop").comment
    terraform("destroy", "-auto-approve")
    assert inventory(client) == before


def test_a_change_by_hand_shows_as_drift(client: WorkspaceClient, terraform: Terraform) -> None:
    terraform("apply", "-auto-approve")
    client.schemas.update("open_shop.sales", comment="by hand")
    change = PermissionsChange(principal="account users", add=[Privilege.SELECT])
    client.grants.update("catalog", "open_shop", changes=[change])
    text = plan(terraform, CHANGES)
    assert re.search(r'comment +=? *"by hand" -> "first"', text)
    assert "databricks_grants.catalog will be updated in-place" in text
    terraform("apply", "-auto-approve")
    assert "No changes." in plan(terraform, NO_CHANGES)
