locals {
  group_names = { for role, group in var.groups : role => coalesce(group.display_name, "${var.project}-${role}") }
  group_ids = merge(
    { for role, group in databricks_group.this : role => group.id },
    { for role, group in data.databricks_group.this : role => group.id },
  )

  group_assignments = merge([
    for role, group in var.groups : {
      for target in coalesce(group.targets, keys(var.targets)) : "${role}/${target}" => {
        role       = role
        target     = target
        permission = group.permission
      }
    }
  ]...)
}

# One for each target, so that what deploys to one can be shut out of the others.
resource "databricks_service_principal" "this" {
  for_each = var.targets

  api            = "account"
  display_name   = "${var.project}-${each.key}"
  application_id = each.value.service_principal_application_id
  # What is destroyed is to be gone; by default one of an account is only disabled.
  disable_as_user_deletion = false
}

resource "databricks_group" "this" {
  for_each = { for role, group in var.groups : role => group if group.create }

  api          = "account"
  display_name = local.group_names[each.key]
}

data "databricks_group" "this" {
  for_each = { for role, group in var.groups : role => group if !group.create }

  api          = "account"
  display_name = local.group_names[each.key]
}

# USER is enough to deploy a bundle: what it may do with data is decided by grants in the catalog.
resource "databricks_mws_permission_assignment" "service_principal" {
  for_each = var.targets

  workspace_id = local.workspaces[each.key].id
  principal_id = databricks_service_principal.this[each.key].id
  permissions  = ["USER"]

  # Before a workspace has a metastore, it knows no identities of the account.
  depends_on = [databricks_metastore_assignment.this]
}

resource "databricks_mws_permission_assignment" "group" {
  for_each = local.group_assignments

  workspace_id = local.workspaces[each.value.target].id
  principal_id = local.group_ids[each.value.role]
  permissions  = [each.value.permission]

  depends_on = [databricks_metastore_assignment.this]
}
