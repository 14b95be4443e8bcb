# Everything of Unity Catalog that the tests provision with the real provider.
terraform {
  required_providers {
    databricks = { source = "databricks/databricks" }
  }
}

provider "databricks" {
  profile = "dev"
}

provider "databricks" {
  alias   = "account"
  profile = "account"
}

variable "comment" {
  type    = string
  default = "first"
}

variable "staging_workspace_id" {
  type = number
}

variable "prod_workspace_id" {
  type = number
}

data "databricks_current_metastore" "this" {}

resource "databricks_group" "analysts" {
  provider     = databricks.account
  api          = "account"
  display_name = "analysts"
}
resource "databricks_storage_credential" "aws" {
  name = "lake"
  aws_iam_role { role_arn = "arn:aws:iam::123456789012:role/lake" }
  comment = var.comment
}
resource "databricks_storage_credential" "azure_sp" {
  name = "azure_sp"
  azure_service_principal {
    directory_id   = "d"
    application_id = "a"
    client_secret  = "s3cr3t"
  }
}
resource "databricks_storage_credential" "azure_mi" {
  name           = "azure_mi"
  isolation_mode = "ISOLATION_MODE_ISOLATED"
  azure_managed_identity { access_connector_id = "/subscriptions/1/accessConnectors/c" }
}
resource "databricks_storage_credential" "gcp" {
  name = "gcp"
  databricks_gcp_service_account {}
}
resource "databricks_external_location" "raw" {
  name            = "Raw"
  url             = "s3://lake/raw/"
  credential_name = databricks_storage_credential.aws.id
  comment         = var.comment
}
resource "databricks_external_location" "iso" {
  name            = "iso"
  url             = "abfss://c@a.dfs.core.windows.net/iso"
  credential_name = databricks_storage_credential.azure_mi.id
  isolation_mode  = "ISOLATION_MODE_ISOLATED"
  owner           = "developer@bricklane.local"
}
resource "databricks_catalog" "open" {
  name       = "open_shop"
  comment    = var.comment
  properties = { purpose = "testing" }
  owner      = databricks_group.analysts.display_name
}
resource "databricks_catalog" "iso" {
  name           = "iso_shop"
  isolation_mode = "ISOLATED"
  storage_root   = "s3://lake/raw/iso"
  force_destroy  = true
  depends_on     = [databricks_external_location.raw]
}
resource "databricks_workspace_binding" "prod" {
  securable_name = databricks_catalog.iso.name
  workspace_id   = var.prod_workspace_id
  binding_type   = "BINDING_TYPE_READ_ONLY"
}
resource "databricks_schema" "s" {
  catalog_name = databricks_catalog.open.name
  name         = "sales"
  comment      = var.comment
  properties   = { kind = "various" }
}
resource "databricks_volume" "v" {
  catalog_name = databricks_catalog.open.name
  schema_name  = databricks_schema.s.name
  name         = "landing"
  volume_type  = "MANAGED"
  comment      = var.comment
}
resource "databricks_volume" "e" {
  catalog_name     = databricks_catalog.open.name
  schema_name      = databricks_schema.s.name
  name             = "ext"
  volume_type      = "EXTERNAL"
  storage_location = "${databricks_external_location.raw.url}ext"
  owner            = databricks_group.analysts.display_name
}
resource "databricks_registered_model" "m" {
  catalog_name = databricks_catalog.open.name
  schema_name  = databricks_schema.s.name
  name         = "churn"
  comment      = var.comment
}
resource "databricks_grants" "catalog" {
  catalog = databricks_catalog.open.name
  grant {
    principal  = "account users"
    privileges = ["USE_CATALOG"]
  }
  grant {
    principal  = databricks_group.analysts.display_name
    privileges = ["USE CATALOG", "CREATE_SCHEMA", "ALL_PRIVILEGES"]
  }
}
resource "databricks_grant" "schema" {
  schema     = databricks_schema.s.id
  principal  = databricks_group.analysts.display_name
  privileges = ["USE_SCHEMA", "SELECT"]
}
resource "databricks_grant" "volume" {
  volume     = databricks_volume.v.id
  principal  = databricks_group.analysts.display_name
  privileges = ["READ_VOLUME"]
}
resource "databricks_grants" "model" {
  model = databricks_registered_model.m.id
  grant {
    principal  = databricks_group.analysts.display_name
    privileges = ["EXECUTE"]
  }
}
resource "databricks_grants" "location" {
  external_location = databricks_external_location.raw.id
  grant {
    principal  = databricks_group.analysts.display_name
    privileges = ["READ_FILES", "CREATE_EXTERNAL_TABLE"]
  }
}
resource "databricks_grants" "credential" {
  storage_credential = databricks_storage_credential.aws.id
  grant {
    principal  = databricks_group.analysts.display_name
    privileges = ["CREATE_EXTERNAL_TABLE"]
  }
}
resource "databricks_grant" "metastore" {
  metastore  = data.databricks_current_metastore.this.id
  principal  = databricks_group.analysts.display_name
  privileges = ["CREATE_CATALOG"]
}
resource "databricks_connection" "pg" {
  name            = "pg"
  connection_type = "POSTGRESQL"
  comment         = "c"
  options         = { host = "h", port = "5432", user = "u", password = "p" }
}
resource "databricks_credential" "svc" {
  name    = "svc"
  purpose = "SERVICE"
  aws_iam_role { role_arn = "arn:aws:iam::1:role/x" }
}
resource "databricks_system_schema" "access" {
  schema = "access"
}
resource "databricks_artifact_allowlist" "jars" {
  artifact_type = "LIBRARY_MAVEN"
  artifact_matcher {
    artifact   = "org.example:"
    match_type = "PREFIX_MATCH"
  }
}
resource "databricks_metastore_assignment" "staging" {
  workspace_id = var.staging_workspace_id
  metastore_id = data.databricks_current_metastore.this.id
}
data "databricks_catalogs" "all" { depends_on = [databricks_catalog.open, databricks_catalog.iso] }
data "databricks_schemas" "all" {
  catalog_name = databricks_catalog.open.name
  depends_on   = [databricks_schema.s]
}
data "databricks_external_locations" "all" {
  depends_on = [databricks_external_location.raw, databricks_external_location.iso]
}
output "catalogs" { value = data.databricks_catalogs.all.ids }
output "schemas" { value = data.databricks_schemas.all.ids }
output "locations" { value = data.databricks_external_locations.all.names }
