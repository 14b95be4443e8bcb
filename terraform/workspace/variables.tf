variable "target" {
  description = "Name of the target in the bundle, such as `dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_-]{0,29}$", var.target))
    error_message = "target must be 1 to 30 lower-case letters, digits, hyphens and underscores, beginning with a letter."
  }
}

variable "service_principal_application_id" {
  description = "Application ID of the service principal that deploys to the target, as its own jobs run too."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.service_principal_application_id))
    error_message = "service_principal_application_id must be the UUID of the service principal, not its name or its number."
  }
}

variable "developers" {
  description = "Name of the account group of those who develop. They read the target's data, and in a target with `developers_write` make schemas and write too. Null for none."
  type        = string
  default     = null
}

variable "developers_write" {
  description = "Whether developers may write to the catalog, use the cluster policy and change secrets: true in dev, false where only the service principal changes things."
  type        = bool
  default     = false
  nullable    = false
}

variable "readers" {
  description = "Name of the account group of those who read the target's data and run nothing but queries. Null for none."
  type        = string
  default     = null

  validation {
    condition     = var.readers == null || var.readers != var.developers
    error_message = "readers and developers must not be the same group."
  }
}

variable "catalog" {
  description = <<-EOT
    Catalog of the target. `create = false` takes one that exists, on which this module then only adds grants.
    `isolated` keeps a new one from all workspaces but this one and those in `workspace_bindings`, where the value says what they may do: `READ_ONLY` or `READ_WRITE`.
    `storage_root` is where its managed tables are, by default in the metastore's own storage.
    `force_destroy` lets `terraform destroy` delete it with the data in it.
  EOT
  type = object({
    name               = string
    create             = optional(bool, true)
    comment            = optional(string)
    isolated           = optional(bool, true)
    workspace_bindings = optional(map(string), {})
    storage_root       = optional(string)
    force_destroy      = optional(bool, false)
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,254}$", var.catalog.name))
    error_message = "name of the catalog must be lower-case letters, digits and underscores, beginning with a letter: others need quotes in SQL."
  }

  validation {
    condition     = !contains(["main", "hive_metastore", "system", "samples"], var.catalog.name) || !var.catalog.create
    error_message = "main, hive_metastore, system and samples are catalogs of the platform."
  }

  validation {
    condition     = alltrue([for id, access in var.catalog.workspace_bindings : can(regex("^[1-9][0-9]*$", id)) && contains(["READ_ONLY", "READ_WRITE"], access)])
    error_message = "workspace_bindings must have IDs of workspaces as keys, and READ_ONLY or READ_WRITE as values."
  }

  validation {
    condition     = length(var.catalog.workspace_bindings) == 0 || (var.catalog.create && var.catalog.isolated)
    error_message = "workspace_bindings mean something only for a catalog that is made here and isolated."
  }
}

variable "schemas" {
  description = "Schemas that Terraform owns, by name, with their comment. Schemas that the bundle declares are the bundle's: name none of them here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.schemas) : can(regex("^[a-z][a-z0-9_]{0,254}$", name))])
    error_message = "names of schemas must be lower-case letters, digits and underscores, beginning with a letter."
  }

  validation {
    condition     = !contains(keys(var.schemas), "information_schema")
    error_message = "information_schema is the platform's own."
  }
}

variable "volumes" {
  description = "Managed volumes in those schemas, by `<schema>.<volume>`, with their comment."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.volumes) : can(regex("^[a-z][a-z0-9_]{0,254}\\.[a-z][a-z0-9_]{0,254}$", name))])
    error_message = "volumes must be named <schema>.<volume>, in lower-case letters, digits and underscores."
  }

  validation {
    condition     = length(setsubtract([for name in keys(var.volumes) : split(".", name)[0]], keys(var.schemas))) == 0
    error_message = "each volume must be in one of schemas: in a schema of the bundle, the bundle makes the volumes."
  }
}

variable "sql_warehouse" {
  description = "SQL warehouse that everybody of the target may use. Null for none."
  type = object({
    name             = optional(string)
    size             = optional(string, "2X-Small")
    auto_stop_mins   = optional(number, 10)
    max_num_clusters = optional(number, 1)
    serverless       = optional(bool, true)
  })
  default = {}

  validation {
    condition     = var.sql_warehouse == null ? true : contains(["2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large"], var.sql_warehouse.size)
    error_message = "size of the SQL warehouse must be one of 2X-Small, X-Small, Small, Medium, Large, X-Large, 2X-Large, 3X-Large, 4X-Large."
  }

  validation {
    condition     = var.sql_warehouse == null ? true : var.sql_warehouse.auto_stop_mins >= 1 && var.sql_warehouse.auto_stop_mins <= 120
    error_message = "auto_stop_mins must be 1 to 120: a warehouse that never stops costs money around the clock."
  }

  validation {
    condition     = var.sql_warehouse == null ? true : var.sql_warehouse.max_num_clusters >= 1 && var.sql_warehouse.max_num_clusters <= 40
    error_message = "max_num_clusters must be 1 to 40."
  }
}

variable "cluster_policy" {
  description = <<-EOT
    Policy for job and interactive clusters, where serverless compute does not do. Null for none.
    `definition`, a policy in JSON, is merged over a default that limits idle time and workers and enforces a governed access mode.
  EOT
  type = object({
    name                    = optional(string)
    max_workers             = optional(number, 4)
    autotermination_minutes = optional(number, 30)
    max_clusters_per_user   = optional(number)
    definition              = optional(string, "{}")
  })
  default = null

  validation {
    condition     = var.cluster_policy == null ? true : var.cluster_policy.max_workers >= 1 && var.cluster_policy.autotermination_minutes >= 10 && var.cluster_policy.autotermination_minutes <= 10000
    error_message = "max_workers must be at least 1, autotermination_minutes 10 to 10000 (the platform's own limits)."
  }

  validation {
    condition     = var.cluster_policy == null ? true : can(merge(jsondecode(var.cluster_policy.definition), {}))
    error_message = "definition of the cluster policy must be a JSON object."
  }
}

variable "secret_scope" {
  description = "Name of the secret scope of the target, which the service principal reads. Null for none. Secrets are put into it by hand or by your vault, not by Terraform: they would be in its state."
  type        = string
  default     = null

  validation {
    condition     = var.secret_scope == null || can(regex("^[A-Za-z0-9._@/-]{1,128}$", var.secret_scope))
    error_message = "secret_scope must be 1 to 128 letters, digits, dashes, underscores, dots, slashes and at-signs."
  }
}
