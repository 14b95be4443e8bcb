output "targets" {
  description = "What the layer of each target needs to know of the account, by target: nothing in it is secret."
  value = {
    for name in keys(var.targets) : name => {
      project                          = var.project
      target                           = name
      workspace_id                     = local.workspaces[name].id
      workspace_url                    = local.workspaces[name].url
      service_principal_name           = databricks_service_principal.this[name].display_name
      service_principal_application_id = databricks_service_principal.this[name].application_id
      group_names                      = { for role, group in var.groups : role => local.group_names[role] if contains(coalesce(group.targets, keys(var.targets)), name) }
    }
  }

  # Who takes the values from here goes on in the workspaces, where the principals must be known.
  depends_on = [
    databricks_mws_permission_assignment.service_principal,
    databricks_mws_permission_assignment.group,
  ]
}

output "service_principal_ids" {
  description = "ID of each target's service principal in the account, by target."
  value       = { for name, principal in databricks_service_principal.this : name => principal.id }
}

output "group_ids" {
  description = "ID of each group in the account, by role."
  value       = local.group_ids
}

output "client_secrets" {
  description = "Newest OAuth secret of each target's service principal, by target; empty with `github-oidc`."
  value = {
    for key, secret in local.secrets : secret.target => databricks_service_principal_secret.this[key].secret
    if endswith(key, "/${local.newest_generation}")
  }
  sensitive = true
}

output "client_secret_expire_times" {
  description = "When the newest OAuth secret of each target expires (RFC 3339), by target."
  value = {
    for key, secret in local.secrets : secret.target => databricks_service_principal_secret.this[key].expire_time
    if endswith(key, "/${local.newest_generation}")
  }
}

output "federation_subjects" {
  description = "Subjects of tokens that may act as each target's service principal, by target; empty with `oauth-secret`."
  value       = { for policy in local.federation_policies : policy.target => policy.subject... }
}
