output "environments" {
  description = "Environment of each target, by target."
  value       = { for name, environment in github_repository_environment.this : name => environment.environment }
}

output "ruleset_id" {
  description = "ID of the ruleset of the protected branches; null without one."
  value       = one(github_repository_ruleset.delivery[*].ruleset_id)
}
