locals {
  newest_generation = var.client_secret.generation
  generations       = var.client_secret.overlap ? [local.newest_generation - 1, local.newest_generation] : [local.newest_generation]
  secrets = var.ci_authentication == "github-oidc" ? {} : {
    for pair in setproduct(keys(var.targets), local.generations) : "${pair[0]}/${pair[1]}" => { target = pair[0] }
  }

  # Null when there is no repository; the formats are then empty too.
  known_ids       = try(var.repository.owner_id, null) != null && try(var.repository.id, null) != null
  subject_formats = var.ci_authentication == "oauth-secret" ? [] : coalesce(try(var.repository.subject_formats, null), [local.known_ids ? "immutable" : "name"])
  repository_in_subject = var.repository == null ? {} : {
    name      = "${var.repository.owner}/${var.repository.name}"
    immutable = local.known_ids ? "${var.repository.owner}@${var.repository.owner_id}/${var.repository.name}@${var.repository.id}" : null
  }
  environments = { for name, target in var.targets : name => coalesce(target.github_environment, name) }
  federation_policies = {
    for pair in setproduct(keys(var.targets), local.subject_formats) : "${pair[0]}/${pair[1]}" => {
      target  = pair[0]
      format  = pair[1]
      subject = "repo:${local.repository_in_subject[pair[1]]}:environment:${local.environments[pair[0]]}"
    }
  }
}

resource "databricks_service_principal_secret" "this" {
  for_each = local.secrets

  api                  = "account"
  service_principal_id = databricks_service_principal.this[each.value.target].id
  lifetime             = "${var.client_secret.lifetime_days * 24 * 60 * 60}s"
}

# The subject names the environment, and only jobs that GitHub lets into it get a token with it: its
# reviewers and its branches protect the target.
resource "databricks_service_principal_federation_policy" "this" {
  for_each = local.federation_policies

  service_principal_id = databricks_service_principal.this[each.value.target].id
  policy_id            = "github-${replace(each.value.target, "_", "-")}-${each.value.format}"
  description          = "Jobs of ${var.repository.owner}/${var.repository.name} in the environment ${local.environments[each.value.target]}"

  oidc_policy = {
    issuer        = var.token_issuer.url
    audiences     = coalesce(var.token_issuer.audiences, [var.account_id])
    subject       = each.value.subject
    subject_claim = "sub"
    jwks_json     = var.token_issuer.jwks_json
  }
}
