resource "databricks_secret_scope" "this" {
  count = var.secret_scope == null ? 0 : 1

  name = var.secret_scope
}

resource "databricks_secret_acl" "service_principal" {
  count = var.secret_scope == null ? 0 : 1

  scope      = databricks_secret_scope.this[0].name
  principal  = var.service_principal_application_id
  permission = "READ"
}

resource "databricks_secret_acl" "developers" {
  count = var.secret_scope != null && var.developers != null && var.developers_write ? 1 : 0

  scope      = databricks_secret_scope.this[0].name
  principal  = var.developers
  permission = "WRITE"
}
