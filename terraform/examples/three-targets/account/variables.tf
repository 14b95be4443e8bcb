variable "project" {
  description = "Name of the project; workspaces, principals, groups and catalogs are named after it."
  type        = string
  default     = "flights"
}

variable "cloud" {
  description = "Cloud of the account: `aws` or `gcp`."
  type        = string
  default     = "aws"
}

variable "region" {
  description = "Region of the workspaces."
  type        = string
  default     = "eu-central-1"
}

variable "metastore_id" {
  description = "ID of the metastore for the workspaces. Null where the account assigns one by itself."
  type        = string
  default     = null
}

variable "ci_authentication" {
  description = "How jobs of continuous integration authenticate: `oauth-secret`, `github-oidc`, or `both` for a while."
  type        = string
  default     = "oauth-secret"
}

variable "repository" {
  description = "Repository whose jobs deploy, for `github-oidc`: `{ owner, name, owner_id, id }`."
  type = object({
    owner           = string
    name            = string
    owner_id        = optional(number)
    id              = optional(number)
    subject_formats = optional(set(string))
  })
  default = null
}

variable "client_secret" {
  description = "Life and generation of the OAuth secrets, for `oauth-secret`; raise `generation` with `overlap = true` to rotate."
  type = object({
    lifetime_days = optional(number, 90)
    generation    = optional(number, 1)
    overlap       = optional(bool, false)
  })
  default = {}
}

variable "token_issuer" {
  description = "Who issues the tokens of jobs, for `github-oidc`: GitHub by default."
  type = object({
    url       = optional(string, "https://token.actions.githubusercontent.com")
    audiences = optional(list(string))
    jwks_json = optional(string)
  })
  default = {}
}

variable "catalogs" {
  description = "Name of each target's catalog, by target; `<target>_<project>` for those that are not named."
  type        = map(string)
  default     = {}
}
