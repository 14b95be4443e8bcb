# Each value here must be refused before anything is planned.

mock_provider "databricks" {}

variables {
  target                           = "dev"
  service_principal_application_id = "aaaaaaaa-0000-4000-8000-000000000001"
  catalog                          = { name = "flights_dev" }
}

run "target_is_a_name_of_a_bundle" {
  command = plan
  variables {
    target = "Dev!"
  }
  expect_failures = [var.target]
}

run "the_service_principal_is_named_by_its_application_id" {
  command = plan
  variables {
    service_principal_application_id = "flights-dev"
  }
  expect_failures = [var.service_principal_application_id]
}

run "readers_are_not_the_developers" {
  command = plan
  variables {
    developers = "everybody"
    readers    = "everybody"
  }
  expect_failures = [var.readers]
}

run "catalogs_need_no_quotes" {
  command = plan
  variables {
    catalog = { name = "flights-dev" }
  }
  expect_failures = [var.catalog]
}

run "catalogs_of_the_platform_are_not_made" {
  command = plan
  variables {
    catalog = { name = "main" }
  }
  expect_failures = [var.catalog]
}

run "bindings_are_read_only_or_read_write" {
  command = plan
  variables {
    catalog = { name = "flights_dev", workspace_bindings = { "4002" = "WRITE_ONLY" } }
  }
  expect_failures = [var.catalog]
}

run "bindings_are_for_isolated_catalogs" {
  command = plan
  variables {
    catalog = { name = "flights_dev", isolated = false, workspace_bindings = { "4002" = "READ_ONLY" } }
  }
  expect_failures = [var.catalog]
}

run "schemas_need_no_quotes" {
  command = plan
  variables {
    schemas = { "my schema" = "" }
  }
  expect_failures = [var.schemas]
}

run "the_information_schema_is_not_made" {
  command = plan
  variables {
    schemas = { information_schema = "" }
  }
  expect_failures = [var.schemas]
}

run "volumes_say_their_schema" {
  command = plan
  variables {
    volumes = { landing = "" }
  }
  expect_failures = [var.volumes]
}

run "volumes_are_in_schemas_of_terraform" {
  command = plan
  variables {
    schemas = { reference = "" }
    volumes = { "bronze.landing" = "" }
  }
  expect_failures = [var.volumes]
}

run "sizes_are_those_of_the_platform" {
  command = plan
  variables {
    sql_warehouse = { size = "small" }
  }
  expect_failures = [var.sql_warehouse]
}

run "warehouses_stop" {
  command = plan
  variables {
    sql_warehouse = { auto_stop_mins = 0 }
  }
  expect_failures = [var.sql_warehouse]
}

run "warehouses_are_limited" {
  command = plan
  variables {
    sql_warehouse = { max_num_clusters = 41 }
  }
  expect_failures = [var.sql_warehouse]
}

run "clusters_end" {
  command = plan
  variables {
    cluster_policy = { autotermination_minutes = 0 }
  }
  expect_failures = [var.cluster_policy]
}

run "definitions_are_objects" {
  command = plan
  variables {
    cluster_policy = { definition = "[]" }
  }
  expect_failures = [var.cluster_policy]
}

run "secret_scopes_have_plain_names" {
  command = plan
  variables {
    secret_scope = "my scope"
  }
  expect_failures = [var.secret_scope]
}
