mock_provider "databricks" {
  mock_resource "databricks_mws_workspaces" {
    defaults = {
      workspace_id  = 4001
      workspace_url = "https://dbc-1.cloud.databricks.test"
    }
  }
  mock_data "databricks_group" {
    defaults = { id = "3001" }
  }
}

variables {
  account_id     = "11111111-2222-4333-8444-555555555555"
  workspace_name = "flights-dev"
  region         = "eu-central-1"
}

run "plan_makes_a_serverless_workspace_and_nothing_else" {
  command = plan

  assert {
    condition     = databricks_mws_workspaces.this.compute_mode == "SERVERLESS" && databricks_mws_workspaces.this.aws_region == "eu-central-1"
    error_message = "the workspace must be serverless and in the region"
  }
  assert {
    condition     = length(databricks_metastore_assignment.this) == 0 && length(databricks_mws_permission_assignment.this) == 0 && length(databricks_mws_ncc_binding.this) == 0 && length(databricks_workspace_network_option.this) == 0
    error_message = "nothing must be made that was not asked for"
  }
}

run "apply_lets_people_in" {
  command = apply

  variables {
    metastore_id   = "99999999-2222-4333-8444-555555555555"
    developers     = "flights-developers"
    administrators = "platform"
    custom_tags    = { team = "data" }
  }

  assert {
    condition     = { for role, assignment in databricks_mws_permission_assignment.this : role => one(assignment.permissions) } == { administrators = "ADMIN", developers = "USER" }
    error_message = "developers must be users, and the platform's people administrators"
  }
  assert {
    condition     = databricks_metastore_assignment.this[0].workspace_id == 4001
    error_message = "the workspace must get the metastore"
  }
  assert {
    condition     = output.workspace_id == 4001 && output.workspace_url == "https://dbc-1.cloud.databricks.test"
    error_message = "the workspace must be told"
  }
}

run "google_cloud_calls_it_location" {
  command = plan

  variables {
    cloud  = "gcp"
    region = "europe-west3"
  }

  assert {
    condition     = databricks_mws_workspaces.this.location == "europe-west3" && databricks_mws_workspaces.this.aws_region == null
    error_message = "the region must be a location"
  }
}

run "networks_are_bound_when_they_are_named" {
  command = apply

  variables {
    network_connectivity_config_id = "ncc-1"
    network_policy_id              = "policy-1"
  }

  assert {
    condition     = databricks_mws_ncc_binding.this[0].network_connectivity_config_id == "ncc-1" && databricks_workspace_network_option.this[0].network_policy_id == "policy-1"
    error_message = "configuration and policy must be the workspace's"
  }
}
