"""Provisioning: Terraform driven, so that workspaces and identities come from code."""
