locals {
  groups = {
    for role, group in {
      developers     = { name = var.developers, permission = "USER" }
      administrators = { name = var.administrators, permission = "ADMIN" }
    } : role => group if group.name != null
  }
}

# Serverless: the workspace needs no credentials, storage or network of the cloud account, and shares
# none with the workspaces of other targets.
resource "databricks_mws_workspaces" "this" {
  account_id     = var.account_id
  workspace_name = var.workspace_name
  aws_region     = var.cloud == "aws" ? var.region : null
  location       = var.cloud == "gcp" ? var.region : null
  compute_mode   = "SERVERLESS"
  custom_tags    = length(var.custom_tags) > 0 ? var.custom_tags : null
}

resource "databricks_metastore_assignment" "this" {
  count = var.metastore_id == null ? 0 : 1

  api          = "account"
  workspace_id = databricks_mws_workspaces.this.workspace_id
  metastore_id = var.metastore_id
}

resource "databricks_mws_ncc_binding" "this" {
  count = var.network_connectivity_config_id == null ? 0 : 1

  workspace_id                   = databricks_mws_workspaces.this.workspace_id
  network_connectivity_config_id = var.network_connectivity_config_id
}

resource "databricks_workspace_network_option" "this" {
  count = var.network_policy_id == null ? 0 : 1

  workspace_id      = databricks_mws_workspaces.this.workspace_id
  network_policy_id = var.network_policy_id
}

data "databricks_group" "this" {
  for_each = local.groups

  api          = "account"
  display_name = each.value.name
}

resource "databricks_mws_permission_assignment" "this" {
  for_each = local.groups

  workspace_id = databricks_mws_workspaces.this.workspace_id
  principal_id = data.databricks_group.this[each.key].id
  permissions  = [each.value.permission]

  # Before a workspace has a metastore, it knows no identities of the account.
  depends_on = [databricks_metastore_assignment.this]
}
