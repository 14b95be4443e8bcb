output "catalog_name" {
  description = "Catalog of the target, for the bundle."
  value       = module.workspace.catalog_name
}

output "sql_warehouse_id" {
  description = "SQL warehouse of the target, for the bundle."
  value       = module.workspace.sql_warehouse_id
}
