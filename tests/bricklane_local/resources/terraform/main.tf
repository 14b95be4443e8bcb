# One resource of each kind that a workspace keeps as a document, and who may do what with it.
terraform {
  required_providers {
    databricks = {
      source  = "databricks/databricks"
      version = "1.113.0"
    }
  }
}

provider "databricks" {}

variable "service_principal" {
  description = "Application ID of a service principal of the workspace"
  type        = string
}

variable "repository" {
  description = "URL of a public git repository with the branches main and next"
  type        = string
}

data "databricks_current_user" "me" {}
data "databricks_spark_version" "lts" {
  long_term_support = true
  scala             = "2.13"
}
data "databricks_node_type" "small" {
  local_disk = true
  min_cores  = 4
}

resource "databricks_cluster_policy" "team" {
  name = "team"
  definition = jsonencode({
    "autotermination_minutes" : { "type" : "fixed", "value" : 20 },
    "custom_tags.team" : { "type" : "fixed", "value" : "flights" }
  })
}
resource "databricks_cluster_policy" "family" {
  name                               = "mine"
  policy_family_id                   = "personal-vm"
  policy_family_definition_overrides = jsonencode({ "autotermination_minutes" : { "type" : "fixed", "value" : 20 } })
}
resource "databricks_permissions" "policy" {
  cluster_policy_id = databricks_cluster_policy.team.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_USE"
  }
}
resource "databricks_instance_pool" "pool" {
  instance_pool_name                    = "pool"
  node_type_id                          = data.databricks_node_type.small.id
  idle_instance_autotermination_minutes = 10
  min_idle_instances                    = 0
  max_capacity                          = 3
  custom_tags                           = { a = "b" }
}
resource "databricks_permissions" "pool" {
  instance_pool_id = databricks_instance_pool.pool.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_ATTACH_TO"
  }
}
resource "databricks_cluster" "shared" {
  cluster_name            = "shared"
  spark_version           = data.databricks_spark_version.lts.id
  node_type_id            = data.databricks_node_type.small.id
  policy_id               = databricks_cluster_policy.team.id
  autotermination_minutes = 20
  num_workers             = 1
  custom_tags             = { team = "flights" }
  is_pinned               = true
  library {
    pypi { package = "numpy" }
  }
}
resource "databricks_cluster" "pooled" {
  cluster_name     = "pooled"
  spark_version    = data.databricks_spark_version.lts.id
  instance_pool_id = databricks_instance_pool.pool.id
  autoscale {
    min_workers = 1
    max_workers = 2
  }
}
resource "databricks_permissions" "cluster" {
  cluster_id = databricks_cluster.shared.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_RESTART"
  }
}
resource "databricks_sql_endpoint" "wh" {
  name             = "wh"
  cluster_size     = "2X-Small"
  max_num_clusters = 1
  auto_stop_mins   = 10
  tags {
    custom_tags {
      key   = "team"
      value = "flights"
    }
  }
}
resource "databricks_sql_endpoint" "serverless" {
  name                      = "serverless"
  cluster_size              = "Small"
  warehouse_type            = "PRO"
  enable_serverless_compute = true
}
resource "databricks_permissions" "wh" {
  sql_endpoint_id = databricks_sql_endpoint.wh.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_USE"
  }
}
resource "databricks_sql_global_config" "all" {
  security_policy   = "DATA_ACCESS_CONTROL"
  sql_config_params = {}
}
resource "databricks_workspace_conf" "conf" {
  custom_config = {
    "enableIpAccessLists"  = "true"
    "maxTokenLifetimeDays" = "30"
  }
}
resource "databricks_ip_access_list" "office" {
  label        = "office"
  list_type    = "ALLOW"
  ip_addresses = ["10.0.0.0/8", "192.168.1.1"]
  depends_on   = [databricks_workspace_conf.conf]
}
resource "databricks_token" "pat" {
  comment          = "pat"
  lifetime_seconds = 86400
}
resource "databricks_permissions" "tokens" {
  authorization = "tokens"
  access_control {
    service_principal_name = var.service_principal
    permission_level       = "CAN_USE"
  }
}
resource "databricks_obo_token" "ci" {
  application_id   = var.service_principal
  comment          = "ci"
  lifetime_seconds = 3600
  depends_on       = [databricks_permissions.tokens]
}
resource "databricks_git_credential" "git" {
  git_username          = "me"
  git_provider          = "gitLab"
  personal_access_token = "secret"
}
resource "databricks_global_init_script" "init" {
  name           = "init"
  content_base64 = base64encode("echo hello")
  enabled        = true
}
resource "databricks_notification_destination" "slack" {
  display_name = "slack"
  config {
    slack { url = "https://hooks.slack.com/x" }
  }
}
resource "databricks_notification_destination" "mail" {
  display_name = "mail"
  config {
    email { addresses = ["a@b.c"] }
  }
}
resource "databricks_notification_destination" "hook" {
  display_name = "hook"
  config {
    generic_webhook {
      url      = "https://x"
      username = "u"
      password = "p"
    }
  }
}
resource "databricks_directory" "boards" {
  path = "${data.databricks_current_user.me.home}/boards"
}
resource "databricks_dashboard" "board" {
  display_name         = "board"
  parent_path          = databricks_directory.boards.path
  warehouse_id         = databricks_sql_endpoint.wh.id
  serialized_dashboard = jsonencode({ pages = [{ name = "p", displayName = "P" }] })
}
resource "databricks_permissions" "board" {
  dashboard_id = databricks_dashboard.board.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_READ"
  }
}
resource "databricks_query" "q" {
  display_name = "q"
  warehouse_id = databricks_sql_endpoint.wh.id
  query_text   = "SELECT :n AS n"
  parent_path  = databricks_directory.boards.path
  parameter {
    name = "n"
    text_value { value = "1" }
  }
}
resource "databricks_permissions" "q" {
  sql_query_id = databricks_query.q.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_RUN"
  }
}
resource "databricks_alert" "a" {
  display_name = "a"
  query_id     = databricks_query.q.id
  condition {
    op = "GREATER_THAN"
    operand {
      column { name = "n" }
    }
    threshold {
      value { double_value = 1 }
    }
  }
}
resource "databricks_permissions" "a" {
  sql_alert_id = databricks_alert.a.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_RUN"
  }
}
resource "databricks_alert_v2" "v2" {
  display_name = "v2"
  query_text   = "SELECT 1 AS n"
  warehouse_id = databricks_sql_endpoint.wh.id
  evaluation = {
    source              = { name = "n" }
    comparison_operator = "GREATER_THAN"
    threshold           = { value = { double_value = 1 } }
  }
  schedule = {
    quartz_cron_schedule = "0 0 0 * * ?"
    timezone_id          = "UTC"
  }
}
resource "databricks_mlflow_experiment" "e" {
  name = "${data.databricks_current_user.me.home}/exp"
}
resource "databricks_permissions" "e" {
  experiment_id = databricks_mlflow_experiment.e.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_READ"
  }
}
resource "databricks_mlflow_model" "m" {
  name        = "m"
  description = "d"
  tags {
    key   = "a"
    value = "b"
  }
}
resource "databricks_permissions" "m" {
  registered_model_id = databricks_mlflow_model.m.registered_model_id
  access_control {
    group_name       = "users"
    permission_level = "CAN_READ"
  }
}
resource "databricks_model_serving" "s" {
  name = "s"
  config {
    served_entities {
      name                  = "prod"
      entity_name           = "dev.default.m"
      entity_version        = "1"
      workload_size         = "Small"
      scale_to_zero_enabled = true
    }
    traffic_config {
      routes {
        served_model_name  = "prod"
        traffic_percentage = 100
      }
    }
  }
  tags {
    key   = "a"
    value = "b"
  }
}
resource "databricks_permissions" "s" {
  serving_endpoint_id = databricks_model_serving.s.serving_endpoint_id
  access_control {
    group_name       = "users"
    permission_level = "CAN_QUERY"
  }
}
resource "databricks_app" "app" {
  name        = "my-app"
  description = "d"
  no_compute  = true
}
resource "databricks_permissions" "app" {
  app_name = databricks_app.app.name
  access_control {
    group_name       = "users"
    permission_level = "CAN_USE"
  }
}
resource "databricks_vector_search_endpoint" "v" {
  name          = "v"
  endpoint_type = "STANDARD"
}
resource "databricks_vector_search_index" "i" {
  name          = "dev.default.i"
  endpoint_name = databricks_vector_search_endpoint.v.name
  primary_key   = "id"
  index_type    = "DELTA_SYNC"
  delta_sync_index_spec {
    source_table  = "dev.default.t"
    pipeline_type = "TRIGGERED"
    embedding_source_columns {
      name                          = "text"
      embedding_model_endpoint_name = "e"
    }
  }
}
resource "databricks_database_instance" "d" {
  name     = "d"
  capacity = "CU_1"
}

resource "databricks_secret_scope" "vault" {
  name = "vault"
}
resource "databricks_secret_acl" "vault" {
  scope      = databricks_secret_scope.vault.name
  principal  = var.service_principal
  permission = "READ"
}
resource "databricks_secret" "password" {
  scope        = databricks_secret_scope.vault.name
  key          = "password"
  string_value = "hidden"
}
resource "databricks_notebook" "n" {
  path           = "${databricks_directory.boards.path}/n"
  language       = "PYTHON"
  content_base64 = base64encode("print(1)")
}
resource "databricks_workspace_file" "f" {
  path           = "${databricks_directory.boards.path}/f.txt"
  content_base64 = base64encode("text")
}

resource "databricks_repo" "r" {
  url          = var.repository
  git_provider = "gitHub"
  path         = "/Repos/team/flights"
  branch       = "main"
}
resource "databricks_permissions" "r" {
  repo_id = databricks_repo.r.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_READ"
  }
}

resource "databricks_pipeline" "p" {
  name        = "orders"
  catalog     = "dev"
  schema      = "shop"
  serverless  = true
  development = true
  configuration = {
    least = "1"
  }
  library {
    notebook {
      path = databricks_notebook.n.path
    }
  }
  library {
    glob {
      include = "/Workspace/Shared/transformations/**"
    }
  }
  environment {
    dependencies = ["rich"]
  }
}
resource "databricks_permissions" "p" {
  pipeline_id = databricks_pipeline.p.id
  access_control {
    group_name       = "users"
    permission_level = "CAN_RUN"
  }
}
