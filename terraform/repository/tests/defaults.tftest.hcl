mock_provider "github" {
  mock_resource "github_repository_ruleset" {
    defaults = { ruleset_id = 77 }
  }
}

variables {
  repository = "flights"
  targets = {
    staging = {
      workspace_url                    = "https://dbc-2.cloud.databricks.test"
      service_principal_application_id = "aaaaaaaa-0000-4000-8000-000000000002"
    }
    prod = {
      workspace_url                    = "https://dbc-3.cloud.databricks.test"
      service_principal_application_id = "aaaaaaaa-0000-4000-8000-000000000003"
      environment                      = "production"
      branches                         = ["main"]
      reviewers                        = { users = [11], teams = [22] }
    }
  }
}

run "plan_makes_an_environment_for_each_target" {
  command = plan

  assert {
    condition     = output.environments == { prod = "production", staging = "staging" }
    error_message = "each target must have its environment"
  }
  assert {
    condition     = github_repository_environment.this["prod"].prevent_self_review && one(github_repository_environment.this["prod"].reviewers).users == toset([11])
    error_message = "production must wait for its reviewers, and nobody must approve a job of their own"
  }
  assert {
    condition     = length(github_repository_environment.this["staging"].reviewers) == 0 && !github_repository_environment.this["staging"].can_admins_bypass
    error_message = "staging must wait for nobody, and administrators must not bypass"
  }
  assert {
    condition     = keys(github_repository_environment_deployment_policy.this) == ["prod/main"] && one(github_repository_environment.this["prod"].deployment_branch_policy).custom_branch_policies
    error_message = "jobs of main alone must enter production"
  }
  assert {
    condition     = { for key, variable in github_actions_environment_variable.this : key => variable.value }["prod/DATABRICKS_HOST"] == "https://dbc-3.cloud.databricks.test"
    error_message = "jobs must get their own target's host"
  }
  assert {
    condition     = length(github_actions_environment_secret.this) == 0
    error_message = "with federation there must be no secret"
  }
}

run "secrets_go_into_the_environments" {
  command = apply

  variables {
    client_secrets = { prod = "dose-of-test" }
  }

  assert {
    condition     = keys(github_actions_environment_secret.this) == ["prod"] && github_actions_environment_secret.this["prod"].secret_name == "DATABRICKS_CLIENT_SECRET"
    error_message = "the secret must be in its target's environment"
  }
  assert {
    condition     = issensitive(github_actions_environment_secret.this["prod"].value)
    error_message = "the secret must not show in plans"
  }
  assert {
    condition     = output.ruleset_id == 77
    error_message = "the ruleset must be told"
  }
}

run "protected_branches_change_by_checked_pull_requests" {
  command = plan

  assert {
    condition     = one(one(github_repository_ruleset.delivery[0].conditions).ref_name).include == tolist(["refs/heads/develop", "refs/heads/main"])
    error_message = "main and develop must be protected"
  }
  assert {
    condition     = one(one(github_repository_ruleset.delivery[0].rules).pull_request).allowed_merge_methods == tolist(["merge"])
    error_message = "pull requests must be merged, not squashed"
  }
  assert {
    condition     = [for check in one(one(github_repository_ruleset.delivery[0].rules).required_status_checks).required_check : check.context] == ["checks"]
    error_message = "checks must pass first"
  }
}

run "without_protected_branches_there_is_no_ruleset" {
  command = plan

  variables {
    protected_branches = []
  }

  assert {
    condition     = output.ruleset_id == null
    error_message = "there must be no ruleset"
  }
}
