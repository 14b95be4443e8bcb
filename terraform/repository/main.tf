locals {
  environments = { for name, target in var.targets : name => coalesce(target.environment, name) }
  secrets      = toset(nonsensitive(keys(var.client_secrets)))

  variables = merge([
    for name, target in var.targets : {
      "${name}/DATABRICKS_HOST"      = { target = name, name = "DATABRICKS_HOST", value = target.workspace_url }
      "${name}/DATABRICKS_CLIENT_ID" = { target = name, name = "DATABRICKS_CLIENT_ID", value = target.service_principal_application_id }
    }
  ]...)
  branches = merge([
    for name, target in var.targets : { for branch in target.branches : "${name}/${branch}" => { target = name, branch = branch } }
  ]...)
}

resource "github_repository_environment" "this" {
  for_each = var.targets

  repository          = var.repository
  environment         = local.environments[each.key]
  prevent_self_review = length(each.value.reviewers.users) + length(each.value.reviewers.teams) > 0
  can_admins_bypass   = false

  dynamic "reviewers" {
    for_each = length(each.value.reviewers.users) + length(each.value.reviewers.teams) > 0 ? [each.value.reviewers] : []

    content {
      users = reviewers.value.users
      teams = reviewers.value.teams
    }
  }

  dynamic "deployment_branch_policy" {
    for_each = length(each.value.branches) > 0 ? [true] : []

    content {
      protected_branches     = false
      custom_branch_policies = true
    }
  }
}

resource "github_repository_environment_deployment_policy" "this" {
  for_each = local.branches

  repository     = var.repository
  environment    = github_repository_environment.this[each.value.target].environment
  branch_pattern = each.value.branch
}

resource "github_actions_environment_variable" "this" {
  for_each = local.variables

  repository    = var.repository
  environment   = github_repository_environment.this[each.value.target].environment
  variable_name = each.value.name
  value         = each.value.value
}

resource "github_actions_environment_secret" "this" {
  for_each = local.secrets

  repository  = var.repository
  environment = github_repository_environment.this[each.key].environment
  secret_name = "DATABRICKS_CLIENT_SECRET"
  value       = var.client_secrets[each.key]
}

# Merge commits alone: a squash would cut the ancestry by which GitFlow finds what is where.
resource "github_repository_ruleset" "delivery" {
  count = length(var.protected_branches) > 0 ? 1 : 0

  repository  = var.repository
  name        = "delivery"
  target      = "branch"
  enforcement = "active"

  conditions {
    ref_name {
      include = [for branch in sort(var.protected_branches) : "refs/heads/${branch}"]
      exclude = []
    }
  }

  rules {
    deletion         = true
    non_fast_forward = true

    pull_request {
      allowed_merge_methods           = ["merge"]
      required_approving_review_count = var.required_approvals
      dismiss_stale_reviews_on_push   = true
    }

    dynamic "required_status_checks" {
      for_each = length(var.required_checks) > 0 ? [true] : []

      content {
        dynamic "required_check" {
          for_each = var.required_checks

          content {
            context = required_check.value
          }
        }
      }
    }
  }
}
