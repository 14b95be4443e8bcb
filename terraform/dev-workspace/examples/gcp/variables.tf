variable "account_id" {
  description = "ID of the Databricks account."
  type        = string
}
