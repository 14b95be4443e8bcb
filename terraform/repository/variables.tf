variable "repository" {
  description = "Name of the repository, without its owner, whom the provider knows."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,100}$", var.repository))
    error_message = "repository must be its name as GitHub spells it, without the owner."
  }
}

variable "targets" {
  description = <<-EOT
    What CI must know of each target, by target: the output `targets` of the module `account` has it.
    `environment` is the environment of the repository whose jobs deploy to the target, by default the target's own name.
    `branches` are patterns of branches whose jobs may enter it; empty for any.
    `reviewers` are IDs of users and teams one of whom approves each job; nobody approves a job that they started.
  EOT
  type = map(object({
    workspace_url                    = string
    service_principal_application_id = string
    environment                      = optional(string)
    branches                         = optional(set(string), [])
    reviewers = optional(object({
      users = optional(set(number), [])
      teams = optional(set(number), [])
    }), {})
  }))
  nullable = false

  validation {
    condition     = alltrue([for target in var.targets : can(regex("^https?://", target.workspace_url))])
    error_message = "workspace_url must begin with https://."
  }

  validation {
    condition     = alltrue([for target in var.targets : length(target.reviewers.users) + length(target.reviewers.teams) <= 6])
    error_message = "an environment can have six reviewers at most."
  }

  validation {
    condition     = length(distinct([for name, target in var.targets : coalesce(target.environment, name)])) == length(var.targets)
    error_message = "each target needs an environment of its own: jobs of one must not get the credentials of another."
  }
}

variable "client_secrets" {
  description = "OAuth secret of each target's service principal, by target: the output `client_secrets` of the module `account`. Empty with federation."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true

  validation {
    condition     = length(setsubtract(nonsensitive(keys(var.client_secrets)), keys(var.targets))) == 0
    error_message = "client_secrets must be of targets that are in targets."
  }
}

variable "protected_branches" {
  description = "Branches that change through checked pull requests only. Empty for no ruleset."
  type        = set(string)
  default     = ["main", "develop"]
  nullable    = false

  validation {
    condition     = alltrue([for branch in var.protected_branches : !startswith(branch, "refs/")])
    error_message = "protected_branches are names of branches, without refs/heads/."
  }
}

variable "required_checks" {
  description = "Checks that must pass before a pull request into a protected branch is merged."
  type        = set(string)
  default     = ["checks"]
  nullable    = false
}

variable "required_approvals" {
  description = "How many people must approve a pull request into a protected branch."
  type        = number
  default     = 0
  nullable    = false

  validation {
    condition     = var.required_approvals >= 0 && var.required_approvals <= 10 && floor(var.required_approvals) == var.required_approvals
    error_message = "required_approvals must be a whole number from 0 to 10."
  }
}
