"""User-defined functions of Unity Catalog."""
