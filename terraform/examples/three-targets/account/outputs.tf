output "dev" {
  description = "Values for the layer of dev, as a file of variables: nothing in them is secret."
  value       = local.handover["dev"]
}

output "staging" {
  description = "Values for the layer of staging, as a file of variables: nothing in them is secret."
  value       = local.handover["staging"]
}

output "prod" {
  description = "Values for the layer of prod, as a file of variables: nothing in them is secret."
  value       = local.handover["prod"]
}

output "client_secrets" {
  description = "OAuth secrets for the repository's environments, by target."
  value       = module.account.client_secrets
  sensitive   = true
}
