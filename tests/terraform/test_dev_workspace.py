"""The module for the workspace of development, against a local account."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bricklane.provision import terraform as driven
from bricklane.provision.terraform import TerraformError, open_root_module
from tests.terraform.conftest import Account

pytestmark = pytest.mark.real

ROOT = """
terraform {{
  required_providers {{
    databricks = {{
      source = "databricks/databricks"
    }}
  }}
}}

provider "databricks" {{}}

module "dev_workspace" {{
  source = "{module}"

  account_id     = "{account_id}"
  workspace_name = "sandbox"
  region         = "eu-central-1"
  metastore_id   = "{metastore_id}"
  developers     = "engineers"
  custom_tags    = {{ team = "data" }}
}}

output "url" {{
  value = module.dev_workspace.workspace_url
}}
"""


def test_a_workspace_with_its_metastore_its_people_and_its_tags(
    sources: Path, tmp_path: Path, account: Account
) -> None:
    from databricks.sdk.service.iam import WorkspacePermission

    client = account.client()
    (metastore,) = client.metastores.list()
    text = ROOT.format(
        module=sources / "dev-workspace",
        account_id=client.config.account_id,
        metastore_id=metastore.metastore_id,
    )
    (tmp_path / "main.tf").write_text(text, "utf-8")
    root = open_root_module(tmp_path, os.environ, variables=account.environment())
    driven.init(root)

    # The group is looked up: where it does not exist, nothing is made.
    with pytest.raises(TerraformError, match="engineers"), driven.planned(root):
        pass
    group = client.groups.create(display_name="engineers")
    with driven.planned(root) as (plan, file):
        assert str(plan) == "3 resources: 3 to create"
        driven.apply(root, file)
    with driven.planned(root) as (plan, _):
        assert plan.empty

    (made,) = client.workspaces.list()
    assert made.workspace_id is not None
    assert made.custom_tags == {"team": "data"}
    assigned = client.metastore_assignments.get(made.workspace_id).metastore_assignment
    assert assigned is not None
    assert assigned.metastore_id == metastore.metastore_id
    levels = {
        item.principal.display_name: item.permissions
        for item in client.workspace_assignment.list(made.workspace_id)
        if item.principal
    }
    assert levels["engineers"] == [WorkspacePermission.USER]
    host = driven.outputs(root)["url"].value
    assert account.workspace(host).get_workspace_id() == made.workspace_id

    driven.destroy(root)
    assert list(client.workspaces.list()) == []
    assert client.groups.get(str(group.id)).display_name == "engineers"
