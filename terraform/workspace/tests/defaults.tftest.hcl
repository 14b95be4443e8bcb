mock_provider "databricks" {
  mock_resource "databricks_sql_endpoint" {
    defaults = { id = "a1b2c3" }
  }
  mock_resource "databricks_cluster_policy" {
    defaults = { id = "ABC123" }
  }
  # Its ID is its full name.
  mock_resource "databricks_schema" {
    defaults = { id = "flights_dev.reference" }
  }
  mock_resource "databricks_volume" {
    defaults = { volume_path = "/Volumes/flights_dev/reference/landing" }
  }
}

variables {
  target                           = "dev"
  service_principal_application_id = "aaaaaaaa-0000-4000-8000-000000000001"
  developers                       = "flights-developers"
  readers                          = "flights-readers"
  catalog                          = { name = "flights_dev" }
}

run "plan_isolates_the_catalog" {
  command = plan

  assert {
    condition     = databricks_catalog.this[0].isolation_mode == "ISOLATED" && !databricks_catalog.this[0].force_destroy
    error_message = "a catalog must be its workspace's own, and must not be destroyed with its data"
  }
  assert {
    condition     = databricks_catalog.this[0].comment == "Data of the target dev. Managed by Terraform."
    error_message = "the catalog must say whose it is"
  }
  assert {
    condition     = length(databricks_workspace_binding.catalog) == 0 && length(databricks_schema.this) == 0 && length(databricks_cluster_policy.this) == 0 && length(databricks_secret_scope.this) == 0
    error_message = "nothing must be made that was not asked for"
  }
}

run "least_privilege" {
  command = plan

  assert {
    condition     = { for grant in databricks_grants.catalog[0].grant : grant.principal => sort(grant.privileges) }["aaaaaaaa-0000-4000-8000-000000000001"] == tolist(["CREATE_SCHEMA", "USE_CATALOG"])
    error_message = "the service principal must be able to make schemas, and nothing in the schemas of others"
  }
  assert {
    condition     = { for grant in databricks_grants.catalog[0].grant : grant.principal => sort(grant.privileges) }["flights-developers"] == tolist(["EXECUTE", "READ_VOLUME", "SELECT", "USE_CATALOG", "USE_SCHEMA"])
    error_message = "developers must read and not write, unless the target lets them"
  }
  assert {
    condition     = { for grant in databricks_grants.catalog[0].grant : grant.principal => sort(grant.privileges) }["flights-readers"] == tolist(["SELECT", "USE_CATALOG", "USE_SCHEMA"])
    error_message = "readers must read tables"
  }
}

run "developers_write_where_they_may" {
  command = plan

  variables {
    developers_write = true
    secret_scope     = "flights"
    cluster_policy   = {}
  }

  assert {
    condition     = contains({ for grant in databricks_grants.catalog[0].grant : grant.principal => grant.privileges }["flights-developers"], "MODIFY")
    error_message = "developers must write in this target"
  }
  assert {
    condition     = databricks_secret_acl.developers[0].permission == "WRITE" && databricks_secret_acl.service_principal[0].permission == "READ"
    error_message = "developers must put secrets in, the service principal only read them"
  }
  assert {
    condition     = compact([for entry in databricks_permissions.cluster_policy[0].access_control : entry.group_name]) == tolist(["flights-developers"])
    error_message = "developers, and no readers, must use the cluster policy"
  }
}

run "where_developers_may_not_write_they_start_no_clusters_and_see_no_secrets" {
  command = plan

  variables {
    secret_scope   = "flights"
    cluster_policy = {}
  }

  assert {
    condition     = length(databricks_secret_acl.developers) == 0
    error_message = "developers must not read the secrets of this target"
  }
  assert {
    condition     = [for entry in databricks_permissions.cluster_policy[0].access_control : entry.service_principal_name] == ["aaaaaaaa-0000-4000-8000-000000000001"]
    error_message = "only the service principal must use the policy"
  }
}

run "apply_makes_schemas_volumes_and_compute" {
  command = apply

  variables {
    schemas        = { reference = "Reference data" }
    volumes        = { "reference.landing" = "Files that arrive" }
    secret_scope   = "flights"
    cluster_policy = { max_workers = 8, definition = "{\"spark_version\":{\"type\":\"fixed\",\"value\":\"17.3.x-scala2.13\"}}" }
  }

  assert {
    condition     = output.schema_names == { reference = "flights_dev.reference" } && output.volume_paths == { "reference.landing" = "/Volumes/flights_dev/reference/landing" }
    error_message = "schemas and volumes must be told by name"
  }
  assert {
    condition     = [for grant in databricks_grants.schema["reference"].grant : grant.principal] == ["aaaaaaaa-0000-4000-8000-000000000001"] && contains(one(databricks_grants.schema["reference"].grant).privileges, "CREATE_TABLE")
    error_message = "the service principal must work in the schemas of Terraform as in its own"
  }
  assert {
    condition     = databricks_volume.this["reference.landing"].schema_name == "reference" && databricks_volume.this["reference.landing"].name == "landing"
    error_message = "the volume must be in its schema"
  }
  assert {
    condition     = jsondecode(databricks_cluster_policy.this[0].definition)["spark_version"] == { type = "fixed", value = "17.3.x-scala2.13" } && jsondecode(databricks_cluster_policy.this[0].definition)["num_workers"].maxValue == 8
    error_message = "the given definition must be merged over the default"
  }
  assert {
    condition     = output.sql_warehouse_id == "a1b2c3" && output.cluster_policy_id == "ABC123" && output.secret_scope_name == "flights"
    error_message = "what was made must be told"
  }
  assert {
    condition     = databricks_sql_endpoint.this[0].name == "flights_dev" && databricks_sql_endpoint.this[0].enable_serverless_compute && databricks_sql_endpoint.this[0].auto_stop_mins == 10
    error_message = "the warehouse must be serverless and stop when it is idle"
  }
}

run "other_workspaces_may_be_let_in" {
  command = plan

  variables {
    catalog = { name = "flights_prod", workspace_bindings = { "4002" = "READ_ONLY" } }
  }

  assert {
    condition     = databricks_workspace_binding.catalog["4002"].workspace_id == 4002 && databricks_workspace_binding.catalog["4002"].binding_type == "BINDING_TYPE_READ_ONLY"
    error_message = "the other workspace must be bound to read only"
  }
}

run "a_catalog_that_exists_is_only_granted_on" {
  command = plan

  variables {
    catalog = { name = "main", create = false }
  }

  assert {
    condition     = length(databricks_catalog.this) == 0 && length(databricks_grants.catalog) == 0
    error_message = "grants of others on a catalog that is not ours must stay"
  }
  assert {
    condition     = keys(databricks_grant.catalog) == ["aaaaaaaa-0000-4000-8000-000000000001", "flights-developers", "flights-readers"]
    error_message = "each of our principals must get its grants added"
  }
  assert {
    condition     = output.catalog_name == "main"
    error_message = "the catalog must be told"
  }
}

run "without_people_there_is_the_service_principal_alone" {
  command = plan

  variables {
    developers    = null
    readers       = null
    sql_warehouse = null
  }

  assert {
    condition     = [for grant in databricks_grants.catalog[0].grant : grant.principal] == ["aaaaaaaa-0000-4000-8000-000000000001"]
    error_message = "nobody else must get grants"
  }
  assert {
    condition     = output.sql_warehouse_id == null && length(databricks_permissions.sql_warehouse) == 0
    error_message = "there must be no warehouse"
  }
}
