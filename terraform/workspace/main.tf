locals {
  principals = {
    service_principal = var.service_principal_application_id
    developers        = var.developers
    readers           = var.readers
  }

  read  = ["USE_CATALOG", "USE_SCHEMA", "SELECT", "EXECUTE", "READ_VOLUME"]
  write = ["CREATE_SCHEMA", "CREATE_TABLE", "CREATE_VOLUME", "CREATE_FUNCTION", "MODIFY", "WRITE_VOLUME"]

  # The service principal makes the bundle's schemas and so owns them with all that is in them. It
  # needs nothing in the schemas of others.
  catalog_privileges = {
    service_principal = ["USE_CATALOG", "CREATE_SCHEMA"]
    developers        = concat(local.read, var.developers_write ? local.write : [])
    readers           = ["USE_CATALOG", "USE_SCHEMA", "SELECT"]
  }
  catalog_grants = {
    for role, principal in local.principals : principal => local.catalog_privileges[role]
    if principal != null
  }
  schema_privileges = [
    "USE_SCHEMA", "SELECT", "MODIFY", "EXECUTE", "READ_VOLUME", "WRITE_VOLUME",
    "CREATE_TABLE", "CREATE_FUNCTION", "CREATE_VOLUME",
  ]

  catalog_name = var.catalog.create ? databricks_catalog.this[0].name : var.catalog.name
}

resource "databricks_catalog" "this" {
  count = var.catalog.create ? 1 : 0

  name           = var.catalog.name
  comment        = coalesce(var.catalog.comment, "Data of the target ${var.target}. Managed by Terraform.")
  isolation_mode = var.catalog.isolated ? "ISOLATED" : "OPEN"
  storage_root   = var.catalog.storage_root
  force_destroy  = var.catalog.force_destroy
}

# The workspace that this runs in is bound by the provider itself when it makes an isolated catalog.
resource "databricks_workspace_binding" "catalog" {
  for_each = var.catalog.workspace_bindings

  securable_name = databricks_catalog.this[0].name
  securable_type = "catalog"
  workspace_id   = each.key
  binding_type   = "BINDING_TYPE_${each.value}"
}

# All grants of a catalog that was made here: one that is added by hand shows in the next plan.
resource "databricks_grants" "catalog" {
  count = var.catalog.create ? 1 : 0

  catalog = databricks_catalog.this[0].name

  dynamic "grant" {
    for_each = local.catalog_grants

    content {
      principal  = grant.key
      privileges = grant.value
    }
  }
}

# Those of our principals only, beside whatever its owners have granted to others.
resource "databricks_grant" "catalog" {
  for_each = var.catalog.create ? {} : local.catalog_grants

  catalog    = var.catalog.name
  principal  = each.key
  privileges = each.value
}

resource "databricks_schema" "this" {
  for_each = var.schemas

  catalog_name  = local.catalog_name
  name          = each.key
  comment       = each.value
  force_destroy = var.catalog.force_destroy
}

resource "databricks_grants" "schema" {
  for_each = var.schemas

  schema = databricks_schema.this[each.key].id

  grant {
    principal  = var.service_principal_application_id
    privileges = local.schema_privileges
  }
}

resource "databricks_volume" "this" {
  for_each = var.volumes

  catalog_name = local.catalog_name
  schema_name  = databricks_schema.this[split(".", each.key)[0]].name
  name         = split(".", each.key)[1]
  volume_type  = "MANAGED"
  comment      = each.value
}
