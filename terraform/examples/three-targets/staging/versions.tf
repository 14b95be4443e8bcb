terraform {
  required_version = ">= 1.9.0, < 2.0.0"

  required_providers {
    databricks = {
      source  = "databricks/databricks"
      version = "1.113.0"
    }
  }

  # Replace by a backend that locks and encrypts (s3, gcs, azurerm): one state for each target.
  backend "local" {}
}
