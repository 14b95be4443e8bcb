variable "subscription_id" {
  description = "ID of the Azure subscription."
  type        = string
}

variable "location" {
  description = "Azure region of the workspace."
  type        = string
  default     = "germanywestcentral"
}
