mock_provider "databricks" {
  mock_resource "databricks_mws_workspaces" {
    defaults = {
      workspace_id  = 4001
      workspace_url = "https://dbc-1.cloud.databricks.test"
    }
  }
  mock_resource "databricks_service_principal" {
    defaults = {
      id             = "2001"
      application_id = "aaaaaaaa-0000-4000-8000-000000000001"
    }
  }
  mock_resource "databricks_group" {
    defaults = { id = "3001" }
  }
  mock_resource "databricks_service_principal_secret" {
    defaults = {
      secret      = "dose-of-test"
      expire_time = "2030-01-01T00:00:00Z"
    }
  }
  mock_data "databricks_group" {
    defaults = { id = "3999" }
  }
}

variables {
  account_id   = "11111111-2222-4333-8444-555555555555"
  project      = "flights"
  region       = "eu-central-1"
  metastore_id = "99999999-2222-4333-8444-555555555555"
}

run "plan_makes_three_of_each" {
  command = plan

  assert {
    condition     = { for name, workspace in databricks_mws_workspaces.this : name => workspace.workspace_name } == { dev = "flights-dev", staging = "flights-staging", prod = "flights-prod" }
    error_message = "each target must get a workspace named after project and target"
  }
  assert {
    condition     = alltrue([for workspace in databricks_mws_workspaces.this : workspace.compute_mode == "SERVERLESS" && workspace.aws_region == "eu-central-1" && workspace.location == null])
    error_message = "workspaces must be serverless, in the region, as AWS spells it"
  }
  assert {
    condition     = length(databricks_metastore_assignment.this) == 3
    error_message = "each new workspace must be assigned to the metastore"
  }
  assert {
    condition     = [for name, principal in databricks_service_principal.this : principal.display_name] == ["flights-dev", "flights-prod", "flights-staging"]
    error_message = "each target must get a service principal of its own"
  }
  assert {
    condition     = alltrue([for principal in databricks_service_principal.this : principal.api == "account" && !principal.disable_as_user_deletion])
    error_message = "service principals must be the account's, and gone once they are destroyed"
  }
  assert {
    condition     = [for group in databricks_group.this : group.display_name] == ["flights-developers", "flights-readers"]
    error_message = "groups must be named after project and role"
  }
}

run "apply_lets_each_principal_into_its_own_workspace" {
  command = apply

  assert {
    condition     = keys(databricks_mws_permission_assignment.service_principal) == ["dev", "prod", "staging"]
    error_message = "each service principal must be assigned once"
  }
  assert {
    condition     = alltrue([for assignment in databricks_mws_permission_assignment.service_principal : assignment.permissions == toset(["USER"])])
    error_message = "a service principal must not be an administrator"
  }
  assert {
    condition     = length(databricks_mws_permission_assignment.group) == 6
    error_message = "both groups must be assigned to all three workspaces"
  }
  assert {
    condition = output.targets["prod"] == {
      project                          = "flights"
      target                           = "prod"
      workspace_id                     = 4001
      workspace_url                    = "https://dbc-1.cloud.databricks.test"
      service_principal_name           = "flights-prod"
      service_principal_application_id = "aaaaaaaa-0000-4000-8000-000000000001"
      group_names                      = { developers = "flights-developers", readers = "flights-readers" }
    }
    error_message = "targets must say all that the next layer needs"
  }
  assert {
    condition     = output.client_secrets == { dev = "dose-of-test", staging = "dose-of-test", prod = "dose-of-test" }
    error_message = "there must be a secret for each target"
  }
  assert {
    condition     = issensitive(output.client_secrets) && !issensitive(output.targets)
    error_message = "secrets, and only they, must be sensitive"
  }
  assert {
    condition     = output.federation_subjects == {}
    error_message = "there must be no federation beside secrets"
  }
}

run "secrets_live_as_long_as_they_are_said_to" {
  command = plan

  variables {
    client_secret = { lifetime_days = 30 }
  }

  assert {
    condition     = alltrue([for secret in databricks_service_principal_secret.this : secret.lifetime == "2592000s"])
    error_message = "30 days are 2592000 seconds"
  }
}

run "rotation_keeps_the_old_secrets_for_a_while" {
  command = apply

  variables {
    client_secret = { generation = 2, overlap = true }
  }

  assert {
    condition     = keys(databricks_service_principal_secret.this) == ["dev/1", "dev/2", "prod/1", "prod/2", "staging/1", "staging/2"]
    error_message = "with overlap there must be secrets of both generations"
  }
  assert {
    condition     = keys(output.client_secrets) == ["dev", "prod", "staging"]
    error_message = "the output must have the newest secret of each target only"
  }
}

run "rotation_ends_by_deleting_the_old_secrets" {
  command = apply

  variables {
    client_secret = { generation = 2 }
  }

  assert {
    condition     = keys(databricks_service_principal_secret.this) == ["dev/2", "prod/2", "staging/2"]
    error_message = "without overlap there must be the newest generation only"
  }
}

run "federation_replaces_secrets" {
  command = apply

  variables {
    ci_authentication = "github-oidc"
    repository        = { owner = "octo-org", name = "flights" }
    targets           = { staging = {}, prod = { github_environment = "production" } }
  }

  assert {
    condition     = length(databricks_service_principal_secret.this) == 0 && output.client_secrets == {}
    error_message = "there must be no secret beside federation"
  }
  assert {
    condition = output.federation_subjects == {
      staging = ["repo:octo-org/flights:environment:staging"]
      prod    = ["repo:octo-org/flights:environment:production"]
    }
    error_message = "subjects must name the repository and each target's environment"
  }
  assert {
    condition     = alltrue([for policy in databricks_service_principal_federation_policy.this : policy.oidc_policy.issuer == "https://token.actions.githubusercontent.com"])
    error_message = "tokens must be GitHub's"
  }
  assert {
    condition     = alltrue([for policy in databricks_service_principal_federation_policy.this : policy.oidc_policy.audiences == tolist(["11111111-2222-4333-8444-555555555555"])])
    error_message = "tokens must be for this account"
  }
  assert {
    condition     = databricks_service_principal_federation_policy.this["prod/name"].oidc_policy.subject == "repo:octo-org/flights:environment:production" && databricks_service_principal_federation_policy.this["prod/name"].oidc_policy.subject_claim == "sub"
    error_message = "the policy must demand the subject that the output tells"
  }
}

run "both_ways_while_a_repository_moves" {
  command = plan

  variables {
    ci_authentication = "both"
    repository        = { owner = "octo-org", name = "flights" }
  }

  assert {
    condition     = length(databricks_service_principal_secret.this) == 3 && length(databricks_service_principal_federation_policy.this) == 3
    error_message = "secrets must stay valid while the first jobs authenticate without"
  }
}

run "subjects_are_immutable_where_the_ids_are_known" {
  command = plan

  variables {
    ci_authentication = "github-oidc"
    repository        = { owner = "octo-org", name = "flights", owner_id = 12, id = 34 }
    targets           = { prod = {} }
  }

  assert {
    condition     = output.federation_subjects == { prod = ["repo:octo-org@12/flights@34:environment:prod"] }
    error_message = "with both IDs the subject must hold them, and no other policy must match"
  }
}

run "both_subjects_while_a_repository_moves" {
  command = plan

  variables {
    ci_authentication = "github-oidc"
    repository        = { owner = "octo-org", name = "flights", owner_id = 12, id = 34, subject_formats = ["immutable", "name"] }
    targets           = { prod = {} }
  }

  assert {
    condition     = output.federation_subjects == { prod = ["repo:octo-org@12/flights@34:environment:prod", "repo:octo-org/flights:environment:prod"] }
    error_message = "each format must have a policy of its own"
  }
  assert {
    condition     = [for policy in databricks_service_principal_federation_policy.this : policy.policy_id] == ["github-prod-immutable", "github-prod-name"]
    error_message = "policies must be told apart by their format"
  }
}

run "another_issuer_with_keys_of_its_own" {
  command = plan

  variables {
    ci_authentication = "github-oidc"
    repository        = { owner = "octo-org", name = "flights" }
    targets           = { prod = {} }
    token_issuer      = { url = "http://127.0.0.1:8080", audiences = ["databricks"], jwks_json = "{\"keys\":[]}" }
  }

  assert {
    condition     = databricks_service_principal_federation_policy.this["prod/name"].oidc_policy.jwks_json == "{\"keys\":[]}" && databricks_service_principal_federation_policy.this["prod/name"].oidc_policy.audiences == tolist(["databricks"])
    error_message = "issuer, audiences and keys must be those given"
  }
}

run "workspaces_of_google_cloud_have_a_location" {
  command = plan

  variables {
    cloud  = "gcp"
    region = "europe-west3"
  }

  assert {
    condition     = alltrue([for workspace in databricks_mws_workspaces.this : workspace.location == "europe-west3" && workspace.aws_region == null])
    error_message = "GCP calls it location"
  }
}

run "workspaces_that_exist_are_not_made" {
  command = apply

  variables {
    cloud = "azure"
    targets = {
      dev  = { workspace = { id = 11, url = "https://adb-11.1.azuredatabricks.test/" } }
      prod = { workspace = { id = 12, url = "https://adb-12.1.azuredatabricks.test" }, service_principal_application_id = "bbbbbbbb-0000-4000-8000-000000000002" }
    }
  }

  assert {
    condition     = length(databricks_mws_workspaces.this) == 0 && length(databricks_metastore_assignment.this) == 0
    error_message = "nothing must be made of workspaces that exist"
  }
  assert {
    condition     = output.targets["dev"].workspace_url == "https://adb-11.1.azuredatabricks.test" && databricks_mws_permission_assignment.service_principal["prod"].workspace_id == 12
    error_message = "principals must be assigned to the workspaces that exist"
  }
  assert {
    condition     = databricks_service_principal.this["prod"].application_id == "bbbbbbbb-0000-4000-8000-000000000002"
    error_message = "the application of Entra ID must become the service principal"
  }
}

run "groups_may_exist_and_enter_some_workspaces_only" {
  command = plan

  variables {
    groups = {
      developers = { create = false, display_name = "Data Engineers", targets = ["dev"] }
      platform   = { permission = "ADMIN" }
    }
  }

  assert {
    condition     = keys(databricks_group.this) == ["platform"] && output.group_ids["developers"] == "3999"
    error_message = "a group that exists must be looked up and not made"
  }
  assert {
    condition     = keys(databricks_mws_permission_assignment.group) == ["developers/dev", "platform/dev", "platform/prod", "platform/staging"]
    error_message = "developers must enter dev only"
  }
  assert {
    condition     = databricks_mws_permission_assignment.group["platform/prod"].permissions == toset(["ADMIN"])
    error_message = "the platform's people must be administrators"
  }
}

run "without_a_metastore_the_account_assigns_one" {
  command = plan

  variables {
    metastore_id = null
  }

  assert {
    condition     = length(databricks_metastore_assignment.this) == 0
    error_message = "there must be no assignment without a metastore"
  }
}
