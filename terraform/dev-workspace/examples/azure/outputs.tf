output "workspace" {
  description = "The workspace as the module `account` takes it: an entry of `targets` gets it as `workspace`."
  value = {
    id  = azurerm_databricks_workspace.dev.workspace_id
    url = "https://${azurerm_databricks_workspace.dev.workspace_url}"
  }
}
