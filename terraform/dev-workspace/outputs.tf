output "workspace_id" {
  description = "ID of the workspace."
  value       = databricks_mws_workspaces.this.workspace_id
}

output "workspace_url" {
  description = "URL of the workspace, the host of its bundle's target and of a provider for what is inside it."
  value       = databricks_mws_workspaces.this.workspace_url

  # Who goes on in the workspace needs its metastore and its people.
  depends_on = [
    databricks_metastore_assignment.this,
    databricks_mws_permission_assignment.this,
  ]
}
