# Credentials come from the environment, as in the account layer; the host is this target's.
provider "databricks" {
  host = var.account.workspace_url
}

module "workspace" {
  source = "../../../workspace"

  target                           = var.account.target
  service_principal_application_id = var.account.service_principal_application_id
  developers                       = lookup(var.account.group_names, "developers", null)
  readers                          = lookup(var.account.group_names, "readers", null)

  # As production: what passes here must not depend on a right that is missing there.
  catalog      = { name = var.account.catalog }
  secret_scope = "${var.account.project}-${var.account.target}"
}
