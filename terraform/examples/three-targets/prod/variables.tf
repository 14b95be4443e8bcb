variable "account" {
  description = "What the account layer says of this target: its output `prod`."
  type = object({
    project                          = string
    target                           = string
    catalog                          = string
    workspace_url                    = string
    service_principal_application_id = string
    group_names                      = map(string)
  })

  validation {
    condition     = var.account.target == "prod"
    error_message = "these values are of another target: this folder is for prod."
  }
}
