# Each value here must be refused before anything is planned.

mock_provider "github" {}

variables {
  repository = "flights"
  targets = {
    prod = {
      workspace_url                    = "https://dbc-3.cloud.databricks.test"
      service_principal_application_id = "aaaaaaaa-0000-4000-8000-000000000003"
    }
  }
}

run "the_owner_is_the_providers" {
  command = plan
  variables {
    repository = "octo-org/flights"
  }
  expect_failures = [var.repository]
}

run "hosts_are_urls" {
  command = plan
  variables {
    targets = { prod = { workspace_url = "dbc-3", service_principal_application_id = "a" } }
  }
  expect_failures = [var.targets]
}

run "targets_share_no_environment" {
  command = plan
  variables {
    targets = {
      staging = { workspace_url = "https://a", service_principal_application_id = "a", environment = "live" }
      prod    = { workspace_url = "https://b", service_principal_application_id = "b", environment = "live" }
    }
  }
  expect_failures = [var.targets]
}

run "reviewers_are_six_at_most" {
  command = plan
  variables {
    targets = { prod = { workspace_url = "https://a", service_principal_application_id = "a", reviewers = { users = [1, 2, 3, 4], teams = [5, 6, 7] } } }
  }
  expect_failures = [var.targets]
}

run "secrets_are_of_targets" {
  command = plan
  variables {
    client_secrets = { production = "dose-of-test" }
  }
  expect_failures = [var.client_secrets]
}

run "branches_are_names" {
  command = plan
  variables {
    protected_branches = ["refs/heads/main"]
  }
  expect_failures = [var.protected_branches]
}

run "approvals_are_counted" {
  command = plan
  variables {
    required_approvals = 11
  }
  expect_failures = [var.required_approvals]
}
