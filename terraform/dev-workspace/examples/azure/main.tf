# Credentials come from the environment: `az login`, or ARM_CLIENT_ID, ARM_TENANT_ID and what goes with them.
provider "azurerm" {
  features {}
  subscription_id = var.subscription_id
}

resource "azurerm_resource_group" "dev" {
  name     = "flights-dev"
  location = var.location
}

# Premium, because Unity Catalog and access control need it. Clusters get no public addresses.
resource "azurerm_databricks_workspace" "dev" {
  #checkov:skip=CKV_AZURE_158:Private link needs a network of your own; add it where your rules ask for it.
  #checkov:skip=CKV2_AZURE_48:Data of Unity Catalog is not in the root DBFS; set a key of your own where your rules ask for it.
  name                = "flights-dev"
  resource_group_name = azurerm_resource_group.dev.name
  location            = azurerm_resource_group.dev.location
  sku                 = "premium"

  custom_parameters {
    no_public_ip = true
  }
}
