"""Databricks Apps."""
