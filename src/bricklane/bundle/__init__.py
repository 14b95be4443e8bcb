"""The Databricks CLI as bricklane drives it: argument lists, one runner, typed results."""
