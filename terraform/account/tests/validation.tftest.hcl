# Each value here must be refused before anything is planned.

mock_provider "databricks" {}

variables {
  account_id = "11111111-2222-4333-8444-555555555555"
  project    = "flights"
  region     = "eu-central-1"
}

run "account_id_is_a_uuid" {
  command = plan
  variables {
    account_id = "my-account"
  }
  expect_failures = [var.account_id]
}

run "project_has_no_capitals" {
  command = plan
  variables {
    project = "Flights"
  }
  expect_failures = [var.project]
}

run "project_does_not_end_with_a_hyphen" {
  command = plan
  variables {
    project = "flights-"
  }
  expect_failures = [var.project]
}

run "cloud_is_one_of_three" {
  command = plan
  variables {
    cloud = "oracle"
  }
  expect_failures = [var.cloud]
}

run "region_is_needed_for_new_workspaces" {
  command = plan
  variables {
    region = null
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

run "there_is_at_least_one_target" {
  command = plan
  variables {
    targets = {}
    groups  = {}
  }
  expect_failures = [var.targets]
}

run "targets_have_names_of_bundles" {
  command = plan
  variables {
    targets = { "1st" = {} }
  }
  expect_failures = [var.targets]
}

run "azure_needs_workspaces_that_exist" {
  command = plan
  variables {
    cloud = "azure"
  }
  expect_failures = [var.targets]
}

run "urls_of_workspaces_have_a_scheme" {
  command = plan
  variables {
    targets = { dev = { workspace = { id = 1, url = "adb-1.azuredatabricks.net" } } }
  }
  expect_failures = [var.targets]
}

run "permissions_of_groups_are_two" {
  command = plan
  variables {
    groups = { developers = { permission = "OWNER" } }
  }
  expect_failures = [var.groups]
}

run "groups_enter_targets_that_exist" {
  command = plan
  variables {
    groups = { developers = { targets = ["dev", "production"] } }
  }
  expect_failures = [var.groups]
}

run "the_platforms_own_groups_are_left_alone" {
  command = plan
  variables {
    groups = { administrators = { display_name = "admins" } }
  }
  expect_failures = [var.groups]
}

run "ways_to_authenticate_are_known" {
  command = plan
  variables {
    ci_authentication = "token"
  }
  expect_failures = [var.ci_authentication]
}

run "federation_needs_the_repository" {
  command = plan
  variables {
    ci_authentication = "github-oidc"
  }
  expect_failures = [var.ci_authentication]
}

run "secrets_do_not_live_for_ever" {
  command = plan
  variables {
    client_secret = { lifetime_days = 731 }
  }
  expect_failures = [var.client_secret]
}

run "generations_are_counted" {
  command = plan
  variables {
    client_secret = { generation = 1.5 }
  }
  expect_failures = [var.client_secret]
}

run "the_first_generation_overlaps_with_none" {
  command = plan
  variables {
    client_secret = { overlap = true }
  }
  expect_failures = [var.client_secret]
}

run "the_owner_has_no_slash" {
  command = plan
  variables {
    repository = { owner = "octo-org/flights", name = "flights" }
  }
  expect_failures = [var.repository]
}

run "subject_formats_are_two" {
  command = plan
  variables {
    repository = { owner = "octo-org", name = "flights", subject_formats = ["branch"] }
  }
  expect_failures = [var.repository]
}

run "some_subject_must_match" {
  command = plan
  variables {
    repository = { owner = "octo-org", name = "flights", subject_formats = [] }
  }
  expect_failures = [var.repository]
}

run "immutable_subjects_need_the_ids" {
  command = plan
  variables {
    repository = { owner = "octo-org", name = "flights", owner_id = 12, subject_formats = ["immutable"] }
  }
  expect_failures = [var.repository]
}

run "the_issuer_is_a_url" {
  command = plan
  variables {
    token_issuer = { url = "github" }
  }
  expect_failures = [var.token_issuer]
}

run "some_audience_must_match" {
  command = plan
  variables {
    token_issuer = { audiences = [] }
  }
  expect_failures = [var.token_issuer]
}
