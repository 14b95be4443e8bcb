"""The local cloud: Databricks-compatible workspaces on loopback, with Spark and Delta."""

__version__ = "0.1.0"
