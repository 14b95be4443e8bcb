# Each value here must be refused before anything is planned.

mock_provider "databricks" {}

variables {
  account_id     = "11111111-2222-4333-8444-555555555555"
  workspace_name = "flights-dev"
  region         = "eu-central-1"
}

run "account_id_is_a_uuid" {
  command = plan
  variables {
    account_id = "0"
  }
  expect_failures = [var.account_id]
}

run "workspaces_have_a_name" {
  command = plan
  variables {
    workspace_name = ""
  }
  expect_failures = [var.workspace_name]
}

run "on_azure_there_is_another_way" {
  command = plan
  variables {
    cloud = "azure"
  }
  expect_failures = [var.cloud]
}

run "a_zone_is_no_region" {
  command = plan
  variables {
    cloud  = "gcp"
    region = "europe-west3-a"
  }
  expect_failures = [var.region]
}

run "metastore_id_is_a_uuid" {
  command = plan
  variables {
    metastore_id = "primary"
  }
  expect_failures = [var.metastore_id]
}

run "the_platforms_own_groups_are_no_developers" {
  command = plan
  variables {
    developers = "users"
  }
  expect_failures = [var.developers]
}

run "developers_do_not_administer" {
  command = plan
  variables {
    developers     = "everybody"
    administrators = "everybody"
  }
  expect_failures = [var.administrators]
}

run "tags_are_for_aws" {
  command = plan
  variables {
    cloud       = "gcp"
    region      = "europe-west3"
    custom_tags = { team = "data" }
  }
  expect_failures = [var.custom_tags]
}
