# Host, account and credentials come from the environment: a profile (DATABRICKS_CONFIG_PROFILE), or
# DATABRICKS_HOST, DATABRICKS_ACCOUNT_ID, DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.
provider "databricks" {}

data "databricks_current_config" "this" {
  api = "account"
}

module "account" {
  source = "../../../account"

  account_id        = data.databricks_current_config.this.account_id
  project           = var.project
  cloud             = var.cloud
  region            = var.region
  metastore_id      = var.metastore_id
  ci_authentication = var.ci_authentication
  repository        = var.repository
  token_issuer      = var.token_issuer
  client_secret     = var.client_secret

  targets = {
    dev     = {}
    staging = {}
    prod    = {}
  }
}

locals {
  # What a target's layer takes from this one.
  handover = {
    for name, target in module.account.targets : name => {
      account = merge(target, {
        catalog = lookup(var.catalogs, name, "${name}_${replace(var.project, "-", "_")}")
      })
    }
  }
}
