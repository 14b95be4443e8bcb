locals {
  new_workspaces      = { for name, target in var.targets : name => target if target.workspace == null }
  existing_workspaces = { for name, target in var.targets : name => target.workspace if target.workspace != null }

  workspaces = merge(
    { for name, workspace in local.existing_workspaces : name => { id = workspace.id, url = trimsuffix(workspace.url, "/") } },
    { for name, workspace in databricks_mws_workspaces.this : name => { id = workspace.workspace_id, url = workspace.workspace_url } },
  )
}

# Serverless: no credentials, storage or network of the cloud is needed.
resource "databricks_mws_workspaces" "this" {
  for_each = local.new_workspaces

  account_id     = var.account_id
  workspace_name = "${var.project}-${each.key}"
  aws_region     = var.cloud == "aws" ? var.region : null
  location       = var.cloud == "gcp" ? var.region : null
  compute_mode   = "SERVERLESS"
}

resource "databricks_metastore_assignment" "this" {
  for_each = var.metastore_id == null ? {} : local.new_workspaces

  api          = "account"
  workspace_id = databricks_mws_workspaces.this[each.key].workspace_id
  metastore_id = var.metastore_id
}
