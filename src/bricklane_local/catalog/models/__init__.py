"""Registered models of Unity Catalog, their versions and aliases."""
