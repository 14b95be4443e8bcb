variable "account_id" {
  description = "ID of the Databricks account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.account_id))
    error_message = "account_id must be a UUID in lower case, as the account console shows it."
  }
}

variable "project" {
  description = "Name of the project. Workspaces and service principals are called `<project>-<target>`, groups `<project>-<role>`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,28}[a-z0-9]$", var.project))
    error_message = "project must be 3 to 30 lower-case letters, digits and hyphens, beginning with a letter and not ending with a hyphen."
  }
}

variable "cloud" {
  description = "Cloud of the account: `aws`, `gcp` or `azure`. On Azure, workspaces are resources of Azure: make them there and give each target its `workspace`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "gcp", "azure"], var.cloud)
    error_message = "cloud must be aws, gcp or azure."
  }
}

variable "region" {
  description = "Region of the workspaces that are made, in the cloud's own name, such as `eu-central-1` (AWS) or `europe-west3` (GCP)."
  type        = string
  default     = null

  validation {
    condition     = var.region != null || alltrue([for target in var.targets : target.workspace != null])
    error_message = "region must be set, because at least one target has no workspace yet."
  }
}

variable "metastore_id" {
  description = "ID of the Unity Catalog metastore that the new workspaces are assigned to. Null where the account assigns one by itself."
  type        = string
  default     = null

  validation {
    condition     = var.metastore_id == null || can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.metastore_id))
    error_message = "metastore_id must be a UUID in lower case."
  }
}

variable "targets" {
  description = <<-EOT
    The targets of the bundle by name, each with a workspace and a service principal that deploys to it.
    `workspace` names one that exists; without it a serverless workspace is made.
    `service_principal_application_id` names an application of Entra ID (Azure); without it a service principal is made.
    `github_environment` is the environment of the repository whose jobs deploy to the target, by default the target's own name.
  EOT
  type = map(object({
    workspace = optional(object({
      id  = number
      url = string
    }))
    service_principal_application_id = optional(string)
    github_environment               = optional(string)
  }))
  default = {
    dev     = {}
    staging = {}
    prod    = {}
  }
  nullable = false

  validation {
    condition     = length(var.targets) > 0 && alltrue([for name in keys(var.targets) : can(regex("^[a-z][a-z0-9_-]{0,29}$", name))])
    error_message = "targets must have at least one entry; names of targets are lower-case letters, digits, hyphens and underscores, beginning with a letter."
  }

  validation {
    condition     = var.cloud != "azure" || alltrue([for target in var.targets : target.workspace != null])
    error_message = "on Azure every target needs workspace = { id = ..., url = ... }: the account API makes no workspaces there."
  }

  validation {
    condition     = alltrue([for target in var.targets : target.workspace == null ? true : can(regex("^https?://", target.workspace.url))])
    error_message = "the url of a workspace must begin with https://."
  }
}

variable "groups" {
  description = <<-EOT
    Groups of people by role. `create = false` takes a group that exists, for instance one that your identity provider keeps.
    `targets` are those whose workspace its members may enter, by default all; `permission` is what they are there, `USER` or `ADMIN`.
    Members are not the business of this module: they come from your identity provider (SCIM), or are added in the account console.
  EOT
  type = map(object({
    display_name = optional(string)
    create       = optional(bool, true)
    targets      = optional(set(string))
    permission   = optional(string, "USER")
  }))
  default = {
    developers = {}
    readers    = {}
  }
  nullable = false

  validation {
    condition     = alltrue([for group in var.groups : contains(["USER", "ADMIN"], group.permission)])
    error_message = "permission of a group must be USER or ADMIN."
  }

  validation {
    condition     = alltrue([for group in var.groups : group.targets == null ? true : length(setsubtract(group.targets, keys(var.targets))) == 0])
    error_message = "targets of a group must be among the names in targets."
  }

  validation {
    condition     = alltrue([for group in var.groups : !contains(["admins", "users"], coalesce(group.display_name, "-"))])
    error_message = "the groups admins and users are the platform's own."
  }
}

variable "ci_authentication" {
  description = "How jobs of continuous integration authenticate as a target's service principal: `oauth-secret` makes OAuth secrets, `github-oidc` federation policies and no secret; `both` while a repository moves from one to the other."
  type        = string
  default     = "oauth-secret"
  nullable    = false

  validation {
    condition     = contains(["oauth-secret", "github-oidc", "both"], var.ci_authentication)
    error_message = "ci_authentication must be oauth-secret, github-oidc or both."
  }

  validation {
    condition     = var.ci_authentication == "oauth-secret" || var.repository != null
    error_message = "federation needs repository: the policies name it."
  }
}

variable "client_secret" {
  description = <<-EOT
    OAuth secrets, unless `ci_authentication` is `github-oidc`. Each is valid for `lifetime_days`.
    To rotate, raise `generation` by one with `overlap = true` and apply: the new secrets are made, the old ones stay valid.
    Put the new ones where they are used, then set `overlap = false` and apply: the old ones are deleted.
  EOT
  type = object({
    lifetime_days = optional(number, 90)
    generation    = optional(number, 1)
    overlap       = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.client_secret.lifetime_days >= 1 && var.client_secret.lifetime_days <= 730 && floor(var.client_secret.lifetime_days) == var.client_secret.lifetime_days
    error_message = "lifetime_days must be a whole number of days from 1 to 730, the longest that Databricks gives."
  }

  validation {
    condition     = var.client_secret.generation >= 1 && floor(var.client_secret.generation) == var.client_secret.generation
    error_message = "generation must be a whole number from 1 on."
  }

  validation {
    condition     = !var.client_secret.overlap || var.client_secret.generation > 1
    error_message = "overlap keeps the secrets of the generation before, and the first has none before it."
  }
}

variable "repository" {
  description = <<-EOT
    Repository on GitHub whose jobs deploy, unless `ci_authentication` is `oauth-secret`.
    GitHub issues tokens with one of two subjects, and a policy matches only its own:
    `name` is `repo:<owner>/<name>:environment:<environment>`, `immutable` is `repo:<owner>@<owner_id>/<name>@<id>:environment:<environment>`, which repositories made or renamed since July 2026 have.
    By default it is `immutable` when both IDs are known, else `name`. Name both only while a repository moves from one to the other.
  EOT
  type = object({
    owner           = string
    name            = string
    owner_id        = optional(number)
    id              = optional(number)
    subject_formats = optional(set(string))
  })
  default = null

  validation {
    condition     = var.repository == null ? true : can(regex("^[A-Za-z0-9][A-Za-z0-9-]{0,38}$", var.repository.owner)) && can(regex("^[A-Za-z0-9._-]{1,100}$", var.repository.name))
    error_message = "repository must have the owner and the name as GitHub spells them, without a slash."
  }

  validation {
    condition     = var.repository == null ? true : length(setsubtract(coalesce(var.repository.subject_formats, []), ["name", "immutable"])) == 0
    error_message = "subject_formats are name and immutable."
  }

  validation {
    condition     = var.repository == null ? true : var.repository.subject_formats == null ? true : length(var.repository.subject_formats) > 0
    error_message = "subject_formats must not be empty: no job could authenticate."
  }

  validation {
    condition     = var.repository == null ? true : !contains(coalesce(var.repository.subject_formats, []), "immutable") || (var.repository.owner_id != null && var.repository.id != null)
    error_message = "the subject format immutable needs owner_id and id: `gh api repos/OWNER/NAME --jq '.owner.id, .id'` prints both."
  }
}

variable "token_issuer" {
  description = <<-EOT
    Who issues the tokens of jobs. `audiences` are those that tokens may be for, by default the account's ID.
    `jwks_json` holds the issuer's public keys; null lets Databricks fetch them from the issuer, which it must be able to reach.
  EOT
  type = object({
    url       = optional(string, "https://token.actions.githubusercontent.com")
    audiences = optional(list(string))
    jwks_json = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = can(regex("^https?://[^/]", var.token_issuer.url))
    error_message = "url of token_issuer must begin with https://."
  }

  validation {
    condition     = var.token_issuer.audiences == null ? true : length(var.token_issuer.audiences) > 0
    error_message = "audiences of token_issuer must not be empty: no token could match."
  }
}
