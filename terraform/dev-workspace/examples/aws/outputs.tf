output "workspace_url" {
  description = "URL of the workspace."
  value       = module.dev_workspace.workspace_url
}
