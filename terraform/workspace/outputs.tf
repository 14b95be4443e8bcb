output "catalog_name" {
  description = "Catalog of the target."
  value       = local.catalog_name

  # Who deploys into the catalog needs the grants too.
  depends_on = [databricks_grants.catalog, databricks_grant.catalog]
}

output "schema_names" {
  description = "Full names of the schemas that Terraform owns, by name."
  value       = { for name, schema in databricks_schema.this : name => schema.id }
}

output "volume_paths" {
  description = "Paths of the volumes, by `<schema>.<volume>`."
  value       = { for name, volume in databricks_volume.this : name => volume.volume_path }
}

output "sql_warehouse_id" {
  description = "ID of the SQL warehouse; null without one."
  value       = one(databricks_sql_endpoint.this[*].id)
}

output "cluster_policy_id" {
  description = "ID of the cluster policy; null without one."
  value       = one(databricks_cluster_policy.this[*].id)
}

output "secret_scope_name" {
  description = "Name of the secret scope; null without one."
  value       = one(databricks_secret_scope.this[*].name)
}
