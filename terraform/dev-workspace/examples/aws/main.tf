# Credentials of a service principal that administers the account come from the environment:
# DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET.
provider "databricks" {
  host       = "https://accounts.cloud.databricks.com"
  account_id = var.account_id
}

module "dev_workspace" {
  source = "../.."

  account_id     = var.account_id
  workspace_name = "flights-dev"
  cloud          = "aws"
  region         = "eu-central-1"
}
