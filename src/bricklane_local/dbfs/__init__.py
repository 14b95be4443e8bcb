"""DBFS: the older file system of a workspace."""
