locals {
  warehouse_users = toset([for group in [var.developers, var.readers] : group if group != null])
  policy_users    = toset(var.developers_write && var.developers != null ? [var.developers] : [])

  # In the language of policies: https://docs.databricks.com/admin/clusters/policy-definition
  policy_definition = {
    data_security_mode      = { type = "allowlist", values = ["USER_ISOLATION", "SINGLE_USER"], defaultValue = "USER_ISOLATION" }
    spark_version           = { type = "unlimited", defaultValue = "auto:latest-lts" }
    autotermination_minutes = { type = "range", minValue = 10, maxValue = try(var.cluster_policy.autotermination_minutes, null), defaultValue = 10 }
    num_workers             = { type = "range", minValue = 0, maxValue = try(var.cluster_policy.max_workers, null), isOptional = true }
    "autoscale.max_workers" = { type = "range", maxValue = try(var.cluster_policy.max_workers, null), isOptional = true }
    "custom_tags.target"    = { type = "fixed", value = var.target }
  }
}

resource "databricks_sql_endpoint" "this" {
  count = var.sql_warehouse == null ? 0 : 1

  name                      = coalesce(var.sql_warehouse.name, var.catalog.name)
  cluster_size              = var.sql_warehouse.size
  auto_stop_mins            = var.sql_warehouse.auto_stop_mins
  max_num_clusters          = var.sql_warehouse.max_num_clusters
  warehouse_type            = "PRO"
  enable_serverless_compute = var.sql_warehouse.serverless
}

resource "databricks_permissions" "sql_warehouse" {
  count = var.sql_warehouse == null ? 0 : 1

  sql_endpoint_id = databricks_sql_endpoint.this[0].id

  access_control {
    service_principal_name = var.service_principal_application_id
    permission_level       = "CAN_USE"
  }

  dynamic "access_control" {
    for_each = local.warehouse_users

    content {
      group_name       = access_control.value
      permission_level = "CAN_USE"
    }
  }
}

resource "databricks_cluster_policy" "this" {
  count = var.cluster_policy == null ? 0 : 1

  name                  = coalesce(var.cluster_policy.name, var.catalog.name)
  description           = "Clusters of the target ${var.target}. Managed by Terraform."
  max_clusters_per_user = var.cluster_policy.max_clusters_per_user
  definition            = jsonencode(merge(local.policy_definition, jsondecode(var.cluster_policy.definition)))
}

resource "databricks_permissions" "cluster_policy" {
  count = var.cluster_policy == null ? 0 : 1

  cluster_policy_id = databricks_cluster_policy.this[0].id

  access_control {
    service_principal_name = var.service_principal_application_id
    permission_level       = "CAN_USE"
  }

  dynamic "access_control" {
    for_each = local.policy_users

    content {
      group_name       = access_control.value
      permission_level = "CAN_USE"
    }
  }
}
