variable "account_id" {
  description = "ID of the Databricks account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.account_id))
    error_message = "account_id must be a UUID in lower case, as the account console shows it."
  }
}

variable "workspace_name" {
  description = "Name of the workspace."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9 _-]{0,99}$", var.workspace_name))
    error_message = "workspace_name must be 1 to 100 letters, digits, spaces, hyphens and underscores, beginning with a letter or digit."
  }
}

variable "cloud" {
  description = "Cloud of the account: `aws` or `gcp`. On Azure a workspace is a resource of Azure: see `examples/azure`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "gcp"], var.cloud)
    error_message = "cloud must be aws or gcp; on Azure a workspace is made with the azurerm provider, as in examples/azure."
  }
}

variable "region" {
  description = "Region of the workspace, in the cloud's own name, such as `eu-central-1` (AWS) or `europe-west3` (GCP)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+(-[a-z]+)+-?[0-9]+$", var.region))
    error_message = "region must be a region and no zone, such as eu-central-1 (AWS) or europe-west3 (GCP)."
  }
}

variable "metastore_id" {
  description = "ID of the Unity Catalog metastore. Null where the account assigns one by itself."
  type        = string
  default     = null

  validation {
    condition     = var.metastore_id == null || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.metastore_id))
    error_message = "metastore_id must be a UUID in lower case."
  }
}

variable "developers" {
  description = "Display name of the account group of those who develop; it is looked up, and its members may enter the workspace. Null to let nobody in yet."
  type        = string
  default     = null

  validation {
    condition     = !contains(["admins", "users"], coalesce(var.developers, "-"))
    error_message = "the groups admins and users are the platform's own, one of each workspace."
  }
}

variable "administrators" {
  description = "Display name of the account group that administers the workspace. Null for account administrators alone."
  type        = string
  default     = null

  validation {
    condition     = var.administrators == null || var.administrators != var.developers
    error_message = "developers and administrators must not be the same group: an administrator of the workspace is bound by no permission in it."
  }
}

variable "custom_tags" {
  description = "Tags of the workspace's resources, for its costs (AWS only)."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.custom_tags) == 0 || var.cloud == "aws"
    error_message = "custom_tags are for AWS only."
  }
}

variable "network_connectivity_config_id" {
  description = "ID of a network connectivity configuration of the account, for private access of serverless compute to storage. Null for none."
  type        = string
  default     = null
}

variable "network_policy_id" {
  description = "ID of a network policy of the account, which limits where serverless compute may connect to. Null leaves the account's default."
  type        = string
  default     = null
}
